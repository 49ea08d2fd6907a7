import type { Device } from "hwmodels";
import type { DataType } from "./data-type.js";

/** The data type where none is asked for: what each kind of device is fastest in and always has. */
export const defaultDataType = (device: Device): DataType => (device.kind === "cuda" ? "bf16" : "fp32");
