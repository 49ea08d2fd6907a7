import type { Device, WebGpuDevice } from "hwmodels";
import { KernelgenError } from "../errors.js";
import type { KernelFamily } from "../plan/family.js";
import { gridFamily } from "./grid.js";
import { subgroupMatrixFamily } from "./subgroup-matrix.js";

/** What a kernel may use beside what WebGPU promises, on request alone. */
export interface OnRequest {
  /**
   * Whether to also consider the family "grid", whose workgroups wait for one another. WebGPU does not promise that they run at the same
   * time; where they do not, a call rejects with `KernelgenError` "no-forward-progress". False if left out.
   */
  readonly assumeForwardProgress?: boolean | undefined;
  /**
   * Whether to also consider the family "subgroup-matrix", which multiplies by the experimental subgroup matrices of Dawn. The device must
   * have them: the feature chromium-experimental-subgroup-matrix. False if left out.
   */
  readonly subgroupMatrices?: boolean | undefined;
}

const feature = "chromium-experimental-subgroup-matrix";

/** Whether a device has subgroup matrices. */
export const hasSubgroupMatrices = (device: Device): boolean =>
  device.kind === "webgpu" && device.features.includes(feature);

/**
 * The families of a device that are considered on request alone; of those asked for. Throws `KernelgenError` "invalid-problem" where subgroup
 * matrices are asked for on a device without them.
 */
export function familiesOnRequest(
  device: Device,
  { assumeForwardProgress = false, subgroupMatrices = false }: OnRequest,
): readonly KernelFamily<WebGpuDevice>[] {
  if (subgroupMatrices && !hasSubgroupMatrices(device)) {
    throw new KernelgenError(
      "invalid-problem",
      `subgroup matrices: need the feature ${feature}, which ${device.name} lacks; Dawn offers it with its toggle allow_unsafe_apis (in node experimentalDawnOptions, in Chromium --enable-unsafe-webgpu), on GPUs that have them`,
    );
  }
  return [...(assumeForwardProgress ? [gridFamily] : []), ...(subgroupMatrices ? [subgroupMatrixFamily] : [])];
}
