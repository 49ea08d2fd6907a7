import {
  type CudaDevice,
  capabilityText,
  clusterSharedBytes,
  type Device,
  deviceJson,
  type MatrixShape,
  matrixShapes,
  maxClusterBlocks,
  numberPaths,
  sourceOf,
} from "hwmodels";
import type { CommandModule } from "yargs";
import { deviceNamed } from "../../device-named.js";
import { colors } from "../colors.js";
import { integerText, plainTable } from "../plain-table.js";

interface ShowArguments {
  device: string;
  json: boolean;
}

/** `kernelgen devices show`: every number of a device with its source. */
export const showCommand: CommandModule<object, ShowArguments> = {
  command: "show <device>",
  describe: "Show every number of a device and where it comes from",
  builder: (yargs) =>
    yargs
      .positional("device", {
        type: "string",
        demandOption: true,
        describe: "Name of a device, or a JSON file that describes one",
      })
      .option("json", { type: "boolean", default: false, describe: "Print the description as JSON" })
      .example("$0 devices show h200", "")
      .example("$0 devices show h200 --json > my-gpu.json", "a description to change, for --device ./my-gpu.json"),
  handler(given) {
    const device = deviceNamed(given.device);
    console.log(given.json ? deviceJson(device) : deviceText(device));
  },
};

function deviceText(device: Device): string {
  const { sources, ...numbers } = device;
  const valueAt = (path: string): unknown =>
    path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], device);
  const rows = numberPaths(numbers).map((path) => {
    const source = sourceOf(sources, path);
    return [path, numberText(valueAt(path)), source?.kind ?? "", source?.from ?? ""];
  });
  return [
    `${colors.bold(device.name)} (${device.id}), ${device.kind === "cuda" ? "CUDA" : "WebGPU"}, vendor ${device.vendor}`,
    "",
    plainTable(rows, ["left", "right", "left", "left"]),
    "",
    ...(device.kind === "cuda" ? capabilityLines(device) : [`features  ${device.features.join(", ") || "none"}`]),
  ].join("\n");
}

/** Up to six significant digits of a fraction, all of a whole number, the ends of a list of numbers. */
const numberText = (value: unknown): string => {
  if (Array.isArray(value) && typeof value[0] === "object") {
    return value.map((item) => Object.values(item as object).join(": ")).join(", ");
  }
  if (Array.isArray(value)) return `${value[0]} to ${value.at(-1)}, ${value.length} sizes`;
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
};

function capabilityLines(device: CudaDevice): readonly string[] {
  const supported = Object.entries(device.supports)
    .filter(([, has]) => has)
    .map(([name]) => name);
  const capability = capabilityText(device.computeCapability);
  return [
    `supports  ${supported.join(", ") || "none"}`,
    ...(device.clusters === null ? [] : [`clusters  ${clusterText(device)}`]),
    "",
    colors.bold(
      `matrix shapes of compute capability ${capability}, and the elements of each matrix that a thread holds`,
    ),
    plainTable(
      [["", "", "m × n × k", "A", "B", "sums"], ...shapeRows(device)],
      ["left", "left", "left", "right", "right", "right"],
    ),
  ];
}

/** Sizes of clusters that any device of the kind launches, and this one where it is asked to, with the shared memory of all blocks. */
function clusterText(device: CudaDevice): string {
  const [portable, most] = [maxClusterBlocks(device), maxClusterBlocks(device, true)];
  const sized = (blocks: number): string =>
    `${blocks} blocks with ${integerText(clusterSharedBytes(device, blocks))} B of shared memory`;
  return `up to ${sized(portable)}${most > portable ? `, by opting in up to ${sized(most)}` : ""}`;
}

/** One row for each instruction, type and shape; of `wgmma` for all widths n. */
function shapeRows(device: CudaDevice): readonly (readonly string[])[] {
  const ofWidths = new Map<string, MatrixShape[]>();
  for (const shape of matrixShapes(device)) {
    const { instruction, input, m, n, k } = shape;
    const key = [instruction, input, m, instruction === "wgmma" ? "" : n, k].join();
    ofWidths.set(key, [...(ofWidths.get(key) ?? []), shape]);
  }
  return [...ofWidths.values()].map((shapes) => {
    const [first, last] = [shapes[0]!, shapes.at(-1)!];
    const { a, b, accumulator } = first.elementsPerThread;
    const text = ({ m, n, k }: MatrixShape): string => `${m}×${n}×${k}`;
    const isOne = shapes.length === 1;
    return [
      first.instruction,
      first.input,
      isOne ? text(first) : `${text(first)} to ${text(last)}, ${shapes.length} widths`,
      `${a}`,
      b === null ? "-" : `${b}`,
      isOne ? `${accumulator}` : `${accumulator} to ${last.elementsPerThread.accumulator}`,
    ];
  });
}
