import { describe, expect, test } from "vitest";
import { Model, type Progress, type SearchEngine, sum } from "../../../packages/constrint/src/index.js";

const ENGINES: readonly SearchEngine[] = ["depth-first", "learning"];

/** Minimise a sum of distinct-by-three numbers: many improvements, many nodes. */
function spread(n: number): { model: Model; cost: ReturnType<typeof sum> } {
  const model = new Model();
  const x = Array.from({ length: n }, (_, i) => model.int(`x${i}`, 0, 3 * n));
  x.forEach((xi, i) => {
    for (const [j, xj] of x.slice(0, i).entries())
      model.add(
        xi
          .minus(xj)
          .abs()
          .ge(((i * j) % 3) + 1),
      );
  });
  return { model, cost: sum(x) };
}

describe("onProgress", () => {
  test.each(ENGINES)("reports growing counts, a falling objective and a bound below it (%s)", (engine) => {
    const { model, cost } = spread(6);
    const reports: Progress[] = [];
    const result = model.minimize(cost, {
      engine,
      progressIntervalMilliseconds: 0,
      onProgress: (progress) => reports.push(progress),
    });
    expect(result.status).toBe("optimal");
    expect(reports.length).toBeGreaterThan(2);
    let previous: Progress | undefined;
    for (const report of reports) {
      expect(report.depth).toBeLessThanOrEqual(report.peakDepth);
      expect(report.bound ?? -Infinity).toBeLessThanOrEqual(result.objective!);
      expect(report.objective ?? Infinity).toBeGreaterThanOrEqual(result.objective!);
      if (previous !== undefined) {
        for (const name of ["nodes", "failures", "propagations", "solutions", "restarts", "seconds"] as const) {
          expect(report[name]).toBeGreaterThanOrEqual(previous[name]);
        }
        expect(report.objective ?? Infinity).toBeLessThanOrEqual(previous.objective ?? Infinity);
      }
      previous = report;
    }
    expect(previous!.objective).toBeDefined();
    expect(previous!.nodes).toBeLessThanOrEqual(result.statistics.nodes);
  });

  test("is called at most once in the interval", () => {
    const { model, cost } = spread(6);
    let calls = 0;
    const result = model.minimize(cost, { progressIntervalMilliseconds: 20, onProgress: () => calls++ });
    expect(calls).toBeLessThanOrEqual(result.statistics.seconds / 0.02);
  });

  test.each(ENGINES)("may abort a synchronous search (%s)", (engine) => {
    const { model, cost } = spread(30);
    const stop = new AbortController();
    const result = model.minimize(cost, {
      engine,
      signal: stop.signal,
      progressIntervalMilliseconds: 1,
      onProgress: ({ nodes }) => {
        if (nodes > 200) stop.abort();
      },
    });
    expect(["satisfied", "unknown"]).toContain(result.status);
    expect(result.statistics.nodes).toBeGreaterThan(200);
  });

  test("an interval must be a number ≥ 0", () => {
    expect(() => new Model().solve({ progressIntervalMilliseconds: Number.NaN })).toThrow(
      "progressIntervalMilliseconds: NaN is not a number ≥ 0",
    );
  });
});
