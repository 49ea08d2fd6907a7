import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Device, findDevice, parseDevice } from "hwmodels";
import { KernelgenError } from "./errors.js";

/** No device of the catalogue has a name like these. */
const isPath = (text: string): boolean => text.endsWith(".json") || /[/\\]/.test(text);

/** The file that describes the device; undefined for a name of the catalogue. */
export const deviceFile = (text: string, directory = "."): string | undefined =>
  isPath(text) ? resolve(directory, text) : undefined;

/**
 * The device of the catalogue with this name, or the one that this file describes (`kernelgen devices show NAME --json`
 * writes one to start from).
 *
 * @param directory what the path of a file is relative to
 * @throws {UnknownDeviceError}, `InvalidDeviceError` for a wrong description, `KernelgenError` "invalid-problem" for a
 * file that cannot be read.
 */
export function deviceNamed(text: string, directory = "."): Device {
  const file = deviceFile(text, directory);
  if (file === undefined) return findDevice(text);
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    throw new KernelgenError("invalid-problem", `device: cannot read ${text}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseDevice(content, text);
}
