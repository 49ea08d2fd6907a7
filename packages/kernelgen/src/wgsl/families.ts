import type { KernelFamily } from "../plan/family.js";
import { residentFamily } from "./resident.js";
import { scanFamily } from "./scan/forward.js";
import { stepwiseFamily } from "./stepwise.js";

/** The families of WGSL kernels but those that need more than WebGPU promises, which are considered on request alone. */
export const wgslFamilies: readonly KernelFamily[] = [residentFamily, stepwiseFamily, scanFamily];
