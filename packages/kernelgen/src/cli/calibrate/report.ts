import type { CudaCalibration, CudaDevice } from "hwmodels";
import { type CalibrationFit, type Comparison, errorsOf } from "../../calibrate/fit.js";
import { problemToJson } from "../../plan/plan-json.js";
import { colors } from "../colors.js";
import { plainTable } from "../plain-table.js";

const percent = (share: number): string => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)} %`;
const spread = (share: number): string => `${(100 * share).toFixed(1)} %`;
const relativeError = (predicted: number, { measurement }: Comparison): number =>
  predicted / measurement.microseconds - 1;

/** Comparisons in groups: by family and data type, which is where predictions differ in quality; all of them last. */
function groups(comparisons: readonly Comparison[]): readonly (readonly [string, readonly Comparison[]])[] {
  const byKind = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const { family, problem } = comparison.measurement;
    const kind = `${family}, ${problem.dataType}`;
    byKind.set(kind, [...(byKind.get(kind) ?? []), comparison]);
  }
  return [...[...byKind].toSorted(([a], [b]) => (a < b ? -1 : 1)), ["all", comparisons]];
}

/** A fit for a person: each kernel, the errors before and after, and the constants. */
export function fitText(device: CudaDevice, fit: CalibrationFit): string {
  const { comparisons, leftOut, calibration, untouched } = fit;
  const before = device.timing.calibration;
  return [
    `${colors.bold(`${comparisons.length} kernels`)} on ${colors.bold(device.name)}, µs a step`,
    "",
    plainTable(
      [
        ["kernel", "measured", "before", "", "after", ""],
        ...comparisons.map((comparison) => [
          comparison.measurement.name,
          comparison.measurement.microseconds.toFixed(3),
          comparison.before.toFixed(3),
          percent(relativeError(comparison.before, comparison)),
          comparison.after.toFixed(3),
          percent(relativeError(comparison.after, comparison)),
        ]),
      ],
      ["left", "right", "right", "right", "right", "right"],
    ),
    "",
    colors.bold("relative errors: root mean square, worst"),
    plainTable(
      [
        ["", "kernels", "before", "", "after", ""],
        ...groups(comparisons).map(([name, members]) => {
          const [old, fitted] = [errorsOf(members, "before"), errorsOf(members, "after")];
          const errors = [old, fitted].flatMap(({ rootMeanSquare, worst }) => [spread(rootMeanSquare), percent(worst)]);
          return [name, `${members.length}`, ...errors];
        }),
      ],
      ["left", "right", "right", "right", "right", "right"],
    ),
    "",
    colors.bold("constants"),
    plainTable(
      (Object.keys(before) as (keyof CudaCalibration)[]).map((name) => [
        name,
        `${Number(before[name].toPrecision(3))}`,
        `${calibration[name]}`,
        untouched.includes(name) ? "in no measured kernel" : "",
      ]),
      ["left", "right", "right", "left"],
    ),
    ...leftOut.map(({ measurement, reason }) => `left out: ${measurement.name}: ${reason}`),
  ].join("\n");
}

/** A fit as one JSON object. */
export function fitJson(device: CudaDevice, fit: CalibrationFit): Record<string, unknown> {
  return {
    device: { id: device.id, name: device.name },
    calibration: fit.calibration,
    before: device.timing.calibration,
    errors: { before: errorsOf(fit.comparisons, "before"), after: errorsOf(fit.comparisons, "after") },
    kernels: fit.comparisons.map(({ measurement, before, after }) => ({
      ...measurement,
      problem: problemToJson(measurement.problem),
      before,
      after,
    })),
    untouched: fit.untouched,
    leftOut: fit.leftOut.map(({ measurement, reason }) => ({ name: measurement.name, reason })),
  };
}
