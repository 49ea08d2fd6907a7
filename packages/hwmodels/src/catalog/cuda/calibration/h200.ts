import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 246,
  matrixMultiplyLatencyCycles: 3.55,
  matrixMultiplyShare: 0.399,
  multiplyAddInstructions: 1.42,
  shuffleCycles: 2.37,
  shuffleLatencyCycles: 45.4,
  reductionCycles: 1.49,
  unitIssueCycles: 27.9,
  unitLatencyCycles: 74.6,
  slotLoadCycles: 2.25,
  slotStoreCycles: 4.33,
  clusterExchangeCycles: 180,
  clusterByteCycles: 0.139,
  launchCycles: 2400,
  stepwiseByteCycles: 1 / 12,
  exchangeWriteCycles: 927,
  exchangeLookCycles: 463,
  exchangeByteCycles: 0.0519,
  streamedMatrixShare: 0.616,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-calibration-h200.md", [
  "timing.calibration",
]);
