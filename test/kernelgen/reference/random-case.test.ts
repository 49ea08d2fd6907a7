import { describe, expect, it } from "vitest";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { elementCount, forwardTensors } from "../../../packages/kernelgen/src/plan/tensors.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";

const sizes = { cell: "lstm", headDim: 64, heads: 2, batch: 4, steps: 16 };
const problem = defineProblem(sizes);
const inputs = randomInputs(problem, 1);

function moments(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

describe("randomInputs", () => {
  it("fills every input tensor and no output", () => {
    const expected = forwardTensors(problem).filter((tensor) => tensor.role === "input");
    expect(Object.keys(inputs)).toEqual(expected.map((tensor) => tensor.name));
    for (const tensor of expected) expect(inputs[tensor.name]).toHaveLength(elementCount(tensor));
  });

  it("gives the same numbers for the same seed, others for another", () => {
    expect(randomInputs(problem, 1)).toEqual(inputs);
    const other = randomInputs(problem, 2);
    for (const name of Object.keys(inputs)) expect(other[name]).not.toEqual(inputs[name]);
  });

  it("draws R with deviation 1/√D and the rest with deviation 1, around 0", () => {
    // The mean of n numbers strays by deviation/√n, their deviation by deviation/√(2n): five times that is a defect.
    for (const [name, values] of Object.entries(inputs)) {
      const expected = name === "recurrent" ? 1 / 8 : 1;
      const { mean, deviation } = moments(values);
      const stray = (5 * expected) / Math.sqrt(values.length);
      expect(Math.abs(mean), `mean of ${name}`).toBeLessThan(stray);
      expect(Math.abs(deviation - expected), `deviation of ${name}`).toBeLessThan(stray / Math.SQRT2);
    }
  });

  it("is normal: 68.3 % of numbers within one deviation, 95.4 % within two", () => {
    const within = (limit: number): number => inputs.wx!.filter((value) => Math.abs(value) < limit).length;
    expect(within(1) / inputs.wx!.length).toBeCloseTo(0.683, 2);
    expect(within(2) / inputs.wx!.length).toBeCloseTo(0.954, 2);
  });

  it.for(["bf16", "fp32"] as const)("has only numbers that %s tensors hold", (dataType) => {
    const drawn = randomInputs(defineProblem({ ...sizes, dataType }), 1);
    const float32 = new Float32Array(1);
    const bits = new Uint32Array(float32.buffer);
    for (const [name, values] of Object.entries(drawn)) {
      const lowBits = dataType === "bf16" && name !== "c_initial" ? 0xffff : 0;
      for (const value of values) {
        float32[0] = value;
        if (float32[0] !== value || (bits[0]! & lowBits) !== 0) expect.fail(`${name} holds ${value}`);
      }
    }
  });
});
