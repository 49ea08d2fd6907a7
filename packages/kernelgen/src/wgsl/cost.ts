import type { WebGpuDevice } from "hwmodels";
import { stepGraph } from "../cell/definition.js";
import { type Scalar, topologicalOrder } from "../cell/scalar.js";
import type { Problem } from "../plan/problem.js";

/**
 * What the parts of a step cost one workgroup on a device, in whole picoseconds, so that a predicted time is an integer expression.
 *
 * Rates come from the device's assumptions. Latencies are clock cycles of one dependent operation: typical of the GPUs whose figures are
 * published, not measured on each.
 */
export interface StepCosts {
  /** Sixteen multiply-adds, a 4 × 4 matrix times a vector: one invocation's share of a compute unit. */
  readonly matrixMultiplyAdd: number;
  /** The same by one invocation that has a compute unit for itself: one multiply-add a clock. */
  readonly matrixMultiplyAddLatency: number;
  /** One byte read from or written to workgroup memory. */
  readonly workgroupByte: number;
  /** A round trip to workgroup memory. */
  readonly workgroupLatency: number;
  /** One byte read from storage through the caches, when every compute unit reads. */
  readonly storageByte: number;
  /** A round trip to storage that hits the last cache level. */
  readonly storageLatency: number;
  /** The pointwise step of one unit of one sequence: arithmetic of one invocation. */
  readonly pointwise: number;
  /** The dependent chain of the pointwise step. */
  readonly pointwiseLatency: number;
  readonly workgroupBarrier: number;
  readonly dispatch: number;
}

/** Elements of the 4 × 4 matrix that an invocation multiplies at once. */
const matrixElements = 16;

const latencyCycles = {
  workgroup: 30,
  storage: 300,
  pointwise: 300,
} as const;

/** Operations that need special functions. */
const nonlinear: ReadonlySet<Scalar["kind"]> = new Set(["sigmoid", "tanh", "exp", "log", "logSigmoid", "divide"]);
/** Special functions in a sigmoid or tanh: an exponential and a division; the others are counted as as many. */
const specialFunctionsPerNonlinearity = 2;
/** Loads, stores and address arithmetic of the pointwise step beside the graph's own operations, per state and gate. */
const instructionsPerTensorElement = 4;

/** The costs of a step's parts. */
export function stepCosts(problem: Problem, device: WebGpuDevice): StepCosts {
  const { cell } = problem;
  const { assumed } = device;
  const cycle = 1e6 / assumed.clockMegahertz;
  const cycles = (count: number): number => Math.round(count * cycle);
  const graph = topologicalOrder(stepGraph(cell));
  const nonlinearities = graph.filter((node) => nonlinear.has(node.kind)).length;
  const instructions = graph.length + instructionsPerTensorElement * (cell.gates.length + cell.states.length);
  return {
    matrixMultiplyAdd: cycles(matrixElements / assumed.fmaPerClockPerComputeUnit),
    matrixMultiplyAddLatency: cycles(matrixElements),
    workgroupByte: cycles(1 / assumed.workgroupBytesPerClockPerComputeUnit),
    workgroupLatency: cycles(latencyCycles.workgroup),
    storageByte: Math.round((1e12 * assumed.computeUnitCount) / assumed.storageBytesPerSecond),
    storageLatency: cycles(latencyCycles.storage),
    pointwise: cycles(
      (nonlinearities * specialFunctionsPerNonlinearity) / assumed.specialFunctionsPerClockPerComputeUnit +
        instructions / assumed.fmaPerClockPerComputeUnit,
    ),
    pointwiseLatency: cycles(latencyCycles.pointwise),
    workgroupBarrier: Math.round(assumed.workgroupBarrierNanoseconds * 1000),
    dispatch: Math.round(assumed.dispatchMicroseconds * 1e6),
  };
}
