import { InvalidDeviceError, InvalidKernelError, UnknownDeviceError } from "hwmodels";

/** What is wrong with the numbers and names that a user gave. */
export const isUsageError = (error: unknown): error is Error =>
  error instanceof UnknownDeviceError || error instanceof InvalidDeviceError || error instanceof InvalidKernelError;
