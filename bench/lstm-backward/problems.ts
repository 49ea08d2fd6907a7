import type { ProblemOptions } from "kernelgen";

/** What the benchmark runs, forward in training and backward: a name for its folders, and the problem. */
export interface BenchProblem {
  readonly name: string;
  readonly options: ProblemOptions & { readonly cell: string };
  /** What forward and backward together are to take on an H200, in microseconds a step. */
  readonly goal?: number;
  /** Small enough to run under compute-sanitizer; run there and not timed. */
  readonly sanitized?: string;
}

const sizes = { batch: 16, steps: 1024 } as const;
const heads = (headDim: number, count: number, dataType: string, cell = "lstm", goal?: number): BenchProblem => ({
  ...(goal !== undefined && { goal }),
  name: `${cell}-${headDim}x${count}-${dataType}`,
  options: { ...sizes, cell, headDim, heads: count, dataType },
});
/** A head that no tile divides, for one family. */
const odd = (family: string, dataType: string, cell = "lstm"): BenchProblem => ({
  name: `${cell}-50x3-${dataType}-${family}`,
  options: { cell, headDim: 50, heads: 3, batch: 7, steps: 1024, dataType },
  sanitized: family,
});

export const benchProblems: readonly BenchProblem[] = [
  heads(64, 12, "bf16", "lstm", 1.1),
  heads(256, 3, "bf16", "lstm", 3),
  heads(768, 1, "bf16", "lstm", 4),
  heads(1024, 1, "bf16", "lstm", 4.5),
  heads(2048, 1, "bf16", "lstm", 9),
  heads(64, 12, "fp16"),
  heads(768, 1, "fp16"),
  heads(64, 12, "fp32"),
  heads(768, 1, "fp32"),
  ...["gru", "slstm", "elman"].flatMap((cell) => [heads(64, 12, "bf16", cell), heads(768, 1, "bf16", cell)]),
  odd("resident", "bf16"),
  odd("cluster", "bf16"),
  odd("grid", "bf16"),
  odd("grid", "fp32", "slstm"),
  odd("direct", "fp16", "gru"),
];
