import { findDevice, UnknownDeviceError } from "../catalog/find-device.js";
import type { Device } from "../device.js";
import { deepFreeze } from "../freeze.js";
import { type DeviceSource, numberPaths, sourceOf } from "../source.js";
import { inconsistencies } from "./consistency.js";
import { cudaFields } from "./cuda-fields.js";
import { type FieldProblem, problemsOf } from "./field.js";
import { webGpuFields } from "./webgpu-fields.js";

/** A device description that a user gave is not one. */
export class InvalidDeviceError extends Error {
  readonly code = "invalid-device";
  override readonly name = "InvalidDeviceError";

  constructor(
    /** What was read, e.g. the name of a file. */
    readonly origin: string,
    /** Everything that is wrong with it; empty if it is no JSON object at all. */
    readonly problems: readonly FieldProblem[],
    message = problems.map(({ field, message }) => `${field}: ${message}`).join("\n  "),
  ) {
    super(`${origin}: ${message}`);
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `base` with the fields of `change` in place of its own; objects are merged, lists and numbers are replaced. */
function merged(base: JsonObject, change: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(change)) {
    const own = Object.hasOwn(base, name) ? base[name] : undefined;
    // A plain assignment to "__proto__" would change the prototype instead of being refused as an unknown field.
    Object.defineProperty(result, name, {
      value: isObject(own) && isObject(value) ? merged(own, value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/**
 * A device from JSON text: complete, as `deviceJson` writes it, or the changes to a catalogued device that `extends`
 * names.
 *
 * ```json
 * { "extends": "h200", "id": "half-h200", "name": "half of an H200", "multiprocessorCount": 66 }
 * ```
 *
 * Numbers that the text gives count as reported by it unless its `sources` say otherwise. Numbers that follow from
 * changed ones in the catalogue (the L2's rate from the clock) stay as they were.
 *
 * @param origin what the text is, for messages and sources, e.g. the file's name.
 * @throws {InvalidDeviceError} naming every wrong field, its value and what is expected, and unknown fields.
 */
export function parseDevice(text: string, origin: string): Device {
  const given = jsonObject(text, origin);
  const { extends: base, ...changes } = given;
  if (base !== undefined && typeof base !== "string") {
    const message = `needs the id of a catalogued device, got ${JSON.stringify(base)}`;
    throw new InvalidDeviceError(origin, [{ field: "extends", message }]);
  }
  const catalogued = base === undefined ? undefined : extended(base, origin);
  const complete = catalogued === undefined ? changes : changed(catalogued, changes);
  const { kind } = complete;
  if (kind !== "cuda" && kind !== "webgpu") {
    const message = `needs "cuda" or "webgpu" (or "extends" with a catalogued device), got ${JSON.stringify(kind) ?? "nothing"}`;
    throw new InvalidDeviceError(origin, [{ field: "kind", message }]);
  }
  const problems = problemsOf(
    { ...complete, sources: changes.sources ?? [] },
    kind === "cuda" ? cudaFields : webGpuFields,
  );
  if (problems.length > 0) throw new InvalidDeviceError(origin, problems);
  const { sources: ownSources, ...numbers } = changes;
  const own = (ownSources ?? []) as readonly DeviceSource[];
  const unsourced = numberPaths(numbers).filter((path) => sourceOf(own, path) === undefined);
  const ofText: readonly DeviceSource[] =
    unsourced.length === 0 ? [] : [{ covers: unsourced, kind: "reported", from: origin }];
  const inherited = catalogued?.sources ?? [];
  const device = { ...complete, sources: [...inherited, ...own, ...ofText] } as unknown as Device;
  const contradictions = inconsistencies(device);
  if (contradictions.length > 0) throw new InvalidDeviceError(origin, contradictions);
  return deepFreeze(structuredClone(device));
}

/** The catalogued device that a description starts from. */
function extended(base: string, origin: string): Device {
  try {
    return findDevice(base);
  } catch (error) {
    if (!(error instanceof UnknownDeviceError)) throw error;
    throw new InvalidDeviceError(origin, [{ field: "extends", message: error.message }]);
  }
}

/** The catalogued device with changes, under a name that is not its own. */
function changed(base: Device, changes: JsonObject): JsonObject {
  const named = { id: `${base.id}-modified`, name: `${base.name}, modified`, ...changes };
  return merged(base as unknown as JsonObject, named);
}

function jsonObject(text: string, origin: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidDeviceError(origin, [], `is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new InvalidDeviceError(origin, [], "is not a JSON object");
  return value;
}

/** A device as JSON text that {@link parseDevice} reads back to an equal device. */
export const deviceJson = (device: Device): string => JSON.stringify(device, undefined, 2);
