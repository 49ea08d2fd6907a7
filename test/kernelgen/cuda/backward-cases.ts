import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { plan, smallDevice } from "./forward-cases.js";

const backward = { pass: "backward" } as const;

/**
 * Backward kernels of every cell, family and type: dimensions that divide nothing, one step, steps that are no multiple of those loaded
 * ahead, gradients of the last states or of all, and each way of splitting the work.
 */
export const backwardCases = {
  "resident bf16 LSTM, inner dimension over three warps, lengths": plan(
    "resident",
    { ...backward, headDim: 33, heads: 3, batch: 5, steps: 6, lengths: true },
    { warpsAlongInner: 3 },
  ),
  "resident fp16 LSTM, two units a thread, part of R in shared memory, gradients of all states, clipped, lengths": plan(
    "resident",
    {
      ...backward,
      headDim: 50,
      heads: 2,
      batch: 9,
      steps: 7,
      dataType: "fp16",
      stateOutput: "sequence",
      lengths: true,
      recurrentGradientClip: 0.2,
    },
    { unitsPerThread: 2, warpsAlongInner: 2, innerTilesInRegisters: 1 },
  ),
  "resident fp32 GRU, lanes along the inner dimension": plan(
    "resident",
    { ...backward, cell: "gru", headDim: 20, heads: 2, batch: 3, steps: 9, dataType: "fp32" },
    { lanesAlongInner: 4, sequencesPerLane: 1 },
  ),
  "resident bf16 sLSTM": plan("resident", { ...backward, cell: "slstm", headDim: 24, heads: 2, batch: 3, steps: 5 }),
  "resident bf16 Elman, one step": plan("resident", { ...backward, cell: "elman", headDim: 7, batch: 1, steps: 1 }),
  "cluster bf16 LSTM, states and recurrent gradient clipped, lengths": plan("cluster", {
    ...backward,
    headDim: 40,
    heads: 2,
    batch: 5,
    steps: 6,
    lengths: true,
    forwardClip: 0.5,
    recurrentGradientClip: 0.25,
  }),
  "cluster fp32 GRU, units beyond the head, recurrent gradient cut": plan("cluster", {
    recurrentGradientCut: true,
    ...backward,
    cell: "gru",
    headDim: 21,
    batch: 3,
    steps: 7,
    dataType: "fp32",
  }),
  "grid bf16 LSTM, two units a thread, two blocks along the inner dimension": plan(
    "grid",
    { ...backward, headDim: 50, heads: 2, batch: 5, steps: 6 },
    { unitsPerThread: 2, blocksAlongInner: 2 },
  ),
  "grid fp16 GRU, units that end within a word, gradients with a mark in the fraction, clipped": plan(
    "grid",
    { ...backward, cell: "gru", headDim: 33, batch: 6, steps: 5, dataType: "fp16", recurrentGradientClip: 0.5 },
    { warpsAlongInner: 3, columnGroups: 2, blocksAlongInner: 1 },
  ),
  "grid fp32 sLSTM, gradients of all states, states clipped, lengths": plan(
    "grid",
    {
      ...backward,
      cell: "slstm",
      headDim: 20,
      batch: 3,
      steps: 7,
      dataType: "fp32",
      stateOutput: "sequence",
      forwardClip: 0.5,
      lengths: true,
    },
    { unitsPerThread: 2, lanesAlongInner: 4, blocksAlongInner: 1 },
  ),
  "direct bf16 CIFG, three words a unit, part of R in shared memory, sums of four blocks through L2, lengths": plan(
    "direct",
    { ...backward, cell: "cifg", headDim: 49, heads: 2, batch: 9, steps: 6, lengths: true },
    { unitsPerThread: 1, columnsPerThread: 2, warpsAlongInner: 2, innerTilesInRegisters: 2, blocksAlongInner: 4 },
  ),
  "direct fp16 LSTM, two blocks along the inner dimension": plan(
    "direct",
    { ...backward, headDim: 50, batch: 5, steps: 6, dataType: "fp16" },
    { unitsPerThread: 2, blocksAlongInner: 2 },
  ),
  "direct fp16 sLSTM, R in registers, in shared memory and read in every step": plan(
    "direct",
    { ...backward, cell: "slstm", headDim: 480, batch: 7, steps: 2, dataType: "fp16" },
    {
      unitsPerThread: 1,
      unitGroups: 4,
      columnsPerThread: 2,
      columnGroups: 1,
      warpsAlongUnits: 1,
      warpsAlongInner: 4,
      innerTilesInRegisters: 10,
      innerTilesStreamed: 4,
      blocksAlongInner: 1,
    },
    { ...smallDevice, multiprocessorCount: 15, sharedBytesPerBlockOptin: 81_920 },
  ),
  "direct bf16 Elman, no sum over warps, recurrent gradient cut, lengths": plan(
    "direct",
    { ...backward, cell: "elman", headDim: 48, batch: 3, steps: 6, recurrentGradientCut: true, lengths: true },
    { warpsAlongInner: 1, warpsAlongUnits: 3, unitGroups: 1, blocksAlongInner: 1 },
  ),
  "stepwise bf16 LSTM, rows of whole words, inner dimension over three warps, clipped, lengths": plan(
    "stepwise",
    { ...backward, headDim: 40, heads: 2, batch: 9, steps: 5, lengths: true, recurrentGradientClip: 0.25 },
    { unitTile: 18, columnGroups: 2, warpCount: 3 },
  ),
  "stepwise bf16 LSTM, eight warps that share chunks of rows and columns, lengths": plan(
    "stepwise",
    { ...backward, headDim: 21, heads: 2, batch: 33, steps: 4, lengths: true },
    { unitTile: 20, columnGroups: 4, warpCount: 8, warpsAlongUnits: 2, warpsAlongColumns: 4, chunksInFlight: 4 },
  ),
  "stepwise fp16 GRU, rows that end within a word, gradients of all states, cut, lengths": plan("stepwise", {
    ...backward,
    lengths: true,
    recurrentGradientCut: true,
    cell: "gru",
    headDim: 21,
    heads: 2,
    batch: 3,
    steps: 4,
    dataType: "fp16",
    stateOutput: "sequence",
  }),
} as const satisfies Record<string, Plan>;
