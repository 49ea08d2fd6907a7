import { findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { stepGraph } from "../../../packages/kernelgen/src/cell/definition.js";
import { findCell } from "../../../packages/kernelgen/src/cell/index.js";
import { pointwiseScale } from "../../../packages/kernelgen/src/cuda/cost.js";
import { stepTraffic } from "../../../packages/kernelgen/src/cuda/step-traffic.js";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";

describe("the cost of a cell's step", () => {
  it("is counted in an LSTM's, on which the constants were fitted", () => {
    expect(pointwiseScale(stepGraph(findCell("lstm")))).toEqual({ issue: 1, latency: 1 });
    // An LSTM: σ σ σ tanh tanh, two products and a sum, o·tanh(c): 3·3 + 2 + 4 instructions; σ, product, sum, tanh, product are its chain.
    const ofLstm = { instructions: 15, latency: 40 + 4 + 4 + 32 + 4 };
    const scale = (instructions: number, latency: number) => ({
      issue: instructions / ofLstm.instructions,
      latency: latency / ofLstm.latency,
    });
    expect(pointwiseScale(stepGraph(findCell("elman")))).toEqual(scale(1, 32));
    // σ σ tanh, r·u_g and a sum, z·h, 1 − z, its product with n, and a sum: σ, product, sum, tanh, product, sum.
    expect(pointwiseScale(stepGraph(findCell("gru")))).toEqual(scale(2 * 3 + 1 + 6, 40 + 4 + 4 + 32 + 4 + 4));
    expect(pointwiseScale(stepGraph(findCell("slstm"))).latency).toBeGreaterThan(1);
    const backward = stepTraffic(defineProblem({ cell: "lstm", headDim: 64, pass: "backward" }));
    expect(pointwiseScale(backward.roots).issue).toBeGreaterThan(1);
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
