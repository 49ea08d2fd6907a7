/** The language of a kernel's source. */
export type Target = "cuda" | "wgsl";

/** What a launch of the kernel is made of. `threadsPerBlock` is a workgroup's invocations in WGSL, `blockCount` its workgroups. */
export interface LaunchQuantities<Value> {
  readonly blockCount: Value;
  readonly threadsPerBlock: Value;
  readonly sharedBytesPerBlock: Value;
}

/** What a launch is made of, in the words of the target. */
export const launchWords = {
  cuda: { block: "blocks", thread: "threads", sharedMemory: "shared memory" },
  wgsl: { block: "workgroups", thread: "invocations", sharedMemory: "workgroup memory" },
} as const satisfies Record<Target, Record<string, string>>;
