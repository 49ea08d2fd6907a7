import { describe, expect, it } from "vitest";
import type { CellDefinition } from "../../../packages/kernelgen/src/cell/definition.js";
import { linearCell } from "../../../packages/kernelgen/src/cell/linear.js";
import { lstm } from "../../../packages/kernelgen/src/cell/lstm.js";
import {
  defineProblem,
  type ProblemOptions,
  problemDefaults,
  problemLimits,
} from "../../../packages/kernelgen/src/plan/problem.js";
import { problemText } from "../../../packages/kernelgen/src/plan/problem-text.js";

const sizes = [
  ["headDim", "head dimension"],
  ["heads", "number of heads"],
  ["batch", "batch"],
  ["steps", "number of steps"],
] as const;

const refused = [0, -5, 1.5, 1e99, Number.NaN, Infinity, -Infinity, 2 ** 53];

describe("defineProblem", () => {
  it("completes what is left out", () => {
    expect(defineProblem({ cell: "lstm", headDim: 64 })).toEqual({ cell: lstm, headDim: 64, ...problemDefaults });
  });

  it("takes what is given, and treats undefined as left out", () => {
    const given = { headDim: 7, heads: 2, batch: 3, steps: 5, dataType: "fp32", stateOutput: "last" };
    expect(defineProblem({ cell: "LSTM", ...given })).toEqual({
      pass: "forward",
      cell: lstm,
      training: false,
      tf32: false,
      ...given,
    });
    expect(defineProblem({ cell: "lstm", headDim: 7, training: true }).training).toBe(true);
    const undefinedHeads = { cell: "lstm", headDim: 64, heads: undefined } as unknown as ProblemOptions;
    expect(defineProblem(undefinedHeads).heads).toBe(problemDefaults.heads);
  });

  it("is frozen", () => {
    expect(Object.isFrozen(defineProblem({ cell: "lstm", headDim: 64 }))).toBe(true);
  });

  describe.for(sizes)("%s", ([option, what]) => {
    const limit = problemLimits[option];
    const define = (value: unknown) => () =>
      defineProblem({ cell: "lstm", headDim: 64, [option]: value } as ProblemOptions);

    it("may be 1 and its limit", () => {
      expect(define(1)()[option]).toBe(1);
      expect(define(limit)()[option]).toBe(limit);
    });

    it.for([...refused, limit + 1, "64", null])("is refused as %o, with the value and the limit", (value) => {
      expect(define(value)).toThrow(
        expect.objectContaining({
          name: "KernelgenError",
          code: "invalid-problem",
          message: `${what}: ${value} is not an integer from 1 to ${limit}`,
        }),
      );
    });
  });

  it.for([
    ["dataType", "fp64", 'data type: "fp64" is not one of bf16, fp16, fp32'],
    ["dataType", "", 'data type: "" is not one of bf16, fp16, fp32'],
    ["stateOutput", "first", 'state output: "first" is not one of sequence, last'],
  ] as const)("refuses %s %o", ([option, value, message]) => {
    expect(() => defineProblem({ cell: "lstm", headDim: 64, [option]: value })).toThrow(
      expect.objectContaining({ code: "invalid-problem", message }),
    );
  });

  it("refuses to train from the last states alone", () => {
    const options = { cell: "lstm", headDim: 64, training: true, stateOutput: "last" };
    expect(() => defineProblem(options)).toThrow(
      expect.objectContaining({ code: "invalid-problem", message: expect.stringMatching(/^state output: "last"/) }),
    );
  });

  it("refuses a cell that it does not know", () => {
    expect(() => defineProblem({ cell: "transformer", headDim: 64 })).toThrow(
      expect.objectContaining({ code: "unknown-cell", message: expect.stringContaining('"transformer"') }),
    );
  });

  it("takes a cell of one's own, whose names can go into source", () => {
    const own = linearCell({
      name: "decaying",
      description: "a bare decay",
      gates: ["rate"],
      state: "h",
      coefficients: (u) => ({ decay: u.rate!, update: u.rate! }),
    });
    expect(defineProblem({ cell: own, headDim: 3 }).cell).toBe(own);
    const named = (changes: Partial<CellDefinition>): unknown =>
      defineProblem({ cell: { ...own, ...changes }, headDim: 3 });
    const refused = (what: string): unknown =>
      expect.objectContaining({ code: "invalid-name", message: expect.stringContaining(what) });
    expect(() => named({ name: "a;b" })).toThrow(refused('cell name "a;b"'));
    expect(() => named({ states: [{ name: "h h" }] })).toThrow(refused('state of decaying "h h"'));
    expect(() => named({ gates: [{ ...own.gates[0]!, name: "" }] })).toThrow(refused('gate of decaying ""'));
  });
});

describe("problemText", () => {
  it("has every number", () => {
    expect(problemText(defineProblem({ cell: "lstm", headDim: 48, heads: 5, batch: 3, steps: 7 }))).toBe(
      "lstm forward, heads 48x5, batch 3, 7 steps, bf16, states: sequence",
    );
    expect(problemText(defineProblem({ cell: "gru", headDim: 8, training: true }))).toBe(
      "gru forward, heads 8x1, batch 1, 1024 steps, bf16, states: sequence, training",
    );
  });
});
