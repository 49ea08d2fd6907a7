import type { CudaDevice } from "hwmodels";
import { type CellDefinition, gatesWith, stepGraph } from "../cell/definition.js";
import { lstm } from "../cell/lstm.js";
import { operands, topologicalOrder } from "../cell/scalar.js";

/**
 * What the parts of a step cost on a device, in whole picoseconds, so that a predicted time is an integer expression.
 *
 * Rates come from the device. Latencies, and how much of an issue time shows beside them, are clock cycles fitted to the times of 65
 * random tilings on an H200 (bench/results/2026-11-21-tilings-h200.md); elsewhere they are taken to be the same number of cycles.
 */
export interface StepCosts {
  /** What every step costs: its barrier, the chain of the pointwise part, loop and addresses. */
  readonly step: number;
  /** One bf16 multiplication of 16 × 8 × 16 in one part of a multiprocessor. */
  readonly matrixMultiply: number;
  /** A matrix multiplication that waits for the one before it. */
  readonly matrixMultiplyLatency: number;
  /** One warp-wide fused multiply-add in one part of a multiprocessor. */
  readonly warpMultiplyAdd: number;
  /** One shuffle and addition of a warp in one part of a multiprocessor. */
  readonly shuffle: number;
  /** One round of an exchange among lanes. */
  readonly shuffleLatency: number;
  /** One byte read from or written to shared memory. */
  readonly sharedByte: number;
  /** The sum over warps, beside its bytes: a barrier and two trips to shared memory. */
  readonly reduction: number;
  /** The pointwise part of one unit of a warp, in one part of a multiprocessor. */
  readonly unitIssue: number;
  /** The pointwise part of one unit of a thread, beyond what runs beside other warps. */
  readonly unitLatency: number;
  /** Inputs and outputs of one slot of a warp. */
  readonly slotAccess: number;
  /** From one block's write of the state to the first look of another that finds it, apart from that look. */
  readonly exchangeWrite: number;
  /** One look at the state in L2: a round trip. */
  readonly exchangeLook: number;
  /** One byte of state that a block reads from L2. */
  readonly exchangeByte: number;
}

/** Parts of a multiprocessor, each with its own scheduler, registers and units. */
const parts = 4;
/** Bytes a clock between a multiprocessor and L2. */
const l2PortBytes = 64;

const fitted = {
  step: 315,
  matrixMultiplyLatency: 18,
  /** The part of the issue time of matrix multiplications that their latency does not hide. */
  matrixMultiplyShown: 0.53,
  /** Instructions issued for a multiply-add, loads of operands included. */
  multiplyAddInstructions: 1.4,
  shuffle: 2,
  shuffleLatency: 26,
  reduction: 85,
  unitIssue: 25,
  unitLatency: 80,
  slotAccess: 6,
} as const;

/** The costs of a step's parts on the device. */
export function stepCosts(device: CudaDevice): StepCosts {
  const { timing } = device;
  const cycles = (count: number): number => Math.round((count * 1e6) / timing.clockMegahertz);
  const matrixMultiplyCycles = (parts * 16 * 8 * 16) / timing.bf16MultiplyAddsPerClockPerMultiprocessor;
  // The measured exchange is one write and one look, of about equal length.
  const halfExchange = Math.round((timing.gridExchangeNanoseconds * 1000) / 2);
  return {
    step: cycles(fitted.step),
    matrixMultiply: cycles(fitted.matrixMultiplyShown * matrixMultiplyCycles),
    matrixMultiplyLatency: cycles(fitted.matrixMultiplyLatency),
    warpMultiplyAdd: cycles(
      (fitted.multiplyAddInstructions * parts * device.warpSize) / timing.fmaPerClockPerMultiprocessor,
    ),
    shuffle: cycles(fitted.shuffle),
    shuffleLatency: cycles(fitted.shuffleLatency),
    sharedByte: cycles(1 / timing.sharedBytesPerClockPerMultiprocessor),
    reduction: cycles(fitted.reduction),
    unitIssue: cycles(fitted.unitIssue),
    unitLatency: cycles(fitted.unitLatency),
    slotAccess: cycles(fitted.slotAccess),
    exchangeWrite: halfExchange,
    exchangeLook: halfExchange,
    exchangeByte: cycles(1 / l2PortBytes),
  };
}

const operationCount = (cell: CellDefinition): number =>
  topologicalOrder(stepGraph(cell)).filter((node) => operands(node).length > 0).length;

/** A cell's pointwise work in terms of an LSTM's, on which the constants were fitted: the ratio of the operations in their graphs. */
export const pointwiseScale = (cell: CellDefinition): number => operationCount(cell) / operationCount(lstm);

const accessCount = (cell: CellDefinition, savedCount: number): number =>
  gatesWith(cell, "input").length + cell.states.length + savedCount;

/** What a unit reads and writes in a step in terms of an LSTM's inference: the ratio of their inputs, states and saved values. */
export const accessScale = (cell: CellDefinition, savedCount: number): number =>
  accessCount(cell, savedCount) / accessCount(lstm, 0);
