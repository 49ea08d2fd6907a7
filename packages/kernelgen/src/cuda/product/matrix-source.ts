import type { Problem } from "../../plan/problem.js";
import { biasGateSource } from "../gate-source.js";

/**
 * C++ of `struct Matrix`, the matrix of the recurrent product as the product loads it: `load_word` (what a word of a matrix
 * instruction's operand holds: two inner indices of a 16-bit type, or one in tf32) or `element` (where one element lies), and `bias_of`, what a sum starts from.
 */
export function matrixSource(problem: Problem): string {
  const words = problem.tf32 ? tf32Words : problem.dataType === "fp32" ? "" : pairs[problem.pass];
  return problem.pass === "forward" ? forwardMatrix(problem, words) : backwardMatrix(words);
}

/** An element of a row or column in tf32, zero outside it. */
const tf32Words = `

  /** One element, rounded, zero outside the matrix. */
  KERNELGEN_DEVICE uint32_t load_word(int sum, int unit, int inner, bool valid) const {
    return valid && inner < INNER_DIM ? float_to_tf32(load_streaming(element(sum, unit, inner))) : 0;
  }`;

/** Two elements of a 16-bit type: of a row, which lie together, or of a column. */
const pairs = {
  forward: `

  /** Two adjacent elements of a row, zero outside it. */
  KERNELGEN_DEVICE uint32_t load_word(int gate, int unit, int inner, bool valid) const {
    if (!valid || inner >= INNER_DIM) return 0;
    const Element* address = element(gate, unit, inner);
    if (INNER_DIM % 2 == 0) return load_streaming(reinterpret_cast<const uint32_t*>(address));
    const uint32_t high = inner + 1 < INNER_DIM ? load_streaming(address + 1) : 0;
    return load_streaming(address) | high << 16;
  }`,
  backward: `

  /** Two adjacent elements of a column, zero outside it. */
  KERNELGEN_DEVICE uint32_t load_word(int sum, int unit, int inner, bool valid) const {
    const uint32_t low = valid && inner < INNER_DIM ? load_streaming(element(sum, unit, inner)) : 0;
    const uint32_t high = valid && inner + 1 < INNER_DIM ? load_streaming(element(sum, unit, inner + 1)) : 0;
    return low | high << 16;
  }`,
} as const;

const forwardMatrix = ({ cell }: Problem, words: string): string => `${biasGateSource(cell)}
/** R of a head: sum g of a unit is the row of gate g and that unit, its inner indices the units of h. */
struct Matrix {
  const Element* recurrent;
  const Element* bias;
  int head;

  KERNELGEN_DEVICE const Element* element(int gate, int unit, int inner) const {
    return recurrent + (static_cast<int64_t>(gate * HEAD_COUNT + head) * HEAD_DIM + unit) * HEAD_DIM + inner;
  }
  KERNELGEN_DEVICE float bias_of(int gate, int unit) const {
    return bias_gate(gate) >= 0 ? to_float(bias[(bias_gate(gate) * HEAD_COUNT + head) * HEAD_DIM + unit]) : 0.0f;
  }${words}
};
`;

const backwardMatrix = (words: string): string => `
/** R of a head, transposed: the sum of a unit is the column of that unit in all gates; inner index j is gate j mod G of unit j / G. */
struct Matrix {
  const Element* recurrent;
  int head;

  KERNELGEN_DEVICE const Element* element(int /* sum */, int unit, int inner) const {
    const int gate = inner % RECURRENT_GATE_COUNT;
    const int row = inner / RECURRENT_GATE_COUNT;
    return recurrent + (static_cast<int64_t>(gate * HEAD_COUNT + head) * HEAD_DIM + row) * HEAD_DIM + unit;
  }
  KERNELGEN_DEVICE static float bias_of(int /* sum */, int /* unit */) { return 0.0f; }${words}
};
`;
