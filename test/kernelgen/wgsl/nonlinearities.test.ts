import { expect, it } from "vitest";
import { cellSource } from "../../../packages/kernelgen/src/wgsl/cell-source.js";
import { logSigmoidSource } from "../../../packages/kernelgen/src/wgsl/scan/source.js";
import { requireDevice } from "./devices.js";
import { problemOf } from "./tilings.js";

/** Usage flags of the WebGPU specification. */
const [mapRead, copySource, copyDestination, storage] = [0x1, 0x4, 0x8, 0x80];

/** Evaluates an expression in x, with the functions of a cell's source, for every argument. */
async function evaluateWgsl(
  device: GPUDevice,
  expression: string,
  xs: Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const code = `${cellSource(problemOf({ headDim: 1 }))}
${logSigmoidSource}
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(1) fn evaluate(@builtin(global_invocation_id) id: vec3u) {
  let x = values[id.x];
  values[id.x] = ${expression};
}`;
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "evaluate" },
  });
  const values = device.createBuffer({ size: xs.byteLength, usage: storage! | copySource! | copyDestination! });
  const staging = device.createBuffer({ size: xs.byteLength, usage: mapRead! | copyDestination! });
  device.queue.writeBuffer(values, 0, xs);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: values } }],
    }),
  );
  pass.dispatchWorkgroups(xs.length);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, staging, 0, xs.byteLength);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(mapRead!);
  const results = new Float32Array(staging.getMappedRange().slice(0));
  values.destroy();
  staging.destroy();
  return results;
}

/** Dense near zero, and out to the largest float. */
const xs = Float32Array.from([
  ...Array.from({ length: 4001 }, (_, index) => (index - 2000) / 100),
  ...Array.from({ length: 400 }, (_, index) => (index - 200) / 1e5),
  ...[1e-30, 45, 88, 89, 104, 1e3, 1e10, 3.4e38].flatMap((x) => [x, -x]),
]);

it.for([
  { expression: "sigmoid(x)", exact: (x: number) => 1 / (1 + Math.exp(-x)) },
  { expression: "tanh_stable(x)", exact: Math.tanh },
  // What log_sigmoid adds to min(x, 0), whose own rounding counts for large |x|.
  {
    expression: "log_sigmoid(max(x, -8.0)) - clamp(x, -8.0, 0.0)",
    exact: (x: number) => -Math.log1p(Math.exp(-Math.abs(Math.max(x, -8)))),
  },
])("$expression in WGSL has an absolute error of at most 1e-6", async ({ expression, exact }, context) => {
  const { device } = await requireDevice(context);
  const results = await evaluateWgsl(device, expression, xs);
  xs.forEach((x, index) => {
    expect(Math.abs(results[index]! - exact(x)), `x = ${x}`).toBeLessThanOrEqual(1e-6);
  });
});

it("log_sigmoid_relative(x) in WGSL has a relative error of at most 1e-5 up to x = 16, where softplus(-x) is 1e-7", async (context) => {
  const { device } = await requireDevice(context);
  const near = xs.filter((x) => Math.abs(x) <= 16);
  const results = await evaluateWgsl(device, "log_sigmoid_relative(x)", near);
  near.forEach((x, index) => {
    const exact = Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
    expect(Math.abs(results[index]! / exact - 1), `x = ${x}`).toBeLessThanOrEqual(1e-5);
  });
});
