import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 56,
  prefetchWaitCycles: 700,
  matrixMultiplyLatencyCycles: 4.96,
  matrixMultiplyShare: 0.595,
  multiplyAddInstructions: 1.41,
  shuffleCycles: 1.09,
  shuffleLatencyCycles: 93.6,
  reductionCycles: 1.74,
  unitIssueCycles: 17.6,
  unitLatencyCycles: 57.4,
  slotLoadCycles: 3.45,
  slotStoreCycles: 6.64,
  clusterExchangeCycles: 269,
  clusterByteCycles: 0.103,
  launchCycles: 1915,
  stepwiseByteCycles: 0.04,
  exchangeWriteCycles: 1235,
  exchangeLookCycles: 505,
  exchangeByteCycles: 0.0357,
  streamedMatrixShare: 0.586,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-calibration-h200.md", [
  "timing.calibration",
]);
