import { KernelgenError } from "../../errors.js";
import { checked, shaderStageCompute, untilLost } from "../webgpu-calls.js";
import type { ProgramModule } from "./program.js";

/** A compiled module, ready to be bound and dispatched. */
export interface GpuModule {
  readonly pipeline: GPUComputePipeline;
  /** A bind group of the buffers with these names; the uniform is bound with a dynamic offset. */
  bind(buffers: Readonly<Record<string, GPUBuffer | undefined>>): GPUBindGroup;
}

/** Compiles a module. Rejects with `KernelgenError` "webgpu-failure" if the device refuses it. `uniformBytes`: the size of its uniform. */
export async function compileModule(
  device: GPUDevice,
  { entryPoint, source, bindings }: ProgramModule,
  uniformBytes: number,
): Promise<GpuModule> {
  const layout = await checked(device, `${entryPoint}: bind group layout`, () =>
    device.createBindGroupLayout({
      entries: bindings.map(({ type }, binding) => ({
        binding,
        visibility: shaderStageCompute,
        buffer: type === "uniform" ? { type, hasDynamicOffset: true, minBindingSize: uniformBytes } : { type },
      })),
    }),
  );
  const module = await checked(device, `${entryPoint}: WGSL module`, () => device.createShaderModule({ code: source }));
  const compiled = device.createComputePipelineAsync({
    label: entryPoint,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint },
  });
  const failed = (error: Error): never => {
    throw new KernelgenError("webgpu-failure", `${entryPoint}: compute pipeline: ${error.message}`, { cause: error });
  };
  const pipeline = await untilLost(device, compiled.catch(failed));
  return {
    pipeline,
    bind: (buffers) =>
      device.createBindGroup({
        layout,
        entries: bindings.map(({ name, type }, binding) => {
          const buffer = buffers[name];
          if (buffer === undefined) throw new TypeError(`${entryPoint}: no buffer for ${name}`);
          return { binding, resource: type === "uniform" ? { buffer, size: uniformBytes } : { buffer } };
        }),
      }),
  };
}
