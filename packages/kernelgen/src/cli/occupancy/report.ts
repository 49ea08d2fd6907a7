import type { OccupancyResource } from "hwmodels";
import { colors } from "../colors.js";
import { integerText, plainTable } from "../plain-table.js";
import type { OccupancyAnalysis } from "./analysis.js";

const resourceWords: Readonly<Record<OccupancyResource, string>> = {
  warps: "warps",
  blocks: "blocks",
  registers: "registers",
  shared: "shared memory, B",
  barriers: "named barriers",
};

/** No limit is a dash. */
const limitText = (limit: number | null): string => (limit === null || limit === Infinity ? "-" : integerText(limit));

const blocksText = (count: number): string => `${integerText(count)} ${count === 1 ? "block" : "blocks"}`;

/** An analysis for a person. */
export function occupancyText(analysis: OccupancyAnalysis): string {
  const { device, launch, occupancy, alternatives, clusters, bestBlockSize } = analysis;
  const { blocksPerMultiprocessor: blocks, warpOccupancy, limits, allocated, carveoutBytes } = occupancy;
  const declared = (launch.staticSharedBytes ?? 0) + (launch.dynamicSharedBytes ?? 0);
  const warpsOfMultiprocessor = device.maxThreadsPerMultiprocessor / device.warpSize;
  const binding = occupancy.limitedBy.map((name) => resourceWords[name].replace(", B", "")).join(", ");
  const ofBlock: Readonly<Record<OccupancyResource, number>> = {
    warps: allocated.warps,
    blocks: 1,
    registers: allocated.registers,
    shared: allocated.sharedBytes,
    barriers: launch.blockBarrierCount ?? 1,
  };
  const ofMultiprocessor: Readonly<Record<OccupancyResource, number | null>> = {
    warps: warpsOfMultiprocessor,
    blocks: device.maxBlocksPerMultiprocessor,
    registers: device.registersPerMultiprocessor,
    shared: carveoutBytes,
    barriers: device.blockBarriersPerMultiprocessor,
  };
  const label = (text: string): string => colors.bold(text.padEnd(11));
  return [
    `${colors.bold(`${integerText(launch.threadsPerBlock)} threads of ${launch.registersPerThread} registers, ${integerText(declared)} B of shared memory`)} on ${colors.bold(device.name)}`,
    "",
    `${label("blocks")}${blocks} a multiprocessor, ${integerText(analysis.maxCooperativeBlocks)} at once on ${integerText(device.multiprocessorCount)} multiprocessors (the most of a cooperative launch)`,
    `${label("occupancy")}${Math.round(100 * warpOccupancy)} %: ${blocks * allocated.warps} of ${warpsOfMultiprocessor} warps`,
    `${label("limited by")}${binding}`,
    ...clusterLines(clusters, label),
    "",
    plainTable(
      [
        ["", "a block takes", "of", "blocks"],
        ...(Object.keys(limits) as OccupancyResource[]).map((name) => [
          resourceWords[name],
          integerText(ofBlock[name]),
          limitText(ofMultiprocessor[name]),
          limitText(limits[name]),
        ]),
      ],
      ["left", "right", "right", "right"],
    ),
    "",
    colors.bold("what changes it: at most, for so many blocks a multiprocessor"),
    plainTable(
      [
        ["blocks", "registers a thread", "dynamic shared memory, B", ""],
        ...alternatives.map((alternative) => [
          integerText(alternative.blocksPerMultiprocessor),
          integerText(alternative.maxRegistersPerThread),
          limitText(alternative.maxDynamicSharedBytes),
          alternative.blocksPerMultiprocessor === blocks ? "now" : "",
        ]),
      ],
      ["right", "right", "right", "left"],
    ),
    "",
    bestBlockSize === null
      ? "no block size can be launched"
      : `${label("best size")}${integerText(bestBlockSize.threadsPerBlock)} threads a block: ${blocksText(bestBlockSize.occupancy.blocksPerMultiprocessor)}, ${Math.round(100 * bestBlockSize.occupancy.warpOccupancy)} % of the warps`,
  ].join("\n");
}

function clusterLines(clusters: OccupancyAnalysis["clusters"], label: (text: string) => string): readonly string[] {
  const [first] = clusters;
  if (first === undefined) return [];
  const counts = clusters.map(
    ({ clusterBlocks, clusters: count }) => `${integerText(count)} of ${clusterBlocks} blocks`,
  );
  return [`${label("clusters")}${counts.join(", ")} (${howKnown[first.kind]})`];
}

const howKnown = {
  reported: "as the device reported",
  estimate: "an estimate; exactly: cudaOccupancyMaxActiveClusters",
  bound: "at most; exactly: cudaOccupancyMaxActiveClusters",
} as const;

/** An analysis as one JSON object; no limit is null. */
export function occupancyJson({ device, occupancy, ...analysis }: OccupancyAnalysis): Record<string, unknown> {
  const { limits, ...found } = occupancy;
  const { bestBlockSize } = analysis;
  return {
    device: { id: device.id, name: device.name },
    launch: analysis.launch,
    ...found,
    limits: Object.fromEntries(
      Object.entries(limits).map(([name, limit]) => [name, limit === Infinity ? null : limit]),
    ),
    maxCooperativeBlocks: analysis.maxCooperativeBlocks,
    clusters: analysis.clusters,
    alternatives: analysis.alternatives,
    bestBlockSize: bestBlockSize && {
      threadsPerBlock: bestBlockSize.threadsPerBlock,
      blocksPerMultiprocessor: bestBlockSize.occupancy.blocksPerMultiprocessor,
      warpOccupancy: bestBlockSize.occupancy.warpOccupancy,
    },
  };
}
