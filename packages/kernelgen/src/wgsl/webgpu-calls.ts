import { KernelgenError } from "../errors.js";

/**
 * Usage flags of the WebGPU specification, sections "Buffer Usages" and "Map Modes" and "Shader stage"; node has no global objects with
 * these names.
 */
export const bufferUsage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyDestination: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;
export const mapModeRead = 0x1;
export const shaderStageCompute = 0x4;

/**
 * Makes WebGPU calls and rejects with `KernelgenError` "webgpu-failure" if any of them was invalid or found no memory. The calls must be
 * made synchronously: error scopes belong to the device, not to a caller.
 */
export async function checked<T>(device: GPUDevice, what: string, calls: () => T): Promise<T> {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  let value: T;
  let errors: readonly Promise<GPUError | null>[];
  try {
    value = calls();
  } finally {
    errors = [device.popErrorScope(), device.popErrorScope()];
  }
  for (const error of await untilLost(device, Promise.all(errors))) {
    if (error !== null) throw new KernelgenError("webgpu-failure", `${what}: ${error.message}`);
  }
  return value;
}

/** What a call on a lost device rejects with. */
export const lostDevice = ({ reason, message }: GPUDeviceLostInfo): KernelgenError =>
  new KernelgenError("webgpu-failure", `the WebGPU device was lost (${reason}): ${message}`);

/** Who waits for something of a device and is to be told when it is lost. */
interface LossWatch {
  error: KernelgenError | undefined;
  readonly waiting: Set<(error: KernelgenError) => void>;
}

/**
 * One watch for each device: a reaction to `device.lost` itself stays in memory until the device is lost, so with one for each call a
 * network that streams would grow step by step.
 */
const watches = new WeakMap<GPUDevice, LossWatch>();

function watchOf(device: GPUDevice): LossWatch {
  const known = watches.get(device);
  if (known !== undefined) return known;
  const watch: LossWatch = { error: undefined, waiting: new Set() };
  watches.set(device, watch);
  void device.lost.then((info) => {
    watch.error = lostDevice(info);
    for (const reject of watch.waiting) reject(watch.error);
    watch.waiting.clear();
  });
  return watch;
}

/** The promise, or a rejection with `KernelgenError` "webgpu-failure" as soon as the device is lost. */
export function untilLost<T>(device: GPUDevice, promise: Promise<T>): Promise<T> {
  const watch = watchOf(device);
  return new Promise((resolve, reject) => {
    if (watch.error !== undefined) return reject(watch.error);
    watch.waiting.add(reject);
    promise.then(resolve, reject).finally(() => watch.waiting.delete(reject));
  });
}
