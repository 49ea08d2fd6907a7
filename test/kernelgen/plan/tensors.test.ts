import { describe, expect, it } from "vitest";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { elementCount, forwardTensors, tensorBytes } from "../../../packages/kernelgen/src/plan/tensors.js";

const sizes = { cell: "lstm", headDim: 5, heads: 3, batch: 2, steps: 7 };
/** Name, role, dimensions, shape, type and bytes of each tensor. */
const described = (options: { cell?: string; dataType: string; stateOutput: string }): unknown[] =>
  forwardTensors(defineProblem({ ...sizes, ...options })).map((tensor) => [
    tensor.name,
    tensor.role,
    tensor.dimensions,
    tensor.shape,
    tensor.type,
    tensorBytes(tensor),
  ]);

describe("forwardTensors", () => {
  it("of an LSTM in bf16, all states kept", () => {
    expect(described({ dataType: "bf16", stateOutput: "sequence" })).toEqual([
      ["wx", "input", "B,T,G,N,D", [2, 7, 4, 3, 5], "bf16", 1680],
      ["recurrent", "input", "G,N,D,D", [4, 3, 5, 5], "bf16", 600],
      ["bias", "input", "G,N,D", [4, 3, 5], "bf16", 120],
      ["h_initial", "input", "B,1,N,D", [2, 1, 3, 5], "bf16", 60],
      ["c_initial", "input", "B,1,N,D", [2, 1, 3, 5], "fp32", 120],
      ["h", "output", "B,T,N,D", [2, 7, 3, 5], "bf16", 420],
      ["c", "output", "B,T,N,D", [2, 7, 3, 5], "fp32", 840],
    ]);
  });

  it("of an LSTM in fp32, the last c kept", () => {
    const tensors = described({ dataType: "fp32", stateOutput: "last" });
    expect(tensors.slice(0, 3).map((tensor) => (tensor as unknown[])[5])).toEqual([3360, 1200, 240]);
    expect(tensors.slice(-2)).toEqual([
      ["h", "output", "B,T,N,D", [2, 7, 3, 5], "fp32", 840],
      ["c", "output", "B,1,N,D", [2, 1, 3, 5], "fp32", 120],
    ]);
  });

  it("of a GRU: three gates in wx and R, four in the bias, one state", () => {
    const tensors = described({ cell: "gru", dataType: "fp32", stateOutput: "sequence" });
    expect(tensors.map((tensor) => (tensor as unknown[]).filter((_, index) => [0, 3].includes(index)))).toEqual([
      ["wx", [2, 7, 3, 3, 5]],
      ["recurrent", [3, 3, 5, 5]],
      ["bias", [4, 3, 5]],
      ["h_initial", [2, 1, 3, 5]],
      ["h", [2, 7, 3, 5]],
    ]);
  });

  it("of an sLSTM: only the normaliser is never negative", () => {
    const tensors = forwardTensors(defineProblem({ ...sizes, cell: "slstm" }));
    expect(tensors.filter(({ isNonNegative }) => isNonNegative).map(({ name }) => name)).toEqual(["n_initial", "n"]);
    expect(tensors.filter(({ type }) => type === "fp32").map(({ name }) => name)).toEqual([
      "c_initial",
      "n_initial",
      "m_initial",
      "c",
      "n",
      "m",
    ]);
  });

  it("of a GRU in training: what its backward pass reads, in the data type", () => {
    const problem = defineProblem({ ...sizes, cell: "gru", training: true });
    expect(
      forwardTensors(problem)
        .filter(({ name }) => name.startsWith("saved_"))
        .map(({ name, role, shape, type }) => [name, role, shape, type])
        .toSorted(),
    ).toEqual(["saved_n", "saved_r", "saved_u_g", "saved_z"].map((name) => [name, "output", [2, 7, 3, 5], "bf16"]));
  });

  it("has as many dimensions as letters, and their product of elements", () => {
    for (const tensor of forwardTensors(defineProblem({ ...sizes, dataType: "bf16" }))) {
      expect(tensor.dimensions.split(",")).toHaveLength(tensor.shape.length);
      let count = 1;
      for (const extent of tensor.shape) count *= extent;
      expect(elementCount(tensor)).toBe(count);
    }
  });
});
