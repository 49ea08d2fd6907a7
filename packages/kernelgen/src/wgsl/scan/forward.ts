import type { WebGpuDevice } from "hwmodels";
import type { KernelFamily } from "../../plan/family.js";
import { refuseForward } from "../requirements.js";
import { emitScan } from "./source.js";
import { tileScan } from "./tiling.js";

/**
 * A linear recurrence as a prefix scan over time in WGSL. A workgroup owns adjacent channels of one sequence and one chunk of steps, and
 * walks over the chunk in tiles, scanned by shuffles within subgroups, where there are any, and through workgroup memory.
 *
 * Several chunks take three dispatches, since no workgroup may wait for another: what each chunk does to the state, the state before each
 * chunk, and the states of all steps. One chunk takes the last dispatch alone, in a single pass over memory.
 */
export const scanFamily: KernelFamily<WebGpuDevice> = {
  name: "scan",
  target: "wgsl",
  refuse: refuseForward,
  tile: tileScan,
  emit: emitScan,
};
