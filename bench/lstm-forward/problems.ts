import type { ProblemOptions } from "kernelgen";

/** What the benchmark runs: a name for its folder, and the problem. Batch 16 and 1024 steps as in the peers' tables, and an odd one. */
export const benchProblems: readonly { readonly name: string; readonly options: ProblemOptions }[] = [
  ...[
    [64, 12],
    [256, 3],
    [768, 1],
    [1024, 1],
    [2048, 1],
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
];
