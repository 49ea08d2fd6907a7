import { constant, type IntExpr } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { stepGraph } from "../cell/definition.js";
import { type Scalar, topologicalOrder } from "../cell/scalar.js";
import type { CostTerm } from "../plan/cost-term.js";
import { ceilQuotient, times } from "../plan/integer-expressions.js";
import type { Problem } from "../plan/problem.js";

/**
 * What a workgroup's operations cost on a device, in whole picoseconds, so that a predicted time is an integer expression.
 *
 * Rates come from the device's assumptions. Latencies are clock cycles of one dependent operation: typical of the GPUs whose figures are
 * published, not measured on each.
 */
export interface DeviceCosts {
  /** Four multiply-adds, a vector times a number: one invocation's share of a compute unit. */
  readonly vectorMultiplyAdd: number;
  /** The same by one invocation that has a compute unit for itself. */
  readonly vectorMultiplyAddLatency: number;
  /** Sixteen multiply-adds, a 4 × 4 matrix times a vector: one invocation's share of a compute unit. */
  readonly matrixMultiplyAdd: number;
  /** The same by one invocation that has a compute unit for itself: one multiply-add a clock. */
  readonly matrixMultiplyAddLatency: number;
  /** One byte read from or written to workgroup memory. */
  readonly workgroupByte: number;
  /** A round trip to workgroup memory. */
  readonly workgroupLatency: number;
  /** From one read of workgroup memory to the next of the same invocation. */
  readonly workgroupReadIssue: number;
  /** A round of shuffling and adding a vector of four. */
  readonly vectorShuffle: number;
  /** One byte read from storage through the caches, when every compute unit reads. */
  readonly storageByte: number;
  /** A round trip to storage that hits the last cache level. */
  readonly storageLatency: number;
  /** One value that a workgroup looks up among those that other workgroups write meanwhile. */
  readonly exchangedValue: number;
  readonly workgroupBarrier: number;
  readonly dispatch: number;
}

/** What the parts of a step cost beside. */
export interface StepCosts extends DeviceCosts {
  /** The pointwise step of one unit of one sequence: arithmetic of one invocation. */
  readonly pointwise: number;
  /** The part of it that loads, stores and finds addresses: once for adjacent units that are read at once. */
  readonly access: number;
  /** The dependent chain of the pointwise step. */
  readonly pointwiseLatency: number;
  /** One of an invocation's slots: from its sums in workgroup memory to its states there and in storage. It finishes them one after the other. */
  readonly ownSlot: number;
}

/** Elements of the 4 × 4 matrix that an invocation multiplies at once. */
const matrixElements = 16;

const latencyCycles = {
  workgroup: 30,
  workgroupReadIssue: 4,
  // 0.05 µs at 8 vectors and 0.04 µs at 2, on an H200 (bench/results/2026-11-21-wgsl-forward-h200.md).
  vectorShuffle: 80,
  storage: 300,
  pointwise: 300,
  subgroupMatrixProduct: 35,
  // 0.33 to 0.37 µs for each, on an H200 (bench/results/2026-11-21-wgsl-forward-h200.md and 2026-11-21-subgroup-matrices-h200.md).
  ownSlot: 700,
  // 1 to 12 µs at 256 to 8192 values, on an H200 (bench/results/2026-11-21-wgsl-forward-h200.md).
  exchangedValue: 1.5,
} as const;

/** Operations that need special functions. */
const nonlinear: ReadonlySet<Scalar["kind"]> = new Set(["sigmoid", "tanh", "exp", "log", "logSigmoid", "divide"]);
/** Special functions in a sigmoid or tanh: an exponential and a division; the others are counted as as many. */
const specialFunctionsPerNonlinearity = 2;
/** Loads, stores and address arithmetic of the pointwise step beside the graph's own operations, per state and gate. */
const instructionsPerTensorElement = 4;

/** Elements of a vector of four. */
const vectorElements = 4;

