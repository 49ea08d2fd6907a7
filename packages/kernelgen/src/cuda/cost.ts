import type { IntExpr } from "constrint";
import type { CudaCalibration, CudaDevice } from "hwmodels";
import { stepGraph } from "../cell/definition.js";
import { lstm } from "../cell/lstm.js";
import { operands, type Scalar, topologicalOrder } from "../cell/scalar.js";
import type { CostTerm } from "../plan/cost-term.js";

/** A constant of the calibration. */
export type CalibrationConstant = keyof CudaCalibration;

/** Parts of a multiprocessor, each with its own scheduler, registers and units. */
const parts = 4;
/** Multiply-adds of the matrix instruction of 16 × 8 × 16 on 16-bit operands; tf32's 16 × 8 × 8 takes as long at half the rate. */
const matrixMultiplyAdds = 16 * 8 * 16;

/** What the terms of the calibration are called where a predicted time is taken apart. */
const termNames: Readonly<Record<CalibrationConstant, string>> = {
  stepCycles: "every step",
  prefetchWaitCycles: "waits for inputs",
  matrixMultiplyLatencyCycles: "matrix product",
  matrixMultiplyShare: "matrix product",
  multiplyAddInstructions: "matrix product",
  loneMultiplyAddInstructions: "matrix product",
  multiplyAddLatencyCycles: "matrix product",
  sharedTileCycles: "shared memory",
  shuffleCycles: "sums over lanes",
  shuffleLatencyCycles: "sums over lanes",
  reductionCycles: "sums over warps",
  unitIssueCycles: "pointwise part",
  unitLatencyCycles: "pointwise part",
  slotLoadCycles: "inputs and outputs",
  slotStoreCycles: "inputs and outputs",
  clusterExchangeCycles: "exchange in the cluster",
  clusterByteCycles: "exchange in the cluster",
  launchCycles: "launch",
  stepwiseByteCycles: "R and h from global memory",
  stepwiseChunkCycles: "R and h from global memory",
  stepwiseUnitCycles: "pointwise part",
  exchangeWriteCycles: "exchange through L2",
  exchangeLookCycles: "exchange through L2",
  exchangeByteCycles: "exchange through L2",
  fragmentWordCycles: "exchange through L2",
  fragmentElementCycles: "exchange through L2",
  streamedMatrixShare: "R from L2",
};

/** Clock cycles of one, where the constant is 1: constants are cycles, unless they are shares of what a rate gives. */
function unitCycles(constant: CalibrationConstant, { timing, warpSize }: CudaDevice): number {
  switch (constant) {
    case "matrixMultiplyShare":
      return (parts * matrixMultiplyAdds) / timing.bf16MultiplyAddsPerClockPerMultiprocessor;
    case "multiplyAddInstructions":
    case "loneMultiplyAddInstructions":
      return (parts * warpSize) / timing.fmaPerClockPerMultiprocessor;
    default:
      return 1;
  }
}

const picosecondsPerCycle = ({ timing }: CudaDevice): number => 1e6 / timing.clockMegahertz;

/**
 * A part of a step whose price is a constant of the device's calibration.
 *
 * @param scale how many times the constant one of the amount costs, for example a cell's pointwise work in an LSTM's
 */
export function calibratedTerm(
  device: CudaDevice,
  constant: CalibrationConstant,
  amount: IntExpr,
  scale = 1,
): CostTerm {
  return pricedTerm(device, constant, amount, unitCycles(constant, device) * picosecondsPerCycle(device) * scale);
}

/** A part of a step whose price is a constant of the device's calibration times `unitPrice` picoseconds. */
export function pricedTerm(
  device: CudaDevice,
  constant: CalibrationConstant,
  amount: IntExpr,
  unitPrice: number,
): CostTerm {
  const price = Math.round(unitPrice * device.timing.calibration[constant]);
  return { name: termNames[constant], amount, price, calibrated: { constant, unitPrice } };
}

/** A part of a step whose price a rate gives: bytes read from or written to shared memory by a multiprocessor. */
export function sharedMemoryTerm(device: CudaDevice, bytes: IntExpr, bytesOfOne = 1): CostTerm {
  const cycles = bytesOfOne / device.timing.sharedBytesPerClockPerMultiprocessor;
  return { name: "shared memory", amount: bytes, price: Math.round(cycles * picosecondsPerCycle(device)) };
}

/** Instructions of an operation, and the cycles from its operands to its result: those of the `.approx` instructions it compiles to. */
const operationCosts: Partial<Record<Scalar["kind"], { readonly instructions: number; readonly latency: number }>> = {
  sigmoid: { instructions: 3, latency: 40 },
  tanh: { instructions: 1, latency: 32 },
  exp: { instructions: 2, latency: 36 },
  log: { instructions: 2, latency: 36 },
  logSigmoid: { instructions: 10, latency: 90 },
  divide: { instructions: 2, latency: 36 },
};
const simpleOperation = { instructions: 1, latency: 4 } as const;

/** Instructions of a step, and the cycles of its longest chain of operations that wait for each other. */
function pointwiseWork(roots: readonly Scalar[]): { readonly instructions: number; readonly latency: number } {
  const ready = new Map<Scalar, number>();
  let instructions = 0;
  for (const node of topologicalOrder(roots)) {
    const inputs = operands(node);
    const cost = inputs.length === 0 ? { instructions: 0, latency: 0 } : (operationCosts[node.kind] ?? simpleOperation);
    instructions += cost.instructions;
    ready.set(node, cost.latency + Math.max(0, ...inputs.map((input) => ready.get(input)!)));
  }
  return { instructions, latency: Math.max(...ready.values()) };
}

/**
 * A step's pointwise work in that of an LSTM's forward step, for which the calibration's constants are: the ratios of instructions and of
 * latencies.
 *
 * @param roots what the step computes
 */
export function pointwiseScale(roots: readonly Scalar[]): { readonly issue: number; readonly latency: number } {
  const [own, ofLstm] = [pointwiseWork(roots), pointwiseWork(stepGraph(lstm))];
  return { issue: own.instructions / ofLstm.instructions, latency: own.latency / ofLstm.latency };
}
