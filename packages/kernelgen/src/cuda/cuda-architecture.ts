import type { CudaDevice } from "hwmodels";

/**
 * nvcc's name of a device's architecture, without "sm_": for example "80", "90a". From compute capability 9.0 on with the suffix "a", which
 * allows what only this architecture has.
 */
export function cudaArchitecture({ computeCapability: { major, minor } }: CudaDevice): string {
  return `${major}${minor}${major >= 9 ? "a" : ""}`;
}
