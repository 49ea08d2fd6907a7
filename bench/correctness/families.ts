import type { CudaDevice } from "hwmodels";
import type { Pins, ProblemOptions } from "kernelgen";

/** Kernels of one family, forward and backward: small, for the sanitizers, of sizes that divide nothing. */
export interface FamilyCase {
  readonly family: string;
  /** What sets the tiling apart, where it is pinned: a word of the kernels' names. */
  readonly tiling?: string;
  readonly options: Omit<ProblemOptions, "pass">;
  /** Unknowns of the tiling that are given, for what small sizes do not choose: of both passes, or of each. */
  readonly pins?: Pins | { readonly forward: Pins; readonly backward: Pins };
  /** What the tiling's device has less of than that of the other cases, so that a small head fills it. */
  readonly less?: Partial<CudaDevice>;
}

const lengths = { lengths: true };
/** A device that heads of a few hundred units fill: of R, 32 KiB in a block's registers and little more in shared memory. */
const fewBlocks = (multiprocessorCount: number, sharedBytesPerBlockOptin: number): Partial<CudaDevice> => ({
  multiprocessorCount,
  registersPerBlock: 32_768,
  sharedBytesPerBlockOptin,
});

/** Every family as it is. */
const plainCases: readonly FamilyCase[] = [
  { family: "resident", options: { cell: "lstm", headDim: 50, heads: 3, batch: 5, dataType: "bf16" } },
  { family: "cluster", options: { cell: "gru", headDim: 100, heads: 2, batch: 9, dataType: "fp16" } },
  { family: "cluster", options: { cell: "slstm", headDim: 40, heads: 2, batch: 5, dataType: "fp32" } },
  { family: "grid", options: { cell: "slstm", headDim: 50, heads: 3, batch: 5, dataType: "fp32" } },
  { family: "grid", options: { cell: "lstm", headDim: 50, heads: 2, batch: 5, dataType: "fp16" } },
  { family: "direct", options: { cell: "lstm", headDim: 200, batch: 9, dataType: "bf16" } },
  { family: "stepwise", options: { cell: "elman", headDim: 50, heads: 2, batch: 5, dataType: "bf16" } },
  { family: "stepwise", options: { cell: "slstm", headDim: 40, heads: 2, batch: 5, dataType: "fp16" } },
];

/** Ways of cutting the work that small sizes do not choose. */
const tilingCases: readonly FamilyCase[] = [
  {
    family: "resident",
    tiling: "part-in-shared",
    options: { cell: "lstm", headDim: 50, heads: 2, batch: 9, dataType: "fp16" },
    pins: { unitsPerThread: 2, warpsAlongInner: 2, innerTilesInRegisters: 1 },
  },
  {
    family: "cluster",
    tiling: "batch-split",
    options: { cell: "lstm", headDim: 50, heads: 2, batch: 37, dataType: "bf16" },
    pins: { columnsPerThread: 2, columnGroups: 1, warpsAlongInner: 1 },
  },
  {
    family: "grid",
    tiling: "inner-blocks",
    options: { cell: "gru", headDim: 50, heads: 2, batch: 9, dataType: "bf16" },
    pins: { blocksAlongInner: 2, warpsAlongInner: 3 },
  },
  {
    family: "direct",
    tiling: "inner-blocks",
    options: { cell: "gru", headDim: 50, heads: 2, batch: 5, dataType: "fp16" },
    pins: { blocksAlongInner: 2, warpsAlongInner: 2 },
  },
  {
    family: "direct",
    tiling: "sums-through-l2",
    options: { cell: "lstm", headDim: 200, batch: 9, dataType: "bf16" },
    pins: { blocksAlongInner: 4 },
  },
  {
    family: "direct",
    tiling: "sums-through-l2",
    options: { cell: "slstm", headDim: 100, heads: 2, batch: 5, dataType: "fp16", ...lengths },
    pins: { blocksAlongInner: 8, warpsAlongInner: 2 },
  },
  {
    family: "direct",
    tiling: "batch-split",
    options: { cell: "slstm", headDim: 100, batch: 37, dataType: "bf16" },
    pins: { columnsPerThread: 2, columnGroups: 1, warpsAlongInner: 1, innerTilesInRegisters: 2, blocksAlongInner: 1 },
  },
  {
    family: "stepwise",
    tiling: "shared-chunks",
    options: { cell: "lstm", headDim: 40, heads: 2, batch: 37, dataType: "bf16" },
    pins: { unitTile: 24, columnGroups: 4, warpsAlongUnits: 4, warpsAlongColumns: 2 },
  },
];

/** R of a head that fills the device: a part is read from L2 in every step. */
const streamedCases: readonly FamilyCase[] = [
  {
    family: "grid",
    tiling: "streamed",
    options: { cell: "lstm", headDim: 150, batch: 3, dataType: "bf16" },
    pins: { innerTilesStreamed: 3 },
    less: fewBlocks(4, 16_384),
  },
  {
    family: "grid",
    tiling: "streamed",
    options: { cell: "slstm", headDim: 150, batch: 3, dataType: "fp16", ...lengths },
    pins: { innerTilesStreamed: 3 },
    less: fewBlocks(4, 16_384),
  },
  {
    family: "grid",
    tiling: "streamed",
    options: { cell: "gru", headDim: 100, batch: 3, dataType: "fp32" },
    pins: { chunksStreamed: 1 },
    less: fewBlocks(4, 8192),
  },
  {
    family: "grid",
    tiling: "streamed-launches",
    options: { cell: "lstm", headDim: 100, heads: 5, batch: 2, dataType: "fp32", tf32: true },
    less: fewBlocks(4, 16_384),
  },
  {
    family: "direct",
    tiling: "streamed",
    options: { cell: "lstm", headDim: 480, batch: 7, dataType: "bf16" },
    pins: {
      forward: { innerTilesStreamed: 4, lanesPerUnit: 2, blocksAlongInner: 1 },
      backward: { innerTilesStreamed: 4, blocksAlongInner: 1 },
    },
    less: fewBlocks(15, 81_920),
  },
  {
    family: "direct",
    tiling: "streamed",
    options: { cell: "slstm", headDim: 480, batch: 7, dataType: "fp16", ...lengths },
    pins: { innerTilesStreamed: 4, blocksAlongInner: 1 },
    less: fewBlocks(15, 81_920),
  },
];

/** Every family with what may be asked for beside its cell. */
const optionCases: readonly FamilyCase[] = [
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

/** Scans, as a loop over the chunks of a block's channels and as a chain of blocks. */
const scanCases: readonly FamilyCase[] = [
  {
    family: "scan",
    tiling: "loop",
    options: { cell: "minlstm", headDim: 20, heads: 2, batch: 2, dataType: "bf16" },
    pins: { stepsPerThread: 4, chained: 0, stages: 2 },
  },
  {
    family: "scan",
    tiling: "chain",
    options: { cell: "mingru", headDim: 36, batch: 2, dataType: "fp32" },
    pins: { channelsPerThread: 1, channelLanes: 16, warps: 2, stepsPerThread: 4, chained: 1, stages: 2 },
  },
  {
    family: "scan",
    tiling: "chain",
    options: { cell: "mingru", headDim: 38, batch: 3, dataType: "fp16" },
    pins: { channelsPerThread: 2, channelLanes: 16, warps: 2, stepsPerThread: 4, chained: 1, stages: 0 },
  },
];

/** What is compared with float64 and run under the sanitizers. */
export const familyCases: readonly FamilyCase[] = [
  ...plainCases,
  ...tilingCases,
  ...streamedCases,
  ...optionCases,
  ...scanCases,
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
