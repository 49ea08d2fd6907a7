import { readFileSync, writeFileSync } from "node:fs";
import { cudaArchitectures } from "../../../packages/hwmodels/src/catalog/cuda/compute-capabilities.js";
import type { CudaMultiprocessor } from "../../../packages/hwmodels/src/device.js";
import type { Launch, VendorOccupancy } from "./vendor-calculator.js";

/** A question to the vendor's calculator and its answer. */
export interface RecordedRow {
  readonly device: CudaMultiprocessor;
  readonly launch: Launch;
  readonly answer: VendorOccupancy;
}

const file = new URL("recorded-occupancy.csv", import.meta.url);

const columns = [
  "capability",
  "threads",
  "registers",
  "static",
  "dynamic",
  "maxDynamic",
  "carveout",
  "blockBarriers",
  "blocks",
  "factors",
  "warpLimit",
  "blockLimit",
  "registerLimit",
  "sharedLimit",
  "barrierLimit",
  "allocatedRegisters",
  "allocatedShared",
] as const;

const capabilityOf = ({ computeCapability: { major, minor } }: CudaMultiprocessor): string => `${major}.${minor}`;

/** The answers in the committed file and the toolkit that gave them. */
export function readRecorded(): { toolkit: string; rows: RecordedRow[] } {
  const [title, , ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const rows = lines.map((line): RecordedRow => {
    const [capability, ...cells] = line.split(",");
    const device = cudaArchitectures.find((row) => capabilityOf(row) === capability);
    if (device === undefined) throw new Error(`no row for compute capability ${capability}`);
    const numbers = cells.map(Number);
    if (numbers.length !== columns.length - 1 || numbers.some(Number.isNaN)) throw new Error(`cannot read: ${line}`);
    const at = (column: (typeof columns)[number]): number => numbers[columns.indexOf(column) - 1]!;
    return {
      device,
      launch: {
        threadsPerBlock: at("threads"),
        registersPerThread: at("registers"),
        staticSharedBytes: at("static"),
        dynamicSharedBytes: at("dynamic"),
        maxDynamicSharedBytes: at("maxDynamic"),
        carveoutPercent: at("carveout"),
        blockBarrierCount: at("blockBarriers"),
      },
      answer: {
        status: 0,
        blocks: at("blocks"),
        limitingFactors: at("factors"),
        limits: {
          warps: at("warpLimit"),
          blocks: at("blockLimit"),
          registers: at("registerLimit"),
          shared: at("sharedLimit"),
          barriers: at("barrierLimit"),
        },
        allocatedRegisters: at("allocatedRegisters"),
        allocatedSharedBytes: at("allocatedShared"),
      },
    };
  });
  return { toolkit: title!, rows };
}

/** Replaces the committed file. */
export function writeRecorded(toolkit: string, rows: readonly RecordedRow[]): void {
  const lines = rows.map(({ device, launch, answer }) =>
    [
      capabilityOf(device),
      launch.threadsPerBlock,
      launch.registersPerThread,
      launch.staticSharedBytes,
      launch.dynamicSharedBytes,
      launch.maxDynamicSharedBytes,
      launch.carveoutPercent,
      launch.blockBarrierCount,
      answer.blocks,
      answer.limitingFactors,
      answer.limits.warps,
      answer.limits.blocks,
      answer.limits.registers,
      answer.limits.shared,
      answer.limits.barriers,
      answer.allocatedRegisters,
      answer.allocatedSharedBytes,
    ].join(","),
  );
  writeFileSync(file, `${[`# ${toolkit}`, columns.join(","), ...lines].join("\n")}\n`);
}
