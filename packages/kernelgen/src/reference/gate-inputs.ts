import { gatePlaces, gatesWith } from "../cell/definition.js";
import type { Problem } from "../plan/problem.js";

/** Where the parts of a gate's pre-activation lie in `wx`, `bias` and `recurrent` for one unit; undefined where the gate has no such part. */
export interface GatePart {
  /** The element of `wx` in a step. */
  input(b: number, t: number, n: number, d: number): number | undefined;
  /** The element of `bias`. */
  bias(n: number, d: number): number | undefined;
  /** The first element of the unit's row of `recurrent`. */
  row(n: number, d: number): number | undefined;
}

/** The parts of each gate's pre-activation, in the order of `cell.gates`. */
export function gateParts({ cell, headDim: D, heads: N, steps: T }: Problem): readonly GatePart[] {
  const inputGateCount = gatesWith(cell, "input").length;
  return gatePlaces(cell).map(({ input, bias, recurrent }) => ({
    input: (b, t, n, d) => (input === undefined ? undefined : (((b * T + t) * inputGateCount + input) * N + n) * D + d),
    bias: (n, d) => (bias === undefined ? undefined : (bias * N + n) * D + d),
    row: (n, d) => (recurrent === undefined ? undefined : ((recurrent * N + n) * D + d) * D),
  }));
}

/** u of one gate and unit: wx + bias + R·h, of what the gate has. */
export function preActivation(
  part: GatePart,
  { wx, bias, recurrent }: Readonly<Record<"wx" | "bias" | "recurrent", Float64Array>>,
  [b, t, n, d]: readonly [b: number, t: number, n: number, d: number],
  h: Float64Array,
): number {
  const [inputIndex, biasIndex, row] = [part.input(b, t, n, d), part.bias(n, d), part.row(n, d)];
  let sum = 0;
  if (inputIndex !== undefined) sum += wx[inputIndex]!;
  if (biasIndex !== undefined) sum += bias[biasIndex]!;
  if (row !== undefined) for (let k = 0; k < h.length; k++) sum += recurrent[row + k]! * h[k]!;
  return sum;
}
