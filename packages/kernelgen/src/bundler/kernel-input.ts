import { createHash } from "node:crypto";
import { type Device, deviceJson } from "hwmodels";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import { defaultDataType } from "../plan/default-data-type.js";
import { problemToJson } from "../plan/plan-json.js";
import { defineProblem, type Problem } from "../plan/problem.js";
import { type KernelDefinition, webGpuTiers } from "./definition.js";
import type { Tool } from "./tool.js";

/** All that a kernel's files for one device depend on. */
export interface KernelInput {
  readonly name: string;
  readonly problem: Problem;
  readonly device: Device;
  readonly family: string | undefined;
  /** SHA-256 of everything above and of the tool: the same hash gives the same files. */
  readonly hash: string;
}

/**
 * The inputs of a kernel, one for each of its devices.
 *
 * Throws what `deviceNamed` and `defineProblem` throw.
 *
 * @param directory what paths of device files are relative to
 */
export function kernelInputs(definition: KernelDefinition, directory: string, tool: Tool): readonly KernelInput[] {
  const { name, devices = webGpuTiers, family, ...options } = definition;
  const inputs = devices.map((text) => {
    const device = deviceNamed(text, directory);
    const problem = defineProblem({ ...options, dataType: options.dataType ?? defaultDataType(device) });
    const plain = JSON.stringify([name, problemToJson(problem), deviceJson(device), family ?? null, tool]);
    return { name, problem, device, family, hash: sha256(plain) };
  });
  const ids = inputs.map(({ device }) => device.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new KernelgenError("invalid-config", `kernel ${name}: two of its devices are called ${twice}`);
  }
  return inputs;
}

/** The directory of a kernel's files for one device, within a build's. */
export const kernelDirectory = ({ name, device }: Pick<KernelInput, "name" | "device">): string =>
  `${name}/${device.id}`;

/** SHA-256 in hexadecimal digits. */
export const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
