import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearCells } from "../../../../packages/kernelgen/src/cell/index.js";
import { isLinear } from "../../../../packages/kernelgen/src/cell/linear.js";
import { lstm } from "../../../../packages/kernelgen/src/cell/lstm.js";
import { defineProblem, type Problem } from "../../../../packages/kernelgen/src/plan/problem.js";
import { scanTensors } from "../../../../packages/kernelgen/src/plan/scan-tensors.js";
import { elementCount } from "../../../../packages/kernelgen/src/plan/tensors.js";
import { scanBackward } from "../../../../packages/kernelgen/src/reference/scan/backward.js";
import { scanForward } from "../../../../packages/kernelgen/src/reference/scan/forward.js";
import type { ScanValues } from "../../../../packages/kernelgen/src/reference/scan/gate-rows.js";
import type { ScanAlgorithm } from "../../../../packages/kernelgen/src/reference/scan/options.js";
import { errorOf } from "../../../../packages/kernelgen/src/reference/tolerances.js";
import { propertySeed } from "../../../support/property-seed.js";
import { leaky } from "../../own-cells.js";
import { plainScan } from "./plain-recurrences.js";

const names = [...linearCells.keys()];
/** Cells whose coefficients are positive, so that they have logarithms. */
const positiveNames = ["mingru", "minlstm"];

/** Numbers of a normal distribution, always the same for a seed. */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Inputs of a pass; decays of the bare recurrence lie between 0 and 1, so that no state grows without bound. */
function inputsOf(problem: Problem, seed: number, spread = 1): Record<string, Float64Array> {
  const next = normals(seed);
  const channels = problem.heads * problem.headDim;
  return Object.fromEntries(
    scanTensors(problem)
      .filter(({ role }) => role === "input")
      .map((tensor) => {
        const values = Float64Array.from({ length: elementCount(tensor) }, (_, index) => {
          const value = spread * next();
          const isDecay = problem.cell.name === "linear" && Math.floor(index / channels) % 2 === 0;
          if (tensor.name === "wx" && isDecay) return 1 / (1 + value * value);
          return tensor.name === "h_initial" ? Math.abs(value) : value;
        });
        return [tensor.name, values];
      }),
  );
}

function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual).toHaveLength(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = errorOf(actual[i]!, expected[i]!);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  return largest;
}

const singles = (values: ScanValues): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(values).map(([name, numbers]) => [name, Float32Array.from(numbers)]));
const doubles = (values: ScanValues): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(values).map(([name, numbers]) => [name, Float64Array.from(numbers)]));

const smallProblem = fc.record({
  cell: fc.constantFrom(...names),
  headDim: fc.integer({ min: 1, max: 5 }),
  heads: fc.integer({ min: 1, max: 2 }),
  batch: fc.integer({ min: 1, max: 3 }),
  steps: fc.integer({ min: 1, max: 40 }),
});

