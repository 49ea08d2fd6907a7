import type { ProblemOptions } from "kernelgen";

/** Kernels of one family, forward and backward: small, for the sanitizers, of sizes that divide nothing. */
export interface FamilyCase {
  readonly family: string;
  readonly options: Omit<ProblemOptions, "pass">;
  /** Unknowns of the tiling that are given, for what small sizes do not choose. */
  readonly pins?: Readonly<Record<string, number>>;
}

const lengths = { lengths: true };

/** Every family as it is, and with everything that may be asked for beside it. */
export const familyCases: readonly FamilyCase[] = [
  { family: "resident", options: { cell: "lstm", headDim: 50, heads: 3, batch: 5, dataType: "bf16" } },
  { family: "cluster", options: { cell: "gru", headDim: 100, heads: 2, batch: 9, dataType: "fp16" } },
  { family: "grid", options: { cell: "slstm", headDim: 50, heads: 3, batch: 5, dataType: "fp32" } },
  { family: "direct", options: { cell: "lstm", headDim: 200, batch: 9, dataType: "bf16" } },
  { family: "stepwise", options: { cell: "elman", headDim: 50, heads: 2, batch: 5, dataType: "bf16" } },
  {
    family: "stepwise",
    options: { cell: "lstm", headDim: 40, heads: 2, batch: 37, dataType: "bf16" },
    pins: { unitTile: 24, columnGroups: 4, warpsAlongUnits: 4, warpsAlongColumns: 2 },
  },
  { family: "resident", options: { cell: "slstm", headDim: 50, heads: 3, batch: 5, dataType: "bf16", ...lengths } },
  {
    family: "cluster",
    options: { cell: "lstm", headDim: 100, heads: 2, batch: 9, dataType: "bf16", ...lengths, forwardClip: 0.5 },
  },
  {
    family: "grid",
    options: {
      cell: "gru",
      headDim: 100,
      heads: 2,
      batch: 5,
      dataType: "bf16",
      ...lengths,
      recurrentGradientClip: 0.25,
    },
  },
  {
    family: "direct",
    options: { cell: "cifg", headDim: 100, batch: 9, dataType: "fp16", ...lengths, recurrentGradientClip: 0.25 },
  },
  {
    family: "stepwise",
    options: { cell: "lstm", headDim: 50, heads: 2, batch: 5, dataType: "fp32", ...lengths, forwardClip: 0.5 },
  },
  {
    family: "resident",
    options: {
      cell: "elman",
      headDim: 33,
      heads: 2,
      batch: 3,
      dataType: "fp32",
      tf32: true,
      recurrentGradientCut: true,
    },
  },
];

/** The same kernels without and with what may be asked for, to see what it costs. */
export const costCases: readonly FamilyCase["options"][] = [
  { cell: "lstm", headDim: 64, heads: 12 },
  { cell: "lstm", headDim: 768 },
].flatMap((sizes) =>
  [{}, { lengths: true }, { forwardClip: 4, recurrentGradientClip: 1 }, { recurrentGradientCut: true }].map(
    (extras) => ({
      ...sizes,
      batch: 16,
      dataType: "bf16",
      ...extras,
    }),
  ),
);
