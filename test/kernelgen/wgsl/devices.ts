import { existsSync } from "node:fs";
import { afterAll, type TestContext } from "vitest";
import { create } from "webgpu";
import { KernelgenError } from "../../../packages/kernelgen/src/errors.js";
import { type OpenDevice, openNodeDevice } from "../../../packages/kernelgen/src/wgsl/node-device.js";

/** Where Debian's package chromium keeps the software driver SwiftShader. */
const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** The environment in which a WebGPU device is looked for: the user's, or with SwiftShader where nothing is chosen. */
export const webGpuEnvironment = (): NodeJS.ProcessEnv =>
  process.env.VK_DRIVER_FILES === undefined && existsSync(swiftShader)
    ? { ...process.env, VK_DRIVER_FILES: swiftShader }
    : process.env;

let opened: Promise<OpenDevice | string> | undefined;

/** The device that numbers are computed on; skips the test, with the reason, where there is none. */
export async function requireDevice(context: TestContext): Promise<OpenDevice> {
  opened ??= openDevice();
  const device = await opened;
  if (typeof device === "string") context.skip(`WGSL kernels cannot be run here: ${device}`);
  return device as OpenDevice;
}

async function openDevice(): Promise<OpenDevice | string> {
  Object.assign(process.env, webGpuEnvironment());
  try {
    return await openNodeDevice();
  } catch (error) {
    if (error instanceof KernelgenError && error.code === "no-webgpu-device") return error.message;
    throw error;
  }
}

/** The package's root objects, which must outlive all that came from them. */
const roots: GPU[] = [];

/**
 * A device of the same driver with the specification's default limits and no feature, which holds kernels to them: 256 invocations, 16 KiB
 * of workgroup memory, 8 storage buffers. It ends with the test.
 */
export async function requireDefaultLimits(context: TestContext): Promise<GPUDevice> {
  await requireDevice(context);
  const gpu = create([]);
  roots.push(gpu);
  const device = await (await gpu.requestAdapter())!.requestDevice();
  context.onTestFinished(async () => {
    device.destroy();
    await device.lost;
  });
  return device;
}

/** Dawn without a driver: compiles and validates, and computes nothing. It has the specification's default limits. */
export const openNullDevice = (): Promise<OpenDevice> => openNodeDevice(["backend=null"]);

afterAll(async () => {
  const device = await opened;
  if (device !== undefined && typeof device !== "string") await device.close();
});
