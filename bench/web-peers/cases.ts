/** A layer that every runtime is asked to run: one direction, one head, inputs as wide as the layer, everything in fp32. */
export interface Case {
  readonly name: string;
  readonly cell: "lstm" | "gru";
  readonly steps: number;
  readonly hidden: number;
  readonly batch: number;
}

const sizes = [
  { steps: 128, hidden: 256, batch: 1 },
  { steps: 128, hidden: 256, batch: 8 },
  { steps: 1024, hidden: 256, batch: 1 },
  { steps: 128, hidden: 1024, batch: 1 },
];

export const cases: readonly Case[] = (["lstm", "gru"] as const).flatMap((cell) =>
  sizes.map((size) => ({ ...size, cell, name: `${cell} T${size.steps} H${size.hidden} B${size.batch}` })),
);

/** What a runtime is given: weights in the gate order of PyTorch (LSTM i, f, g, o; GRU r, z, n), and an input. */
export interface CaseValues {
  /** [G·H,H] */
  readonly inputWeights: Float32Array<ArrayBuffer>;
  /** [G·H,H] */
  readonly recurrentWeights: Float32Array<ArrayBuffer>;
  /** [G·H], of the input's products. */
  readonly inputBias: Float32Array<ArrayBuffer>;
  /** [G·H], of the recurrent products. */
  readonly recurrentBias: Float32Array<ArrayBuffer>;
  /** [B,T,H] */
  readonly input: Float32Array<ArrayBuffer>;
}

export const gateCount = { lstm: 4, gru: 3 } as const;

/** Fresh values, uniform: weights in ±1/√H as PyTorch draws them, inputs in ±1. */
export function randomValues({ cell, steps, hidden, batch }: Case): CaseValues {
  const rows = gateCount[cell] * hidden;
  const uniform = (count: number, scale: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count }, () => scale * (2 * Math.random() - 1));
  const scale = 1 / Math.sqrt(hidden);
  return {
    inputWeights: uniform(rows * hidden, scale),
    recurrentWeights: uniform(rows * hidden, scale),
    inputBias: uniform(rows, scale),
    recurrentBias: uniform(rows, scale),
    input: uniform(batch * steps * hidden, 1),
  };
}
