import { createHash } from "node:crypto";
import { type Device, deviceJson } from "hwmodels";
import { cellFingerprint } from "../cell/fingerprint.js";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import { defaultDataType } from "../plan/default-data-type.js";
import { problemToJson } from "../plan/plan-json.js";
import { defineProblem, type Problem, type ProblemOptions } from "../plan/problem.js";
import { hasSubgroupMatrices, type OnRequest } from "../wgsl/families-on-request.js";
import type { RecurrentOptions } from "../wgsl/recurrent/plan-recurrent.js";
import { type KernelDefinition, webGpuTiers } from "./definition.js";
import type { Tool } from "./tool.js";

/** All that a kernel's files for one device depend on. */
export interface KernelInput {
  readonly name: string;
  readonly problem: Problem;
  /** The whole network that is asked for; undefined for a kernel alone. */
  readonly network: RecurrentOptions | undefined;
  readonly device: Device;
  readonly family: string | undefined;
  readonly onRequest: OnRequest;
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
  const { name, devices = webGpuTiers, family, inputDim, layers, bidirectional, ...rest } = definition;
  const { assumeForwardProgress, subgroupMatrices, ...options } = rest;
  const described = devices.map((text) => deviceNamed(text, directory));
  // Where some of the devices have subgroup matrices, the others are tiers for adapters without.
  const haveMatrices = described.some(hasSubgroupMatrices);
  const inputs = described.map((device) => {
    const withMatrices = subgroupMatrices && (!haveMatrices || hasSubgroupMatrices(device));
    const onRequest = { assumeForwardProgress, subgroupMatrices: withMatrices };
    const problem = problemOf(name, { ...options, dataType: options.dataType ?? defaultDataType(device) });
    const network = inputDim === undefined ? undefined : networkOptions(definition, device, onRequest);
    const plain = JSON.stringify([
      name,
      problemToJson(problem),
      // The code of known cells is a part of the tool.
      typeof options.cell === "string" ? null : cellFingerprint(options.cell),
      network && { ...network, cell: problem.cell.name },
      deviceJson(device),
      family,
      onRequest,
      tool,
    ]);
    return { name, problem, network, device, family, onRequest, hash: sha256(plain) };
  });
  const ids = inputs.map(({ device }) => device.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new KernelgenError("invalid-config", `kernel ${name}: two of its devices are called ${twice}`);
  }
  return inputs;
}

/** The problem of a definition; an error's message begins with the kernel. */
function problemOf(name: string, options: ProblemOptions): Problem {
  try {
    return defineProblem(options);
  } catch (error) {
    if (!(error instanceof KernelgenError)) throw error;
    throw new KernelgenError(error.code, `kernel ${name}: ${error.message}`, { cause: error });
  }
}

/** What `planRecurrent` is asked for. A network runs on WebGPU, forward, and for any number of steps. */
function networkOptions(definition: KernelDefinition, device: Device, onRequest: OnRequest): RecurrentOptions {
  const { name, cell, inputDim, headDim, heads, batch, layers, bidirectional, steps, dataType, training, family } =
    definition;
  const wrong = (message: string): KernelgenError => new KernelgenError("invalid-config", `kernel ${name}: ${message}`);
  if (device.kind !== "webgpu") throw wrong(`a network (inputDim) runs on WebGPU devices, and ${device.name} is none`);
  const ofKernels = [
    "pass",
    "stateOutput",
    "forwardClip",
    "recurrentGradientClip",
    "recurrentGradientCut",
    "lengths",
  ] as const;
  for (const field of ofKernels) {
    if (definition[field] !== undefined) throw wrong(`${field} has no meaning for a network (inputDim)`);
  }
  const sizes = { cell, inputDim, headDim, heads, batch, layers, bidirectional, steps, dataType, training };
  const options = { ...sizes, family, ...onRequest };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as RecurrentOptions;
}

/** The directory of a kernel's files for one device, within a build's. */
export const kernelDirectory = ({ name, device }: Pick<KernelInput, "name" | "device">): string =>
  `${name}/${device.id}`;

/** SHA-256 in hexadecimal digits. */
export const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
