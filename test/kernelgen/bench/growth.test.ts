import { describe, expect, it } from "vitest";
import { fitPowerLaw } from "../../../packages/kernelgen/src/bench/growth.js";

describe("fitPowerLaw", () => {
  it("finds a law that its points follow, and the middle of points on both sides of one", () => {
    const law = fitPowerLaw([1, 4, 64].map((steps) => [steps, 3 * steps ** 1.5]));
    expect(law!.scale).toBeCloseTo(3, 12);
    expect(law!.exponent).toBeCloseTo(1.5, 12);
    const between = fitPowerLaw([
      [10, 2],
      [10, 8],
      [1000, 4],
    ]);
    expect(between!.exponent).toBeCloseTo(0, 12);
    expect(between!.scale).toBeCloseTo(4, 12);
  });

  it("has none for points of one number of steps", () => {
    expect(fitPowerLaw([[5, 1]])).toBeUndefined();
    expect(
      fitPowerLaw([
        [5, 1],
        [5, 2],
      ]),
    ).toBeUndefined();
  });
});
