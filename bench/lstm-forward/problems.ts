import type { Pins, ProblemOptions } from "kernelgen";

/** A kernel of the benchmark: of the family that is predicted to be the fastest, unless one is named. */
export interface BenchProblem {
  readonly name: string;
  readonly options: ProblemOptions;
  readonly family?: string;
  readonly pins?: Pins;
}

/** What the benchmark runs: a name for its folder, and the problem. Batch 16 and 1024 steps as in the peers' tables, and an odd one. */
export const benchProblems: readonly BenchProblem[] = [
  ...[
    [64, 12],
    [128, 6],
    [256, 3],
    [512, 1],
    [768, 1],
    [1024, 1],
    [2048, 1],
    [2560, 1],
  ].flatMap(([headDim, heads]) =>
    ["bf16", "fp32"].map((dataType) => ({
      name: `${headDim}x${heads}-${dataType}`,
      options: { cell: "lstm", headDim: headDim!, heads: heads!, batch: 16, steps: 1024, dataType },
    })),
  ),
  ...["bf16", "fp32"].map((dataType) => ({
    name: `48x5-${dataType}`,
    options: { cell: "lstm", headDim: 48, heads: 5, batch: 3, steps: 7, dataType },
  })),
  // One of each family, for the sanitizers.
  ...["resident", "cluster", "grid", "stepwise"].map((family) => ({
    name: `50x2-${family}`,
    options: { cell: "lstm", headDim: 50, heads: 2, batch: 5, steps: 7 },
    family,
  })),
  {
    name: "50x2-grid-split",
    options: { cell: "lstm", headDim: 50, heads: 2, batch: 5, steps: 7 },
    family: "grid",
    pins: { blocksAlongInner: 2 },
  },
];
