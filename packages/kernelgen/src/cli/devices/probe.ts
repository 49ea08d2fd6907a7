import { type Device, deviceJson } from "hwmodels";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { KernelgenError } from "../../errors.js";
import { numberFrom } from "../problem-options.js";
import { type ProbeSource, probeCudaRuntime, probeNvidiaSmi, probeWebGpu } from "./probe-sources.js";

const options = {
  api: { choices: ["cuda", "webgpu"] as const, requiresArg: true, describe: "Look for devices of this API alone" },
  index: { type: "string", requiresArg: true, default: "0", describe: "Which of the devices found to print" },
  json: {
    type: "boolean",
    default: false,
    describe: "Print what every source said and all devices as one JSON object",
  },
} as const satisfies Record<string, Options>;

/** `kernelgen devices probe`: describes the GPU of this machine. */
export const probeCommand: CommandModule<object, InferredOptionTypes<typeof options>> = {
  command: "probe",
  describe: "Describe this machine's GPU: nvidia-smi, the CUDA runtime (through nvcc), WebGPU",
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 devices probe > here.json", "then: kernelgen config --device ./here.json …")
      .example("$0 devices probe --api webgpu", "the WebGPU adapter alone")
      .epilogue("Standard error says what each source found. Exit code 3 if there is no device."),
  async handler({ api, index: indexText, json }) {
    const index = numberFrom("index", indexText);
    if (!Number.isInteger(index) || index < 0) {
      throw new KernelgenError("invalid-problem", `index: ${indexText} is not a whole number from 0`);
    }
    const sources = await probe(api);
    const found = devicesOf(sources);
    if (found.length === 0) {
      const said = sources.map(({ name, says }) => `  ${name}: ${says}`);
      throw new KernelgenError("no-device", `no ${api ?? "GPU"} device found on this machine\n${said.join("\n")}`);
    }
    if (json) {
      const said = sources.map(({ name, devices, says }) => ({ name, found: devices.length, says }));
      console.log(JSON.stringify({ sources: said, devices: found }, undefined, 2));
      return;
    }
    for (const { name, says } of sources) console.error(`${name}: ${says}`);
    const device = found[index];
    if (device === undefined) {
      const names = found.map(({ name }, position) => `${position} ${name}`);
      throw new KernelgenError(
        "invalid-problem",
        `index: ${index} is not one of the devices found: ${names.join(", ")}`,
      );
    }
    console.log(deviceJson(device));
  },
};

async function probe(api: "cuda" | "webgpu" | undefined): Promise<readonly ProbeSource[]> {
  return [
    ...(api === "webgpu" ? [] : [await probeCudaRuntime(), await probeNvidiaSmi()]),
    ...(api === "cuda" ? [] : [await probeWebGpu()]),
  ];
}

/** The devices found: of CUDA those of the first source that has any, since nvidia-smi sees the same GPUs as the runtime. */
function devicesOf(sources: readonly ProbeSource[]): readonly Device[] {
  const cuda = sources.find(({ devices }) => devices.some(({ kind }) => kind === "cuda"));
  const webGpu = sources.flatMap(({ devices }) => devices.filter(({ kind }) => kind === "webgpu"));
  return [...(cuda?.devices ?? []), ...webGpu];
}
