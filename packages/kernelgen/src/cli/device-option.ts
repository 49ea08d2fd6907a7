import { readFileSync } from "node:fs";
import { type Device, findDevice, parseDevice } from "hwmodels";
import { KernelgenError } from "../errors.js";

/** What `--device` takes, for help. */
export const deviceDescription =
  "Device, for example h200, or a JSON file that describes one, for example ./my-gpu.json";

/** No device of the catalogue has a name like these. */
const isPath = (text: string): boolean => text.endsWith(".json") || /[/\\]/.test(text);

/**
 * The device of the catalogue with this name, or the one that this file describes (`kernelgen devices show NAME --json`
 * writes one to start from).
 *
 * Throws `UnknownDeviceError`, `InvalidDeviceError` for a wrong description, `KernelgenError` "invalid-problem" for a
 * file that cannot be read.
 */
export function deviceNamed(text: string): Device {
  if (!isPath(text)) return findDevice(text);
  let content: string;
  try {
    content = readFileSync(text, "utf8");
  } catch (error) {
    throw new KernelgenError("invalid-problem", `--device: cannot read ${text}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseDevice(content, text);
}
