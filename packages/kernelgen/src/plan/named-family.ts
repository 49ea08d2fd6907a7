import type { Device } from "hwmodels";
import { KernelgenError } from "../errors.js";
import type { KernelFamily } from "./family.js";

/** All families, or the one of that name. Throws `KernelgenError` "invalid-problem" if there is none. */
export function familiesOfName(
  families: readonly KernelFamily[],
  name: string | undefined,
  device: Device,
): readonly KernelFamily[] {
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
