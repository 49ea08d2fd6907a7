import type { KernelFamily } from "../plan/family.js";
import { clusterFamily } from "./cluster.js";
import { directFamily } from "./direct.js";
import { gridFamily } from "./grid.js";
import { residentFamily } from "./resident.js";
import { scanFamily } from "./scan.js";
import { stepwiseCudaFamily } from "./stepwise.js";

/** The families of CUDA kernels, in the order in which they are best searched: a plan of one bounds the search of those after it. */
export const cudaFamilies: readonly KernelFamily[] = [
  residentFamily,
  clusterFamily,
  directFamily,
  gridFamily,
  stepwiseCudaFamily,
  scanFamily,
];
