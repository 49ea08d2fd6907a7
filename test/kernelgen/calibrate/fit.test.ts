import fc from "fast-check";
import { type CudaDevice, findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { calibratedDevice } from "../../../packages/kernelgen/src/calibrate/calibrated-device.js";
import { errorsOf, fitCalibration } from "../../../packages/kernelgen/src/calibrate/fit.js";
import { type Measurement, parseMeasurements } from "../../../packages/kernelgen/src/calibrate/measurement.js";
import { measuringFiles } from "../../../packages/kernelgen/src/calibrate/measuring-files.js";
import {
  type Equation,
  nonNegativeLeastSquares,
} from "../../../packages/kernelgen/src/calibrate/non-negative-least-squares.js";
import { randomTilings } from "../../../packages/kernelgen/src/calibrate/random-tilings.js";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { propertySeed } from "../../support/property-seed.js";

const h200 = findDevice("h200") as CudaDevice;
const tilings = randomTilings(h200, 24, 3);

describe("nonNegativeLeastSquares", () => {
  const squares = (equations: readonly Equation[], x: readonly number[]): number =>
    equations.reduce(
      (sum, { coefficients, target }) =>
        sum + (coefficients.reduce((total, value, i) => total + value * x[i]!, 0) - target) ** 2,
      0,
    );
  const real = fc.double({ min: -4, max: 4, noNaN: true });
  const systems = fc
    .integer({ min: 1, max: 3 })
    .chain((unknowns) =>
      fc.array(
        fc.record({ coefficients: fc.array(real, { minLength: unknowns, maxLength: unknowns }), target: real }),
        { minLength: 1, maxLength: 8 },
      ),
    );

  it("finds no worse a point than any on a grid or near its own, and none below zero", () => {
    fc.assert(
      fc.property(systems, (equations) => {
        const x = nonNegativeLeastSquares(equations);
        expect(Math.min(...x)).toBeGreaterThanOrEqual(0);
        const found = squares(equations, x);
        const others = [0, 0.25, 0.5, 1, 2, 4];
        const points = x.reduce<number[][]>(
          (points, own) =>
            points.flatMap((point) =>
              [...others, own * 1.01, own * 0.99, own + 0.001].map((value) => [...point, value]),
            ),
          [[]],
        );
        for (const point of points) expect(squares(equations, point)).toBeGreaterThanOrEqual(found - 1e-6);
      }),
      { seed: propertySeed, numRuns: 100 },
    );
  });
});

describe("fitCalibration", () => {
  const { calibration } = h200.timing;
  /** Another device, whose constants are to be found out. */
  const truth = Object.fromEntries(
    Object.entries(calibration).map(([name, value], index) => [name, value * (index % 2 === 0 ? 1.6 : 0.6)]),
  ) as unknown as CudaDevice["timing"]["calibration"];
  const other: CudaDevice = { ...h200, timing: { ...h200.timing, calibration: truth } };
  const measurements = tilings.flatMap(({ plan, family }): Measurement[] => {
    const timed = solveFamily(plan.problem, other, family, plan.parameters).plan;
    return timed === undefined
      ? []
      : [
          {
            name: plan.hash,
            problem: plan.problem,
            family: family.name,
            parameters: plan.parameters,
            microseconds: timed.predictedMicrosecondsPerStep,
          },
        ];
  });

  it("predicts the times of a device with other constants better than before, each of them", () => {
    expect(measurements.length).toBe(tilings.length);
    const fit = fitCalibration(h200, measurements);
    expect(fit.leftOut).toEqual([]);
    const [before, after] = [errorsOf(fit.comparisons, "before"), errorsOf(fit.comparisons, "after")];
    expect(before.rootMeanSquare).toBeGreaterThan(0.05);
    expect(after.rootMeanSquare).toBeLessThan(0.02);
    // What it predicts is what a search on the fitted device predicts.
    const fitted = calibratedDevice(h200, fit, "a test");
    for (const { measurement, after: predicted } of fit.comparisons) {
      const family = familiesFor(fitted).find(({ name }) => name === measurement.family)!;
      const { plan } = solveFamily(measurement.problem, fitted, family, measurement.parameters);
      // A search's prices are whole picoseconds.
      expect(Math.abs(plan!.predictedMicrosecondsPerStep / predicted - 1)).toBeLessThan(0.02);
    }
  });

  it("is not dragged along by kernels that take twice as long for a reason of their own", () => {
    const isSlow = (index: number): boolean => index % 6 === 0;
    const dragged = measurements.map((one, index) => ({
      ...one,
      microseconds: (isSlow(index) ? 2 : 1) * one.microseconds,
    }));
    const { comparisons } = fitCalibration(h200, dragged);
    const others = comparisons.filter((_, index) => !isSlow(index));
    expect(errorsOf(others, "after").rootMeanSquare).toBeLessThan(0.04);
  });

  it("leaves out tilings that the model does not have, and says why", () => {
    const strange = { ...measurements[0]!, parameters: { warps: 3 } };
    const { leftOut, comparisons } = fitCalibration(h200, [strange, ...measurements.slice(1, 4)]);
    expect(leftOut).toEqual([{ measurement: strange, reason: expect.stringContaining('has no unknown "warps"') }]);
    expect(comparisons.length).toBe(3);
    expect(() => fitCalibration(h200, [strange])).toThrow(/none of the measurements is of a tiling for NVIDIA H200/);
  });
});

describe("parseMeasurements", () => {
  const line = (entry: object): string => JSON.stringify({ ...JSON.parse(good), ...entry });
  const good = JSON.stringify({
    name: "a",
    problem: { cell: "lstm", headDim: 64 },
    family: "resident",
    parameters: { unitsPerThread: 1 },
    microseconds: 0.5,
  });

  it("reads one object a line, and an array", () => {
    const [first] = parseMeasurements(`${good}\n`, "f");
    expect(first).toMatchObject({ name: "a", family: "resident", microseconds: 0.5, problem: { headDim: 64 } });
    expect(parseMeasurements(`[${good},${good}]`, "f")).toEqual([first, first]);
  });

  it.for([
    ["", "f: has no measurements"],
    ["{", /^f: is not JSON: /],
    [line({ microseconds: 0 }), "f: measurement 1: microseconds: needs a number above 0, got 0"],
    [`${good}\n${line({ family: 3 })}`, "f: measurement 2: family: needs a text, got 3"],
    [line({ parameters: { a: 1.5 } }), 'f: measurement 1: parameters: needs integers by name, got {"a":1.5}'],
    [line({ problem: { cell: "lstm", headDim: 0 } }), "head dimension: 0 is not an integer from 1 to 16384"],
  ] as const)("refuses %j", ([text, message]) => {
    expect(() => parseMeasurements(text, "f")).toThrow(message);
  });
});

describe("the files that measure", () => {
  it("are every kernel's source with its measurement, once the includes, and one script", () => {
    const names = measuringFiles(tilings.slice(0, 3)).map(({ name }) => name);
    expect(names.filter((name) => name.endsWith("/measurement.json"))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith("include/")).length).toBeGreaterThan(2);
    expect(names.filter((name) => !name.includes("/"))).toEqual(["measure.sh"]);
  });

  it("hold what parseMeasurements reads when the time is added", () => {
    for (const { name, content } of measuringFiles(tilings.slice(0, 3))) {
      if (!name.endsWith("/measurement.json")) continue;
      const timed = String(content).replace(/}\n$/, ',"microseconds":1.25}\n');
      expect(parseMeasurements(timed, name)[0]!.microseconds).toBe(1.25);
    }
  });
});
