import { closestName } from "constrint/names";
import type { Device } from "../device.js";
import { cudaDevices, driverNames } from "./cuda/devices.js";
import { webGpuDevices } from "./webgpu/devices.js";

/** All devices of the catalogue. */
export const devices: readonly Device[] = Object.freeze([...cudaDevices, ...webGpuDevices]);

/** No device of the catalogue has the name that was asked for. */
export class UnknownDeviceError extends Error {
  readonly code = "unknown-device";
  override readonly name = "UnknownDeviceError";

  constructor(
    /** The name that was asked for. */
    readonly requested: string,
    /** The id most like it, if one is like it. */
    readonly closestId: string | undefined,
    /** All ids of the catalogue. */
    readonly knownIds: readonly string[],
  ) {
    const hint = closestId === undefined ? "." : `: did you mean "${closestId}"?`;
    super(`unknown device ${JSON.stringify(requested)}${hint} Known devices: ${knownIds.join(", ")}`);
  }
}

const normalized = (name: string): string => name.toLowerCase().replaceAll(/[-_\s]/g, "");

/** The spellings under which a device is found: its id, its name with and without the vendor's, and the driver's name. */
function spellings({ id, name }: Device): string[] {
  return [id, name, name.replace(/^NVIDIA (GeForce )?/, ""), driverNames.get(id) ?? name].map(normalized);
}

const bySpelling: ReadonlyMap<string, Device> = new Map(
  devices.flatMap((device) => spellings(device).map((spelling): [string, Device] => [spelling, device])),
);

/**
 * The device of the catalogue with this id or name; case, `-`, `_` and spaces do not count.
 *
 * `findDevice("rtx-4090")`, `findDevice("RTX 4090")` and `findDevice("NVIDIA GeForce RTX 4090")` are the same device.
 *
 * @throws {UnknownDeviceError} if there is none; the message lists all ids, and one that is like it.
 */
export function findDevice(idOrName: string): Device {
  const wanted = normalized(idOrName);
  const device = bySpelling.get(wanted);
  if (device) return device;
  const ids = devices.map(({ id }) => id);
  const closest = closestName(wanted, ids.map(normalized));
  throw new UnknownDeviceError(
    idOrName,
    ids.find((id) => normalized(id) === closest),
    ids,
  );
}
