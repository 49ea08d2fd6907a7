import type { CudaDevice } from "hwmodels";

/**
 * What the parts of a step cost on a device, in whole picoseconds, so that a predicted time is an integer expression.
 *
 * Rates come from the device. Latencies are clock cycles of one dependent operation, measured on an H200 and taken to be the same number
 * of cycles elsewhere.
 */
export interface StepCosts {
  /** One bf16 multiplication of 16 × 8 × 16 on a multiprocessor's tensor cores. */
  readonly matrixMultiply: number;
  /** A matrix multiplication that waits for the one before it. */
  readonly matrixMultiplyLatency: number;
  /** One warp-wide fused multiply-add on a multiprocessor. */
  readonly warpMultiplyAdd: number;
  /** One byte read from or written to shared memory. */
  readonly sharedByte: number;
  /** A round trip to shared memory. */
  readonly sharedLatency: number;
  /** One shuffle-and-add that waits for the one before it. */
  readonly shuffleLatency: number;
  /** The pointwise step of a warp's slot, per unit: issue slots of one multiprocessor. */
  readonly pointwiseIssue: number;
  /** The dependent chain of the pointwise step, once a step. */
  readonly pointwiseLatency: number;
  /** A block-wide barrier. */
  readonly blockBarrier: number;
  /** From one block's write of the state to another block's successful read through L2. */
  readonly exchangeLatency: number;
  /** One byte of state read by a block through L2. */
  readonly exchangeByte: number;
}

const latencyCycles = {
  matrixMultiply: 18,
  shared: 30,
  shuffle: 26,
  pointwise: 220,
} as const;

/** Instructions of the pointwise step of one unit, an estimate for a cell of four gates: inputs, gates, states, outputs. */
const pointwiseInstructions = 60;
/** Instructions that a multiprocessor issues per clock: one for each of its four schedulers. */
const issuePerClock = 4;

/** The costs of a step's parts on the device. */
export function stepCosts(device: CudaDevice): StepCosts {
  const { timing } = device;
  const cycle = 1e6 / timing.clockMegahertz;
  const cycles = (count: number): number => Math.round(count * cycle);
  const picosecondsPerByte = (bytesPerSecond: number): number => 1e12 / bytesPerSecond;
  return {
    matrixMultiply: cycles((16 * 8 * 16) / timing.bf16MultiplyAddsPerClockPerMultiprocessor),
    matrixMultiplyLatency: cycles(latencyCycles.matrixMultiply),
    warpMultiplyAdd: cycles(device.warpSize / timing.fmaPerClockPerMultiprocessor),
    sharedByte: cycles(1 / timing.sharedBytesPerClockPerMultiprocessor),
    sharedLatency: cycles(latencyCycles.shared),
    shuffleLatency: cycles(latencyCycles.shuffle),
    pointwiseIssue: cycles(pointwiseInstructions / issuePerClock),
    pointwiseLatency: cycles(latencyCycles.pointwise),
    blockBarrier: Math.round(timing.blockBarrierNanoseconds * 1000),
    exchangeLatency: Math.round(timing.gridExchangeNanoseconds * 1000),
    exchangeByte: Math.round(picosecondsPerByte(timing.gridExchangeBytesPerSecondPerBlock)),
  };
}
