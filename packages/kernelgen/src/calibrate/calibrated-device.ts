import { type CudaDevice, type DeviceSource, parseDevice } from "hwmodels";
import { type CalibrationFit, errorsOf } from "./fit.js";

/** The device with the fitted constants, and with where they come from among its sources. */
export function calibratedDevice(device: CudaDevice, fit: CalibrationFit, origin: string): CudaDevice {
  const { rootMeanSquare } = errorsOf(fit.comparisons, "after");
  const source: DeviceSource = {
    covers: ["timing.calibration"],
    kind: "measured",
    from: `kernelgen calibrate, ${fit.comparisons.length} kernels (${origin}): root mean square error ${(100 * rootMeanSquare).toFixed(1)} %`,
  };
  const calibrated = {
    ...device,
    timing: { ...device.timing, calibration: fit.calibration },
    sources: [...device.sources, source],
  };
  return parseDevice(JSON.stringify(calibrated), origin) as CudaDevice;
}
