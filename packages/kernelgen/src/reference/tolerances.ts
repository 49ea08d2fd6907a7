import type { DataType } from "../plan/data-type.js";

/** Largest absolute error of an output against float64 over a thousand steps of random inputs (`randomInputs`), by data type. */
export const tolerances: Readonly<Record<DataType, number>> = { bf16: 2e-2, fp32: 1e-4 };
