import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 22.8,
  prefetchWaitCycles: 764,
  matrixMultiplyLatencyCycles: 4.95,
  matrixMultiplyShare: 0.603,
  multiplyAddInstructions: 1.38,
  shuffleCycles: 0.293,
  shuffleLatencyCycles: 88.5,
  reductionCycles: 85.5,
  unitIssueCycles: 43.1,
  unitLatencyCycles: 0.0502,
  slotLoadCycles: 39.7,
  slotStoreCycles: 5.15,
  clusterExchangeCycles: 166,
  clusterByteCycles: 0.0792,
  launchCycles: 2170,
  stepwiseByteCycles: 0.0231,
  stepwiseChunkCycles: 367,
  stepwiseUnitCycles: 1140,
  exchangeWriteCycles: 1200,
  exchangeLookCycles: 246,
  exchangeByteCycles: 0.0477,
  streamedMatrixShare: 0.585,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-calibration-h200.md", [
  "timing.calibration",
]);
