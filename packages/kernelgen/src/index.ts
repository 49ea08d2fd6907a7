export type { CellDefinition, CellState, Gate, GateTerm } from "./cell/definition.js";
export { differentiate } from "./cell/differentiate.js";
export { cells, findCell, linearCells } from "./cell/index.js";
export { type LinearCell, type LinearCellOptions, type LinearCoefficients, linearCell } from "./cell/linear.js";
export { type BackwardStep, chooseSavedValues, type SavedValue } from "./cell/saved-values.js";
export * as scalar from "./cell/scalar.js";
export { families, familiesFor } from "./families.js";
export type { DataType } from "./plan/data-type.js";
export type { Budget, KernelFamily, SourceFile, Tiling } from "./plan/family.js";
export { checkKernelName } from "./plan/kernel-name.js";
export type { LaunchQuantities, Target } from "./plan/launch.js";
export { headDimStep, type NearestFeasible, nearestFeasible } from "./plan/nearest-feasible.js";
export type { BudgetUse, Plan } from "./plan/plan.js";
export { planToJson } from "./plan/plan-json.js";
export {
  defineProblem,
  type Pass,
  type Problem,
  type ProblemOptions,
  problemDefaults,
  problemLimits,
  type StateOutput,
} from "./plan/problem.js";
export { problemText } from "./plan/problem-text.js";
export { fastestPlans } from "./plan/ranking.js";
export { scanTensors } from "./plan/scan-tensors.js";
export {
  type FamilyOutcome,
  type FamilyQuestions,
  type PlanSearch,
  type SearchQuestions,
  solveFamily,
  solvePlan,
} from "./plan/solve.js";
export type { Pins } from "./plan/stated-tiling.js";
export {
  backwardTensors,
  elementCount,
  forwardTensors,
  kernelTensors,
  type Tensor,
  tensorBytes,
} from "./plan/tensors.js";
export { referenceBackward } from "./reference/backward.js";
export { referenceForward, type TensorValues } from "./reference/forward.js";
export { randomGradients, randomInputs } from "./reference/random-case.js";
export { scanBackward } from "./reference/scan/backward.js";
export { scanForward } from "./reference/scan/forward.js";
export type { ScanValues } from "./reference/scan/gate-rows.js";
export type { ScanAlgorithm, ScanOptions } from "./reference/scan/options.js";
export { tolerances } from "./reference/tolerances.js";
export { weightGradients } from "./reference/weight-gradients.js";
export * from "./webgpu.js";
export { type AdapterFacts, webGpuDeviceFromAdapter } from "./wgsl/adapter-device.js";
export { planRecurrent, type RecurrentOptions, recurrentLimits } from "./wgsl/recurrent/plan-recurrent.js";
export { type OutputError, verifyForward } from "./wgsl/verify.js";
