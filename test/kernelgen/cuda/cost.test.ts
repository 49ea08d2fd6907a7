import { findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { findCell } from "../../../packages/kernelgen/src/cell/index.js";
import { accessScale, pointwiseScale } from "../../../packages/kernelgen/src/cuda/cost.js";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";

const scales = (name: string, savedCount = 0): [number, number] => [
  pointwiseScale(findCell(name)),
  accessScale(findCell(name), savedCount),
];

describe("the cost of a cell's step", () => {
  it("is counted in an LSTM's, on which the constants were fitted", () => {
    expect(scales("lstm")).toEqual([1, 1]);
    // An LSTM: σ σ σ tanh tanh, two products and a sum, o·tanh(c); four inputs, two states.
    expect(scales("elman")).toEqual([1 / 9, 2 / 6]);
    expect(scales("cifg")).toEqual([9 / 9, 5 / 6]);
    expect(scales("gru", 4)).toEqual([9 / 9, 8 / 6]);
    expect(scales("slstm")[1]).toBe(8 / 6);
  });

  it("is larger for a cell that does more, and where values are saved", () => {
    const device = findDevice("h200");
    const predicted = (cell: string, training = false): number =>
      solvePlan(defineProblem({ cell, headDim: 64, heads: 12, batch: 16, training }), device, familiesFor(device)).plan
        .predictedMicrosecondsPerStep;
    const [elman, lstm, slstm] = ["elman", "lstm", "slstm"].map((cell) => predicted(cell));
    expect(elman!).toBeLessThan(lstm!);
    expect(lstm!).toBeLessThan(slstm!);
    expect(predicted("lstm", true)).toBeGreaterThan(lstm!);
    expect(predicted("elman", true)).toBe(elman);
  });
});
