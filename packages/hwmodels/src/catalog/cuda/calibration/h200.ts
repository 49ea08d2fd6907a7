import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 29.3,
  prefetchWaitCycles: 698,
  matrixMultiplyLatencyCycles: 4.71,
  matrixMultiplyShare: 0.635,
  multiplyAddInstructions: 1.39,
  shuffleCycles: 0.229,
  shuffleLatencyCycles: 93.5,
  reductionCycles: 80.8,
  unitIssueCycles: 39.6,
  unitLatencyCycles: 0.0496,
  slotLoadCycles: 40,
  slotStoreCycles: 5.37,
  clusterExchangeCycles: 175,
  clusterByteCycles: 0.0799,
  launchCycles: 1920,
  stepwiseByteCycles: 0.0191,
  stepwiseChunkCycles: 457,
  stepwiseUnitCycles: 1380,
  exchangeWriteCycles: 1190,
  exchangeLookCycles: 239,
  exchangeByteCycles: 0.0473,
  streamedMatrixShare: 0.581,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-calibration-h200.md", [
  "timing.calibration",
]);
