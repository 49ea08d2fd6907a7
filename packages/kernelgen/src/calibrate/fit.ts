import { evaluator } from "constrint";
import type { CudaCalibration, CudaDevice } from "hwmodels";
import { KernelgenError } from "../errors.js";
import { familiesFor } from "../families.js";
import { problemText } from "../plan/problem-text.js";
import { picosecondsPerMicrosecond, stateTiling } from "../plan/stated-tiling.js";
import type { Measurement } from "./measurement.js";
import { type Equation, nonNegativeLeastSquares } from "./non-negative-least-squares.js";

type ConstantName = keyof CudaCalibration;

/** What the model makes of a measured tiling: its time is `rest` + Σ constant · `units[constant]`, unless something else bounds the step. */
interface MeasuredTerms {
  readonly measurement: Measurement;
  /** Microseconds of one of each constant. */
  readonly units: ReadonlyMap<ConstantName, number>;
  /** Microseconds that follow from rates alone. */
  readonly rest: number;
  /** Microseconds below which no step stays, by device memory. */
  readonly least: number;
}

/** A measurement beside what the model predicts for it. */
export interface Comparison {
  readonly measurement: Measurement;
  readonly before: number;
  readonly after: number;
}

/** What a fit found. */
export interface CalibrationFit {
  readonly calibration: CudaCalibration;
  readonly comparisons: readonly Comparison[];
  /** Measurements of tilings that the model does not have (any more), with the reason. */
  readonly leftOut: readonly { readonly measurement: Measurement; readonly reason: string }[];
  /** Constants that no measured kernel has in its predicted time; they stay as they were. */
  readonly untouched: readonly ConstantName[];
}

/**
 * How much a constant is held to its value before: as a relative error of this size in one measurement for each time it is halved or
 * doubled. So what the measurements hardly show stays near where it was.
 */
const hold = 0.1;
/**
 * The relative error up to which a measurement counts in full. Beyond it counts in inverse proportion (Huber 1964), so that a kernel that takes
 * long for a reason of its own does not drag the constants of all others with it.
 */
const fullError = 0.15;
/** Fits, each with the weights that follow from the errors of the one before; weights hardly change after a few. */
const reweightings = 8;

/**
 * Fits the constants of a device's calibration to measured times: least squares of the relative errors, large ones held down, no constant below zero.
 *
 * Throws `KernelgenError` "invalid-problem" if none of the measured tilings is one of the model's.
 */
export function fitCalibration(device: CudaDevice, measurements: readonly Measurement[]): CalibrationFit {
  const before = device.timing.calibration;
  const { found, leftOut } = measuredTerms(device, measurements);
  if (found.length === 0) {
    throw new KernelgenError(
      "invalid-problem",
      `none of the measurements is of a tiling for ${device.name}: ${leftOut[0]?.reason}`,
    );
  }
  const names = (Object.keys(before) as ConstantName[]).filter((name) => found.some(({ units }) => units.has(name)));
  // A step that device memory bounds says nothing about the constants.
  const telling = found.filter(({ measurement, least }) => least < measurement.microseconds * 0.9);
  const rows = telling.map(({ measurement, units, rest }) => ({
    coefficients: names.map((name) => (units.get(name) ?? 0) / measurement.microseconds),
    target: 1 - rest / measurement.microseconds,
  }));
  const holds = names.flatMap((name, index) => {
    const value = before[name];
    if (value === 0) return [];
    return [{ coefficients: names.map((_, other) => (other === index ? hold / value : 0)), target: hold }];
  });
  const fitted = robustFit(rows, holds);
  const calibration = { ...before };
  names.forEach((name, index) => {
    calibration[name] = rounded(fitted[index]!);
  });
  return {
    calibration,
    comparisons: found.map((terms) => ({
      measurement: terms.measurement,
      before: predicted(terms, before),
      after: predicted(terms, calibration),
    })),
    leftOut,
    untouched: (Object.keys(before) as ConstantName[]).filter((name) => !names.includes(name)),
  };
}

/** The x ≥ 0 of least squares, of which equations that it leaves far off count less; those that hold x always count in full. */
function robustFit(equations: readonly Equation[], holds: readonly Equation[]): readonly number[] {
  let fitted = nonNegativeLeastSquares([...equations, ...holds]);
  for (let round = 0; round < reweightings; round++) {
    const weighted = equations.map(({ coefficients, target }) => {
      const error = Math.abs(coefficients.reduce((sum, value, i) => sum + value * fitted[i]!, -target));
      const weight = Math.sqrt(Math.min(1, fullError / error));
      return { coefficients: coefficients.map((value) => value * weight), target: target * weight };
    });
    fitted = nonNegativeLeastSquares([...weighted, ...holds]);
  }
  return fitted;
}

/** Three significant digits: what is beyond them is noise. */
const rounded = (value: number): number => Number(value.toPrecision(3));

function predicted({ units, rest, least }: MeasuredTerms, calibration: CudaCalibration): number {
  const sum = [...units].reduce((total, [name, unit]) => total + unit * calibration[name], rest);
  return Math.max(sum, least);
}

function measuredTerms(
  device: CudaDevice,
  measurements: readonly Measurement[],
): { readonly found: readonly MeasuredTerms[]; readonly leftOut: CalibrationFit["leftOut"] } {
  const found: MeasuredTerms[] = [];
  const leftOut: { measurement: Measurement; reason: string }[] = [];
  for (const measurement of measurements) {
    try {
      found.push(termsOf(device, measurement));
    } catch (error) {
      if (!(error instanceof KernelgenError)) throw error;
      leftOut.push({ measurement, reason: error.message });
    }
  }
  return { found, leftOut };
}

function termsOf(device: CudaDevice, measurement: Measurement): MeasuredTerms {
  const { problem, parameters } = measurement;
  const family = familiesFor(device).find(({ name }) => name === measurement.family);
  if (family === undefined) throw new KernelgenError("invalid-problem", `no family ${measurement.family}`);
  // Budgets are left out: a kernel that ran is a measurement, whatever the model's estimates say of its registers.
  const stated = stateTiling(problem, device, family, parameters, () => false);
  const { tiling } = stated;
  const { solution } = stated.model.solve();
  if (solution === undefined) {
    throw new KernelgenError("invalid-problem", `${family.name} has no such tiling of ${problemText(problem)}`);
  }
  const value = evaluator(solution);
  const units = new Map<ConstantName, number>();
  let [rest, sum] = [0, 0];
  for (const { amount, price, calibrated } of tiling.costTerms) {
    const count = value(amount);
    sum += count * price;
    if (calibrated === undefined) rest += count * price;
    else {
      const name = calibrated.constant as ConstantName;
      units.set(name, (units.get(name) ?? 0) + (count * calibrated.unitPrice) / picosecondsPerMicrosecond);
    }
  }
  const cost = value(tiling.cost);
  return {
    measurement,
    units,
    rest: rest / picosecondsPerMicrosecond,
    least: cost > sum ? cost / picosecondsPerMicrosecond : 0,
  };
}

/** The root mean square of relative errors, and the largest, with its sign. */
export function errorsOf(
  comparisons: readonly Comparison[],
  which: "before" | "after",
): { readonly rootMeanSquare: number; readonly worst: number } {
  const errors = comparisons.map((comparison) => comparison[which] / comparison.measurement.microseconds - 1);
  return {
    rootMeanSquare: Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length),
    worst: errors.reduce((worst, error) => (Math.abs(error) > Math.abs(worst) ? error : worst), 0),
  };
}
