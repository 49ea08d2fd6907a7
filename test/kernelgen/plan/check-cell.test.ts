import { describe, expect, it } from "vitest";
import type { CellDefinition } from "../../../packages/kernelgen/src/cell/definition.js";
import { linearCell } from "../../../packages/kernelgen/src/cell/linear.js";
import { lstm } from "../../../packages/kernelgen/src/cell/lstm.js";
import { add, constant, input, labelled, multiply, tanh } from "../../../packages/kernelgen/src/cell/scalar.js";
import { checkCell } from "../../../packages/kernelgen/src/plan/check-cell.js";
import { leaky, selective } from "../own-cells.js";

const gate = { name: "x", recurrent: false, bias: false };
const bounded: CellDefinition = {
  name: "bounded",
  description: "no linear recurrence: h' = tanh(h + x)",
  gates: [gate],
  states: [{ name: "h" }],
  step: (u, previous) => ({ h: tanh(add(u.x!, previous.h!)) }),
};
const linear = linearCell({
  name: "sum",
  description: "a sum",
  gates: ["x"],
  state: "h",
  coefficients: (u) => ({ decay: constant(1), update: u.x! }),
});

describe("checkCell", () => {
  it("gives the cell that it finds nothing wrong with", () => {
    for (const cell of [lstm, leaky, selective, bounded, linear]) expect(checkCell(cell)).toBe(cell);
  });

  it.for<[what: string, cell: unknown, code: string, message: string]>([
    ["what is no cell", 3, "invalid-problem", "cell: neither the name of a cell nor a definition"],
    ["nothing", null, "invalid-problem", "cell: neither the name of a cell nor a definition"],
    ["no gate", { ...linear, gates: [] }, "invalid-problem", "sum: has no gate"],
    ["gates of one name", { ...bounded, gates: [gate, gate] }, "invalid-problem", "bounded: has two gates called x"],
    [
      "states of one name",
      { ...bounded, states: [{ name: "h" }, { name: "h" }] },
      "invalid-problem",
      "bounded: has two states called h",
    ],
    [
      "a label that no source can have",
      { ...bounded, step: () => ({ h: labelled("1; }", tanh(constant(1))) }) },
      "invalid-name",
      'label in bounded "1; }"',
    ],
    [
      "a constant that is no number",
      { ...bounded, step: () => ({ h: constant(Number.NaN) }) },
      "invalid-problem",
      "bounded: the step has the constant NaN, which is no finite number",
    ],
    [
      "a graph that reads what there is not",
      { ...bounded, step: () => ({ h: input("y") }) },
      "invalid-problem",
      "bounded: the step reads y, and may read u_x, h_previous",
    ],
    [
      "coefficients that read the state",
      linearCell({
        ...{ name: "square", description: "", gates: ["x"], state: "h" },
        coefficients: (u) => ({ decay: multiply(u.x!, input("h_previous")), update: u.x! }),
      }),
      "invalid-problem",
      "square: the decay reads h_previous, and may read u_x",
    ],
    [
      "a mark on a recurrent product",
      { ...linear, gates: [{ name: "x" }] },
      "invalid-problem",
      "sum: a linear recurrence has one state, and gates without recurrent product",
    ],
  ])("refuses %s", ([, cell, code, message]) => {
    expect(() => checkCell(cell as CellDefinition)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
