import { type CudaDevice, capabilityText, type Device, devices, type WebGpuDevice } from "hwmodels";
import type { InferredOptionTypes, Options } from "yargs";
import { KernelgenError } from "../../errors.js";
import { colors } from "../colors.js";
import { integerText, plainTable } from "../plain-table.js";

/** The options of the list; not those of the commands below it. */
export const listOptions = {
  vendor: { type: "string", requiresArg: true, global: false, describe: "Only this vendor's, for example nvidia" },
  api: { choices: ["cuda", "webgpu"] as const, requiresArg: true, global: false, describe: "Only devices of this API" },
  json: { type: "boolean", default: false, global: false, describe: "Print the descriptions as one JSON list" },
} as const satisfies Record<string, Options>;

const vendors: readonly string[] = [...new Set(devices.map(({ vendor }) => vendor))].sort();

/** Prints the devices of the catalogue that the options leave. */
export function listDevices({ vendor, api, json }: InferredOptionTypes<typeof listOptions>): void {
  const wanted = vendor?.toLowerCase();
  if (wanted !== undefined && !vendors.includes(wanted)) {
    throw new KernelgenError("invalid-problem", `unknown vendor "${vendor}"; known vendors: ${vendors.join(", ")}`);
  }
  const listed = devices.filter(
    (device) => (wanted === undefined || device.vendor === wanted) && (api === undefined || device.kind === api),
  );
  if (listed.length === 0) {
    throw new KernelgenError("no-configuration", `no ${api} device of vendor "${vendor}" is known`);
  }
  console.log(json ? JSON.stringify(listed, undefined, 2) : listText(listed));
}

function listText(listed: readonly Device[]): string {
  const cuda = listed.filter((device) => device.kind === "cuda");
  const webGpu = listed.filter((device) => device.kind === "webgpu");
  const parts = [
    ...(cuda.length > 0 ? [colors.bold("CUDA"), cudaTable(cuda)] : []),
    ...(cuda.length > 0 && webGpu.length > 0 ? [""] : []),
    ...(webGpu.length > 0 ? [colors.bold("WebGPU"), webGpuTable(webGpu)] : []),
  ];
  return parts.join("\n");
}

const kibibytes = (bytes: number): string => integerText(bytes / 2 ** 10);
const mebibytes = (bytes: number): string => integerText(bytes / 2 ** 20);

const cudaTable = (rows: readonly CudaDevice[]): string =>
  plainTable(
    [
      ["id", "capability", "multi-", "MHz", "shared KiB", "L2 MiB", "memory", "clusters", "name"],
      ["", "", "processors", "", "a block", "", "GB/s", "up to", ""],
      ...rows.map((device) => [
        device.id,
        capabilityText(device.computeCapability),
        integerText(device.multiprocessorCount),
        integerText(Math.round(device.timing.clockMegahertz)),
        kibibytes(device.sharedBytesPerBlockOptin),
        mebibytes(device.l2Bytes),
        integerText(Math.round(device.timing.memoryBytesPerSecond / 1e9)),
        device.clusters === null ? "-" : integerText(device.clusters.maxBlocks ?? device.clusters.maxPortableBlocks),
        device.name,
      ]),
    ],
    ["left", "right", "right", "right", "right", "right", "right", "right", "left"],
  );

const webGpuTable = (rows: readonly WebGpuDevice[]): string =>
  plainTable(
    [
      ["id", "vendor", "workgroup", "invocations", "subgroups", "storage binding", "features", "name"],
      ["", "", "KiB", "", "", "MiB", "", ""],
      ...rows.map(({ id, vendor, limits, subgroupSizes, features, name }) => [
        id,
        vendor,
        kibibytes(limits.maxComputeWorkgroupStorageSize),
        integerText(limits.maxComputeInvocationsPerWorkgroup),
        subgroupSizes === null ? "-" : [...new Set([subgroupSizes.min, subgroupSizes.max])].join(" to "),
        mebibytes(Math.floor(limits.maxStorageBufferBindingSize / 2 ** 20) * 2 ** 20),
        features.filter((feature) => feature !== "subgroups").join(", ") || "-",
        name,
      ]),
    ],
    ["left", "left", "right", "right", "right", "right", "left", "left"],
  );