/** The smallest subgroup that WebGPU permits; that of a device that does not say. */
const smallestSubgroup = 4;

/** How often a compute unit does what every subgroup of a workgroup does: once, or, where subgroups take turns, once for each of them. */
export function subgroupTurns({ assumed, subgroupSizes }: WebGpuDevice, invocations: IntExpr): IntExpr {
  return assumed.subgroupsTakeTurns ? ceilQuotient(invocations, subgroupSizes?.min ?? smallestSubgroup) : constant(1);
}

/** So many barriers of a workgroup, as a part of its time. */
export const barrierTerm = (device: WebGpuDevice, barriers: IntExpr, invocations: IntExpr): CostTerm => ({
  name: "barriers",
  amount: times(barriers, subgroupTurns(device, invocations)),
  price: deviceCosts(device).workgroupBarrier,
});

const cycles = ({ assumed }: WebGpuDevice, count: number): number => Math.round((count * 1e6) / assumed.clockMegahertz);

/** The costs of what every kernel does. */
export function deviceCosts(device: WebGpuDevice): DeviceCosts {
  const { assumed } = device;
  return {
    vectorMultiplyAdd: cycles(device, vectorElements / assumed.fmaPerClockPerComputeUnit),
    vectorMultiplyAddLatency: cycles(device, vectorElements),
    matrixMultiplyAdd: cycles(device, matrixElements / assumed.fmaPerClockPerComputeUnit),
    matrixMultiplyAddLatency: cycles(device, matrixElements),
    workgroupByte: cycles(device, 1 / assumed.workgroupBytesPerClockPerComputeUnit),
    workgroupLatency: cycles(device, latencyCycles.workgroup),
    workgroupReadIssue: cycles(device, latencyCycles.workgroupReadIssue),
    vectorShuffle: cycles(device, latencyCycles.vectorShuffle),
    storageByte: Math.round((1e12 * assumed.computeUnitCount) / assumed.storageBytesPerSecond),
    storageLatency: cycles(device, latencyCycles.storage),
    exchangedValue: cycles(device, latencyCycles.exchangedValue),
    workgroupBarrier: Math.round(assumed.workgroupBarrierNanoseconds * 1000),
    dispatch: Math.round(assumed.dispatchMicroseconds * 1e6),
  };
}

/** What products of subgroup matrices cost. */
export interface MatrixCosts {
  /** One product of so many multiply-adds: one subgroup's share of a compute unit. */
  product(multiplyAdds: number): number;
  /** From one product of a subgroup to the next that adds to its sums. */
  readonly productLatency: number;
}

/** The costs of products of subgroup matrices. */
export function matrixCosts(device: WebGpuDevice): MatrixCosts {
  const { subgroupMatrixMultiplyAddsPerClockPerComputeUnit: rate } = device.assumed;
  return {
    product: (multiplyAdds) => cycles(device, multiplyAdds / rate),
    productLatency: cycles(device, latencyCycles.subgroupMatrixProduct),
  };
}

/** The costs of a step's parts. */
export function stepCosts(problem: Problem, device: WebGpuDevice): StepCosts {
  const { cell } = problem;
  const { assumed } = device;
  const graph = topologicalOrder(stepGraph(cell));
  const nonlinearities = graph.filter((node) => nonlinear.has(node.kind)).length;
  const accessInstructions = instructionsPerTensorElement * (cell.gates.length + cell.states.length);
  return {
    ...deviceCosts(device),
    pointwise: cycles(
      device,
      (nonlinearities * specialFunctionsPerNonlinearity) / assumed.specialFunctionsPerClockPerComputeUnit +
        (graph.length + accessInstructions) / assumed.fmaPerClockPerComputeUnit,
    ),
    access: cycles(device, accessInstructions / assumed.fmaPerClockPerComputeUnit),
    pointwiseLatency: cycles(device, latencyCycles.pointwise),
    ownSlot: cycles(device, latencyCycles.ownSlot),
  };
}
