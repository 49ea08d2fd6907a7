import type { WebGpuDevice } from "hwmodels";
import { webGpuDeviceFromAdapter } from "kernelgen";

/** The WebGPU adapter of this browser; undefined where there is none. */
export async function requestAdapter(): Promise<GPUAdapter | undefined> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  return adapter ?? undefined;
}

/** What that adapter is and allows, as kernels are planned for. */
export async function describeAdapter(): Promise<WebGpuDevice | undefined> {
  const adapter = await requestAdapter();
  return adapter && webGpuDeviceFromAdapter(adapter);
}