describe("scanForward", () => {
  it("is the equations of the paper, by every algorithm, from any state, to any length", () => {
    fc.assert(
      fc.property(
        smallProblem,
        fc.nat(),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (options, seed, chunkSteps, isShort) => {
          const problem = defineProblem({ ...options, dataType: "fp32" });
          const inputs = inputsOf(problem, seed);
          const next = normals(seed + 1);
          const lengths = isShort
            ? Array.from({ length: problem.batch }, () =>
                Math.min(problem.steps, Math.floor(Math.abs(next()) * problem.steps)),
              )
            : undefined;
          const expected = plainScan(problem, inputs, lengths);
          const algorithms: ScanAlgorithm[] = [
            "sequential",
            "scan",
            ...(positiveNames.includes(problem.cell.name) ? (["log-scan"] as const) : []),
          ];
          for (const algorithm of algorithms) {
            const actual = scanForward(problem, inputs, { algorithm, chunkSteps, ...(lengths && { lengths }) });
            for (const [name, values] of Object.entries(expected)) {
              expect(largestError(actual[name]!, values), `${algorithm} ${name}`).toBeLessThan(1e-12);
            }
          }
        },
      ),
      { seed: propertySeed, numRuns: 150 },
    );
  });

  it.for(["mingru", "minlstm_plain", "linear"])(
    "%s in float32 over 65536 steps, gates nearly open or shut: within 1e-5",
    (cell) => {
      const problem = defineProblem({ cell, headDim: 2, steps: 65_536, dataType: "fp32" });
      const inputs = singles(inputsOf(problem, 5, cell === "linear" ? 1 : 10));
      const expected = plainScan(problem, doubles(inputs)).h!;
      expect(largestError(scanForward(problem, inputs, { algorithm: "scan" }).h!, expected)).toBeLessThan(1e-5);
    },
  );

  it("is over 2^20 steps as accurate in the direct form as with logarithms: to the last bits of float32", () => {
    const problem = defineProblem({ cell: "mingru", headDim: 1, steps: 2 ** 20, dataType: "fp32" });
    const inputs = singles(inputsOf(problem, 9, 4));
    const expected = plainScan(problem, doubles(inputs)).h!;
    const direct = largestError(scanForward(problem, inputs, { algorithm: "scan" }).h!, expected);
    const logarithmic = largestError(scanForward(problem, inputs, { algorithm: "log-scan" }).h!, expected);
    expect(direct).toBeLessThan(1e-6);
    expect(logarithmic).toBeLessThan(1e-6);
  });

  it("keeps a state that a nearly closed gate lets go of by less than a float's last bit a step", () => {
    const problem = defineProblem({ cell: "mingru", headDim: 1, steps: 2 ** 16, dataType: "fp32" });
    const u = Math.fround(Math.log(1e-8));
    const wx = Float32Array.from({ length: 2 * problem.steps }, (_, index) => (index % 2 === 0 ? 1.5 : u));
    const z = 1 / (1 + Math.exp(-u));
    const expected = 2 + (1 - 2) * Math.exp(problem.steps * Math.log1p(-z));
    const { h_last } = scanForward(problem, { wx, h_initial: new Float32Array([1]) }, { algorithm: "scan" });
    expect(Math.abs(h_last![0]! - expected)).toBeLessThan(1e-6);
    // 1 − z is 1 in float32: the plain form would not move at all.
    expect(Math.fround(1 - z)).toBe(1);
    expect(h_last![0]).not.toBe(1);
  });

  it("keeps with logarithms what a gate nearly open leaves of a state, which the direct form rounds away, and zeros", () => {
    const open = defineProblem({ cell: "mingru", headDim: 1, steps: 2, dataType: "fp32" });
    // h' = σ(−50)·h + σ(50)·σ(−100): what is left of 1 is more than what is added.
    const inputs = { wx: new Float64Array([-100, 50, -100, -50]), h_initial: new Float64Array([1]) };
    const h = (algorithm: ScanAlgorithm): number => scanForward(open, inputs, { algorithm }).h![0]!;
    const exact = 1 / (1 + Math.exp(50));
    expect(Math.abs(h("log-scan") / exact - 1)).toBeLessThan(1e-12);
    expect(h("scan")).toBeLessThan(exact / 1e6);
    const bare = defineProblem({ cell: "linear", headDim: 1, steps: 3, dataType: "fp32" });
    const nothing = { wx: new Float64Array([0.5, 0, 0, 0, 0.5, 2]), h_initial: new Float64Array(1) };
    expect([...scanForward(bare, nothing, { algorithm: "log-scan" }).h!]).toEqual([0, 0, 2]);
  });

  it.for([
    [
      "another cell",
      { ...defineProblem({ cell: "lstm", headDim: 1 }), cell: lstm },
      {},
      "lstm is no linear recurrence: its gates look at the state before",
    ],
    [
      "a missing tensor",
      defineProblem({ cell: "mingru", headDim: 2, steps: 3 }),
      {},
      "tensor wx [1,3,2,1,2]: got no values, needs 12",
    ],
  ] as const)("refuses %s", ([, problem, inputs, message]) => {
    expect(() => scanForward(problem, inputs)).toThrow(expect.objectContaining({ code: "invalid-problem", message }));
  });

  it("refuses a length beyond the steps, a chunk of none, and an algorithm that there is not", () => {
    const problem = defineProblem({ cell: "mingru", headDim: 1, steps: 3, dataType: "fp32" });
    const inputs = inputsOf(problem, 1);
    expect(() => scanForward(problem, inputs, { lengths: [4] })).toThrow(
      "length: 4 is not an integer from 0 to 3 steps",
    );
    const algorithm = "parallel" as ScanAlgorithm;
    expect(() => scanForward(problem, inputs, { algorithm })).toThrow(
      'algorithm: "parallel" is not one of sequential, scan, log-scan',
    );
    expect(() => scanForward(problem, inputs, { chunkSteps: 0 })).toThrow(
      "steps of a chunk: 0 is not an integer from 1",
    );
    expect(() => scanForward(problem, inputs, { lengths: [1, 2] })).toThrow(
      "lengths: got 2, needs one for each of 1 sequences",
    );
  });

  it("refuses logarithms of what has none", () => {
    const negative = { wx: new Float64Array(6).fill(-1), h_initial: new Float64Array(1) };
    const run = (cell: string, inputs: ScanValues): unknown =>
      scanForward(defineProblem({ cell, headDim: 1, steps: 3 }), inputs, { algorithm: "log-scan" });
    expect(() => run("mingru_plain", negative)).toThrow("log-scan: step 0 of sequence 0 has a or b below 0 or NaN");
    expect(() => run("mingru", { ...negative, h_initial: new Float64Array([-0.5]) })).toThrow(
      "log-scan: the initial state of sequence 0 has -0.5, which has no logarithm",
    );
    expect(() => run("mingru", negative)).not.toThrow();
  });
});

