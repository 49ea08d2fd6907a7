import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 81.2,
  prefetchWaitCycles: 565,
  matrixMultiplyLatencyCycles: 6.66,
  matrixMultiplyShare: 0.822,
  multiplyAddInstructions: 1.2,
  loneMultiplyAddInstructions: 0.526,
  multiplyAddLatencyCycles: 0.874,
  sharedTileCycles: 26.7,
  shuffleCycles: 0.193,
  shuffleLatencyCycles: 47.2,
  reductionCycles: 62.3,
  unitIssueCycles: 37.9,
  unitLatencyCycles: 0.0479,
  slotLoadCycles: 27.2,
  slotStoreCycles: 5.63,
  clusterExchangeCycles: 211,
  clusterByteCycles: 0.076,
  launchCycles: 1820,
  stepwiseByteCycles: 0.0199,
  stepwiseChunkCycles: 404,
  stepwiseUnitCycles: 1420,
  exchangeWriteCycles: 833,
  exchangeLookCycles: 531,
  exchangeByteCycles: 0.0556,
  fragmentWordCycles: 115,
  fragmentElementCycles: 0.124,
  streamedMatrixShare: 0.45,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-families-h200.md", [
  "timing.calibration",
]);
