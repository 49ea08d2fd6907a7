import type { OnnxOperator, OnnxTensor } from "../../../../packages/kernelgen/src/wgsl/weights/onnx.js";
import type { OnnxInputs } from "../../../../packages/kernelgen/src/wgsl/weights/onnx-recurrent.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The numbers of a tensor with a function for their place. */
const at = ({ shape, values }: OnnxTensor, ...indices: readonly number[]): number =>
  values[indices.reduce((place, index, dimension) => place * shape[dimension]! + index, 0)]!;

/**
 * The operators LSTM, GRU and RNN in float64, written from the equations of the ONNX specification, gate by gate; sequences in layout 0.
 * Returns Y [T,directions,B,H], and Y_h and Y_c [directions,B,H].
 */
export function plainOnnx(
  { opType, W, R, B, P, attributes = {} }: OnnxOperator,
  { X, initial_h, initial_c, sequence_lens }: OnnxInputs,
): { readonly Y: number[]; readonly Y_h: number[]; readonly Y_c: number[] } {
  const [T, batch, I] = X.shape as [number, number, number];
  const H = R.shape.at(-1)!;
  const directions = W.shape[0]!;
  const gates = W.shape[1]! / H;
  const { clip } = attributes;
  const bounded = (x: number): number => (clip ? Math.min(Math.max(x, -clip), clip) : x);
  const Y = new Array<number>(T * directions * batch * H).fill(0);
  const [Y_h, Y_c]: [number[], number[]] = [[], []];
  for (let direction = 0; direction < directions; direction++) {
    const backwards = attributes.direction === "reverse" || direction === 1;
    for (let b = 0; b < batch; b++) {
      let h = Array.from({ length: H }, (_, j) => (initial_h ? at(initial_h, direction, b, j) : 0));
      let c = Array.from({ length: H }, (_, j) => (initial_c ? at(initial_c, direction, b, j) : 0));
      const length = sequence_lens?.[b] ?? T;
      for (let step = 0; step < length; step++) {
        const t = backwards ? length - 1 - step : step;
        /** X·W of a gate's unit, with W's bias. */
        const wx = (gate: number, j: number): number => {
          let sum = B ? at(B, direction, gate * H + j) : 0;
          for (let i = 0; i < I; i++) sum += at(X, t, b, i) * at(W, direction, gate * H + j, i);
          return sum;
        };
        /** state·R of a gate's unit, with R's bias. */
        const rh = (gate: number, j: number, state: readonly number[]): number => {
          let sum = B ? at(B, direction, (gates + gate) * H + j) : 0;
          for (let k = 0; k < H; k++) sum += state[k]! * at(R, direction, gate * H + j, k);
          return sum;
        };
        const units = Array.from({ length: H }, (_, j) => j);
        if (opType === "RNN") {
          h = units.map((j) => Math.tanh(bounded(wx(0, j) + rh(0, j, h))));
        } else if (opType === "LSTM") {
          const gate = (g: number, j: number): number => wx(g, j) + rh(g, j, h);
          /** A peephole: 0 of the gate i, 1 of o, 2 of f. */
          const peephole = (g: number, j: number, state: number): number =>
            P ? at(P, direction, g * H + j) * state : 0;
          const next = units.map((j) => {
            const i = sigmoid(bounded(gate(0, j) + peephole(0, j, c[j]!)));
            const f = attributes.input_forget ? 1 - i : sigmoid(bounded(gate(2, j) + peephole(2, j, c[j]!)));
            return f * c[j]! + i * Math.tanh(bounded(gate(3, j)));
          });
          h = units.map((j) => sigmoid(bounded(gate(1, j) + peephole(1, j, next[j]!))) * Math.tanh(next[j]!));
          c = next;
        } else {
          const z = units.map((j) => sigmoid(bounded(wx(0, j) + rh(0, j, h))));
          const r = units.map((j) => sigmoid(bounded(wx(1, j) + rh(1, j, h))));
          const reset = units.map((j) => r[j]! * h[j]!);
          const candidate = units.map((j) =>
            Math.tanh(bounded(wx(2, j) + (attributes.linear_before_reset ? r[j]! * rh(2, j, h) : rh(2, j, reset)))),
          );
          h = units.map((j) => (1 - z[j]!) * candidate[j]! + z[j]! * h[j]!);
        }
        h.forEach((value, j) => {
          Y[((t * directions + direction) * batch + b) * H + j] = value;
        });
      }
      Y_h.push(...h);
      Y_c.push(...c);
    }
  }
  return { Y, Y_h, Y_c };
}
