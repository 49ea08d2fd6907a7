import type { DataType } from "../plan/data-type.js";
import type { Problem } from "../plan/problem.js";

/**
 * Largest error of an output against float64 over a thousand steps of random inputs (`randomInputs`), by data type: absolute where the
 * expected value lies within ±1, relative to it beyond.
 */
export const tolerances: Readonly<Record<DataType, number>> = { bf16: 2e-2, fp16: 4e-3, fp32: 1e-4 };

/** Largest error of a gradient, |actual − expected| / |expected| by Euclidean norms of the whole tensor, over a thousand steps. */
const gradientTolerances: Readonly<Record<DataType, number>> = { bf16: 2e-2, fp16: 4e-3, fp32: 1e-5 };

/** The tolerance of a problem's outputs. Products in tf32 have the significand of fp16, whose tolerances are theirs. */
export const toleranceOf = ({ pass, dataType, tf32 }: Problem): number =>
  (pass === "forward" ? tolerances : gradientTolerances)[tf32 ? "fp16" : dataType];

/** The error of a value as `tolerances` mean it. */
export const errorOf = (actual: number, expected: number): number =>
  Math.abs(actual - expected) / Math.max(1, Math.abs(expected));

/** Largest error of a scan's output against float64, as `tolerances`, over as many as 65536 steps. */
export const scanTolerances: Readonly<Record<DataType, number>> = { bf16: 1e-2, fp16: 2e-3, fp32: 1e-5 };
