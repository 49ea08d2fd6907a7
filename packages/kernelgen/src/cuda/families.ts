import type { KernelFamily } from "../plan/family.js";
import { clusterFamily } from "./on-chip/cluster.js";
import { directFamily } from "./on-chip/direct.js";
import { gridFamily } from "./on-chip/grid.js";
import { residentFamily } from "./on-chip/resident.js";
import { scanFamily } from "./scan/scan.js";
import { stepwiseCudaFamily } from "./stepwise/stepwise.js";

/** The families of CUDA kernels, in the order in which they are best searched: a plan of one bounds the search of those after it. */
export const cudaFamilies: readonly KernelFamily[] = [
  residentFamily,
  clusterFamily,
  directFamily,
  gridFamily,
  stepwiseCudaFamily,
  scanFamily,
];
