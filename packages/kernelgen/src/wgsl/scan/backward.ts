import type { WebGpuDevice } from "hwmodels";
import type { KernelFamily } from "../../plan/family.js";
import { refuseBackward } from "../requirements.js";
import { emitScan } from "./source.js";
import { tileScan } from "./tiling.js";

/**
 * The backward pass of a linear recurrence in WGSL, as part of a network: the same scan from the last step of the walk to the first. Gates are
 * computed again, not stored.
 */
export const scanBackwardFamily: KernelFamily<WebGpuDevice> = {
  name: "scan",
  target: "wgsl",
  refuse: refuseBackward,
  tile: tileScan,
  emit: emitScan,
};
