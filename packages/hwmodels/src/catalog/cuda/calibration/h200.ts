import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 81.1,
  prefetchWaitCycles: 636,
  matrixMultiplyLatencyCycles: 5.97,
  matrixMultiplyShare: 0.775,
  multiplyAddInstructions: 1.22,
  loneMultiplyAddInstructions: 0.484,
  multiplyAddLatencyCycles: 0.772,
  sharedTileCycles: 28.9,
  shuffleCycles: 0.241,
  shuffleLatencyCycles: 43,
  reductionCycles: 68.8,
  unitIssueCycles: 41.4,
  unitLatencyCycles: 0.0469,
  slotLoadCycles: 25.2,
  slotStoreCycles: 5.73,
  clusterExchangeCycles: 209,
  clusterByteCycles: 0.0825,
  launchCycles: 1760,
  stepwiseByteCycles: 0.0203,
  stepwiseChunkCycles: 397,
  stepwiseUnitCycles: 1470,
  exchangeWriteCycles: 854,
  exchangeLookCycles: 588,
  exchangeByteCycles: 0.0544,
  fragmentWordCycles: 103,
  fragmentElementCycles: 0.135,
  streamedMatrixShare: 0.475,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-families-h200.md", [
  "timing.calibration",
]);
