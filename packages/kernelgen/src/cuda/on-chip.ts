import type { CudaDevice } from "hwmodels";

/** Bytes of one register. */
export const registerBytes = 4;

/** Bytes of registers and shared memory that one block can have to itself on a multiprocessor. */
export const onChipBytes = (device: CudaDevice): number =>
  device.registersPerBlock * registerBytes + device.sharedBytesPerBlockOptin;