describe("scanBackward", () => {
  /** Σ d_h·h + Σ d_h_last·h_last. */
  function loss(problem: Problem, inputs: ScanValues, lengths: readonly number[] | undefined): number {
    const { h, h_last } = scanForward(problem, inputs, { ...(lengths && { lengths }) });
    const sum = (weights: ArrayLike<number>, values: ArrayLike<number>): number =>
      Array.from(values).reduce((total, value, i) => total + value * weights[i]!, 0);
    return sum(inputs.d_h!, h!) + sum(inputs.d_h_last!, h_last!);
  }

  it("gives the differences of the forward pass, by every algorithm, for every cell and a user's", () => {
    fc.assert(
      fc.property(
        smallProblem,
        fc.nat(),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        fc.boolean(),
        (options, seed, chunkSteps, isShort, isOwn) => {
          const known = defineProblem({
            ...options,
            steps: Math.min(options.steps, 9),
            dataType: "fp32",
            pass: "backward",
          });
          const problem = isOwn ? { ...known, cell: leaky } : known;
          const given = inputsOf(problem, seed);
          const lengths = isShort
            ? Array.from({ length: problem.batch }, (_, b) => (seed + b) % (problem.steps + 1))
            : undefined;
          const options_ = { chunkSteps, ...(lengths && { lengths }) };
          const inputs = { ...given, h: scanForward(problem, given, options_).h! };
          const bySteps = scanBackward(problem, inputs, { ...options_, algorithm: "sequential" });
          const byChunks = scanBackward(problem, inputs, { ...options_, algorithm: "scan" });
          for (const name of ["wx", "h_initial"]) {
            expect(largestError(byChunks[`d_${name}`]!, bySteps[`d_${name}`]!), name).toBeLessThan(1e-12);
            for (let index = 0; index < given[name]!.length; index += 3) {
              // The candidate's activation has a kink at 0.
              if (Math.abs(given[name]![index]!) < 1e-4) continue;
              const [more, less] = [1e-5, -1e-5].map((step) => {
                const values = Float64Array.from(given[name]!);
                values[index]! += step;
                return loss(problem, { ...given, [name]: values }, lengths);
              });
              const difference = (more! - less!) / 2e-5;
              expect(
                errorOf(bySteps[`d_${name}`]![index]!, difference),
                `${problem.cell.name} ${name}[${index}]`,
              ).toBeLessThan(1e-6);
            }
          }
        },
      ),
      { seed: propertySeed, numRuns: 30 },
    );
  });

  it("has no logarithmic form", () => {
    const problem = defineProblem({ cell: "mingru", headDim: 1, steps: 2, dataType: "fp32", pass: "backward" });
    expect(() => scanBackward(problem, inputsOf(problem, 1), { algorithm: "log-scan" })).toThrow(
      "gradients have either sign",
    );
  });
});

describe("linearCell", () => {
  it("marks its cells, and no others", () => {
    expect([...linearCells.values(), leaky].every(isLinear)).toBe(true);
    expect(isLinear(lstm)).toBe(false);
  });
});
