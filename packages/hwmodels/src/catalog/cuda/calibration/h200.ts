import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 32,
  prefetchWaitCycles: 692,
  matrixMultiplyLatencyCycles: 4.83,
  matrixMultiplyShare: 0.647,
  multiplyAddInstructions: 1.39,
  shuffleCycles: 0.161,
  shuffleLatencyCycles: 95.2,
  reductionCycles: 84.6,
  unitIssueCycles: 38.1,
  unitLatencyCycles: 0.0484,
  slotLoadCycles: 39.8,
  slotStoreCycles: 5.39,
  clusterExchangeCycles: 172,
  clusterByteCycles: 0.0773,
  launchCycles: 1920,
  stepwiseByteCycles: 0.0191,
  stepwiseChunkCycles: 457,
  stepwiseUnitCycles: 1380,
  exchangeWriteCycles: 1180,
  exchangeLookCycles: 230,
  exchangeByteCycles: 0.0476,
  streamedMatrixShare: 0.569,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-families-h200.md", [
  "timing.calibration",
]);
