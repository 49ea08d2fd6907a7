import type { Device } from "hwmodels";
import { KernelgenError } from "../errors.js";
import { familiesFor } from "../families.js";
import type { KernelFamily } from "../plan/family.js";

/** The families to consider: all of the device's, or the one of that name. */
export function familiesNamed(name: string | undefined, device: Device): readonly KernelFamily[] {
  const families = familiesFor(device);
  if (name === undefined) return families;
  const named = families.filter((family) => family.name === name);
  if (named.length === 0) {
    throw new KernelgenError(
      "invalid-problem",
      `unknown family "${name}"; families for ${device.name}: ${families.map((family) => family.name).join(", ")}`,
    );
  }
  return named;
}
