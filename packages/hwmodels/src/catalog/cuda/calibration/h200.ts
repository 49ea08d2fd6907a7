import type { CudaCalibration } from "../../../device.js";
import { source } from "../product.js";

/**
 * Fitted to the times of generated kernels on an H200, by `kernelgen calibrate`; the page of results that the source names has the kernels,
 * their times, and how far off the fitted predictions are.
 */
export const h200Calibration: CudaCalibration = {
  stepCycles: 315,
  matrixMultiplyLatencyCycles: 18,
  matrixMultiplyShare: 0.53,
  multiplyAddInstructions: 1.4,
  shuffleCycles: 2,
  shuffleLatencyCycles: 26,
  reductionCycles: 85,
  unitIssueCycles: 25,
  unitLatencyCycles: 80,
  slotLoadCycles: 1,
  slotStoreCycles: 1,
  clusterExchangeCycles: 200,
  clusterByteCycles: 0.12,
  launchCycles: 2400,
  stepwiseByteCycles: 1 / 12,
  exchangeWriteCycles: 852,
  exchangeLookCycles: 852,
  exchangeByteCycles: 1 / 64,
  streamedMatrixShare: 1,
};

export const h200CalibrationSource = source("measured", "bench/results/2026-11-21-tilings-h200.md", [
  "timing.calibration",
]);
