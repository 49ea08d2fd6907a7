import type { WebGpuDevice } from "hwmodels";
import { KernelgenError } from "../errors.js";
import { webGpuDeviceFromAdapter } from "./adapter-device.js";

/** A WebGPU device of this machine. */
export interface OpenDevice {
  readonly device: GPUDevice;
  /** What the adapter is and allows, as kernels are planned for. */
  readonly description: WebGpuDevice;
  /** Destroys the device, so that the process can exit. */
  close(): Promise<void>;
}

/** The package's root objects in use. All that comes from one dies with it, even while in use, so it must not be collected before. */
const instances = new Set<GPU>();

const defaultDawnOptions = [
  `disable-dawn-features=${[
    // Rounds timestamps to 100 µs, which protects web pages and hides a kernel's time.
    "timestamp_quantization",
    // Leaves it to the driver to clear workgroup memory; SwiftShader then compiles for half a second per KiB. Without it, a loop does.
    "use_vulkan_zero_initialize_workgroup_memory_extension",
  ].join(",")}`,
] as const;

/**
 * The options of `openNodeDevice` with which Dawn also offers what is experimental: subgroup matrices, and fp16 on NVIDIA GPUs, which only
 * with it have matrices of f16.
 */
export const experimentalDawnOptions: readonly string[] = [
  ...defaultDawnOptions,
  "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia",
];

const howToGetDriver = `WebGPU needs a GPU driver that speaks Vulkan (Metal on macOS, Direct3D 12 on Windows).
Without a GPU, a software driver does; on Debian either of
  apt install chromium; export VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json
  apt install -t bookworm-backports mesa-vulkan-drivers  (version 25 or later)`;

/**
 * Opens the machine's WebGPU device in node, with all that its adapter allows, through the optional package `webgpu` (Dawn).
 *
 * `dawnOptions` are passed to the package's `create`, for example `backend=null`. Throws `KernelgenError` "no-webgpu-device" saying what
 * is missing and how to get it.
 */
export async function openNodeDevice(dawnOptions: readonly string[] = defaultDawnOptions): Promise<OpenDevice> {
  const { create } = await importWebGpu();
  const gpu = create([...dawnOptions]);
  instances.add(gpu);
  try {
    const adapter = await requestAdapter(gpu);
    const description = webGpuDeviceFromAdapter(adapter);
    const device = await adapter.requestDevice({
      // WebGPU's types do not have what is experimental.
      requiredFeatures: description.features as readonly GPUFeatureName[],
      // Without being asked, a device has the specification's default limits only.
      requiredLimits: { ...description.limits },
    });
    const close = async (): Promise<void> => {
      device.destroy();
      await device.lost;
      instances.delete(gpu);
    };
    return { device, description, close };
  } catch (error) {
    instances.delete(gpu);
    throw error;
  }
}

async function importWebGpu(): Promise<typeof import("webgpu")> {
  try {
    return await import("webgpu");
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new KernelgenError(
      "no-webgpu-device",
      `no WebGPU: the package "webgpu" cannot be loaded (${cause})\nTo get it: npm install webgpu (needs glibc 2.34 or later on Linux)`,
      { cause: error },
    );
  }
}

async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const missing = (cause?: unknown): KernelgenError => {
    const because = cause instanceof Error ? `: ${cause.message}` : "";
    return new KernelgenError("no-webgpu-device", `no WebGPU adapter on this machine${because}\n${howToGetDriver}`, {
      cause,
    });
  };
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch((error: unknown) => {
    throw missing(error);
  });
  if (adapter === null) throw missing();
  return adapter;
}
