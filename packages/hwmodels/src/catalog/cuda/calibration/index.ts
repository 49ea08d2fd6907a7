import type { CudaCalibration } from "../../../device.js";
import type { DeviceSource } from "../../../source.js";
import { h200Calibration, h200CalibrationSource } from "./h200.js";

/** What generated kernels showed on a product. */
interface MeasuredCalibration {
  readonly calibration: CudaCalibration;
  readonly source: DeviceSource;
}

const measured: Readonly<Record<string, MeasuredCalibration>> = {
  h200: { calibration: h200Calibration, source: h200CalibrationSource },
};

/** The product whose cycles stand in for those of the products on which no kernels were timed. */
const reference = "h200";

/** The calibration of a product: its own, or the clock cycles of the {@link reference}. */
export function calibrationOf(id: string): MeasuredCalibration {
  const own = measured[id];
  if (own !== undefined) return own;
  const { calibration, source } = measured[reference]!;
  return {
    calibration,
    source: { ...source, kind: "estimate", from: `the clock cycles of the ${reference} (${source.from})` },
  };
}
