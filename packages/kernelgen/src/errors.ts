/** What went wrong, as a short identifier that programs can test for. */
export type KernelgenErrorCode =
  | "invalid-problem"
  | "unknown-cell"
  | "invalid-name"
  | "no-configuration"
  | "no-webgpu-device"
  | "no-device"
  | "webgpu-failure"
  | "no-forward-progress"
  | "wrong-result"
  | "invalid-config"
  | "not-built"
  | "stale-output"
  | "output";

/**
 * An error whose cause is the user's input or machine, not a defect of this package. The command line prints its message without a
 * stack trace.
 */
export class KernelgenError extends Error {
  readonly code: KernelgenErrorCode;

  constructor(code: KernelgenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KernelgenError";
    this.code = code;
  }
}
