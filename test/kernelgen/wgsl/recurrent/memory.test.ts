import { describe, expect, it, vi } from "vitest";
import { solveFamily } from "../../../../packages/kernelgen/src/plan/solve.js";
import { gridFamily } from "../../../../packages/kernelgen/src/wgsl/grid.js";
import {
  planRecurrent,
  type RecurrentOptions,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import type { RecurrentProgram } from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import { createRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import { residentFamily } from "../../../../packages/kernelgen/src/wgsl/resident.js";
import { createForward } from "../../../../packages/kernelgen/src/wgsl/runtime.js";
import {
  type OnnxOperator,
  type OnnxTensor,
  recurrentOptionsFromOnnx,
} from "../../../../packages/kernelgen/src/wgsl/weights/onnx.js";
import { createOnnxRecurrent } from "../../../../packages/kernelgen/src/wgsl/weights/onnx-recurrent.js";
import { openNullDevice } from "../devices.js";
import { problemOf, webGpuDevice } from "../tilings.js";
import { randomNumbers, randomWeights } from "./reference-network.js";

// What is on a device is counted by its own calls. Dawn without a driver makes buffers, and computes nothing.

const defaultDevice = webGpuDevice("webgpu-default");
const plan = (options: RecurrentOptions): RecurrentProgram => planRecurrent(options, defaultDevice);

/** Counts the bytes of a device's buffers that were made and not destroyed, and its query sets. */
function countMemory(device: GPUDevice): { bytes(): number; querySets(): number } {
  const [buffers, querySets] = [new Map<GPUBuffer, number>(), new Set<GPUQuerySet>()];
  const [createBuffer, createQuerySet] = [device.createBuffer.bind(device), device.createQuerySet.bind(device)];
  vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
    const buffer = createBuffer(descriptor);
    buffers.set(buffer, buffer.size);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      buffers.delete(buffer);
      return destroy();
    };
    return buffer;
  });
  vi.spyOn(device, "createQuerySet").mockImplementation((descriptor) => {
    const querySet = createQuerySet(descriptor);
    querySets.add(querySet);
    const destroy = querySet.destroy.bind(querySet);
    querySet.destroy = () => {
      querySets.delete(querySet);
      return destroy();
    };
    return querySet;
  });
  return { bytes: () => [...buffers.values()].reduce((sum, bytes) => sum + bytes, 0), querySets: () => querySets.size };
}

const tensorOf = (...shape: readonly number[]): OnnxTensor => ({
  shape,
  values: randomNumbers(
    shape.reduce((a, b) => a * b),
    1,
  ),
});

/** Waits for a call. Without a driver nothing is computed, so workgroups may seem to have waited in vain. */
const computed = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => expect(error).toMatchObject({ code: "no-forward-progress" }));

/** Ends a device, and not the package's root object, which must outlive all that came from it. */
async function lose(device: GPUDevice): Promise<void> {
  device.destroy();
  await device.lost;
}

/** Uses a device, on which nothing is left then. */
async function expectFreed(use: (device: GPUDevice, bytes: () => number) => Promise<void>): Promise<void> {
  const { device } = await openNullDevice();
  const memory = countMemory(device);
  await use(device, memory.bytes);
  expect([memory.bytes(), memory.querySets()]).toEqual([0, 0]);
  await lose(device);
}

describe("destroy frees all that was made on the device", () => {
  it.each([residentFamily, gridFamily])("of a forward kernel: $name", async (family) => {
    const { plan } = solveFamily(problemOf({ headDim: 6, batch: 2, steps: 3 }), defaultDevice, family);
    await expectFreed(async (device, bytes) => {
      const kernel = await createForward(device, plan!, family.emit(plan!)[0]!.text);
      await computed(kernel.run());
      await computed(kernel.time(1));
      await kernel.read("h");
      expect(bytes()).toBeGreaterThan(0);
      kernel.destroy();
    });
  });

  const sizes = { cell: "lstm", headDim: 6, inputDim: 3, batch: 2, layers: 2 } as const;
  const input = (program: RecurrentProgram, steps: number): Float32Array<ArrayBuffer> =>
    randomNumbers(program.batch * steps * program.inputDim, 1);

  it.each<[string, RecurrentOptions]>([
    ["of a network", sizes],
    ["of one with a dispatch a step", { ...sizes, family: "stepwise" }],
    ["of one whose workgroups wait for one another", { ...sizes, family: "grid", assumeForwardProgress: true }],
    ["of a linear recurrence", { ...sizes, cell: "mingru", steps: 4096 }],
  ])("%s", async (_what, options) => {
    const program = plan(options);
    await expectFreed(async (device, bytes) => {
      const network = await createRecurrent(device, program, randomWeights(program, 1));
      // A longer sequence needs larger buffers, those before are then gone.
      for (const steps of [2, 7, 3]) await computed(network.forward(input(program, steps)));
      await computed(network.step(input(program, 1)));
      await network.setWeights(randomWeights(program, 2));
      await network.setState();
      await network.readState();
      const storage = 0x80;
      const own = device.createBuffer({ size: input(program, 2).byteLength, usage: storage });
      await computed(network.forwardBuffer(own, 2));
      const before = bytes();
      network.destroy();
      // What the caller made is the caller's.
      expect(bytes()).toBe(own.size);
      expect(before).toBeGreaterThan(own.size);
      own.destroy();
    });
  });

  it("of a network in training", async () => {
    const program = plan({ ...sizes, bidirectional: true, training: true });
    await expectFreed(async (device) => {
      const network = await createRecurrent(device, program, randomWeights(program, 1));
      for (const steps of [2, 5]) {
        const { output } = await network.forward(input(program, steps));
        await network.backward(output);
      }
      network.destroy();
    });
  });

  it("of an ONNX operator, with sequences of different lengths", async () => {
    const operator: OnnxOperator = { opType: "RNN", W: tensorOf(1, 2, 3), R: tensorOf(1, 2, 2) };
    const program = plan({ ...recurrentOptionsFromOnnx(operator), batch: 2 });
    await expectFreed(async (device) => {
      const recurrent = await createOnnxRecurrent(device, program, operator);
      await recurrent.run({ X: tensorOf(4, 2, 3), sequence_lens: [4, 1] });
      recurrent.destroy();
      await expect(recurrent.run({ X: tensorOf(4, 2, 3), sequence_lens: [4, 1] })).rejects.toThrow("after destroy()");
      // Before it had networks for such sequences.
      const unused = await createOnnxRecurrent(device, program, operator);
      unused.destroy();
      await expect(unused.run({ X: tensorOf(4, 2, 3), sequence_lens: [4, 1] })).rejects.toThrow("after destroy()");
    });
  });

  it("of a network that is destroyed while it computes, whose call then rejects", async () => {
    const program = plan(sizes);
    await expectFreed(async (device) => {
      const network = await createRecurrent(device, program, randomWeights(program, 1));
      const submit = vi.spyOn(device.queue, "submit");
      const calls = [network.forward(input(program, 2)), network.step(input(program, 1))];
      // Until the first call has submitted its work.
      while (submit.mock.calls.length === 0) await new Promise(setImmediate);
      network.destroy();
      for (const call of calls) {
        await expect(call).rejects.toMatchObject({
          code: "webgpu-failure",
          message: expect.stringContaining("destroy()"),
        });
      }
    });
  });

  it("that could not be made as a whole", async () => {
    const program = plan(sizes);
    await expectFreed(async (device) => {
      vi.spyOn(device.queue, "writeBuffer").mockImplementationOnce(() => {
        throw new Error("no writes today");
      });
      await expect(createRecurrent(device, program, randomWeights(program, 1))).rejects.toThrow("no writes today");
    });
  });
});

describe("on a lost device", () => {
  const program = plan({ cell: "gru", headDim: 4, inputDim: 3, batch: 2, training: true });
  const weights = randomWeights(program, 1);
  const sequence = new Float32Array(2 * 5 * 3);
  const lost = { code: "webgpu-failure", message: expect.stringContaining("the WebGPU device was lost (destroyed)") };

  it("every call rejects, those that were made before too, and nothing can be made", async () => {
    const other = await openNullDevice();
    const network = await createRecurrent(other.device, program, weights);
    await network.forward(sequence);
    // Made before, and not done when the device is lost.
    const pending = expect(network.forward(sequence)).rejects.toMatchObject(lost);
    await lose(other.device);
    await pending;
    const buffer = {} as GPUBuffer;
    for (const call of [
      () => network.forward(sequence),
      () => network.forwardBuffer(buffer, 1),
      () => network.step(new Float32Array(6)),
      () => network.backward(new Float32Array(2 * 5 * 4)),
      () => network.readState(),
      () => network.setState(),
      () => network.setWeights(weights),
      () => createRecurrent(other.device, program, weights),
    ]) {
      await expect(call(), `${call}`).rejects.toMatchObject(lost);
    }
    network.destroy();
  });

  it("a call that waits for the GPU rejects as soon as the device is lost", async () => {
    const other = await openNullDevice();
    const network = await createRecurrent(other.device, program, weights);
    // As where a GPU hangs: the work is never done.
    const createBuffer = other.device.createBuffer.bind(other.device);
    vi.spyOn(other.device, "createBuffer").mockImplementation((descriptor) => {
      const buffer = createBuffer(descriptor);
      buffer.mapAsync = () => new Promise(() => undefined);
      return buffer;
    });
    const call = network.forward(sequence);
    const rejects = expect(call).rejects.toMatchObject(lost);
    await lose(other.device);
    await rejects;
  });
});

it("what is read at once travels through buffers that are no larger than the device allows", async () => {
  const { device } = await openNullDevice();
  const program = plan({ cell: "lstm", headDim: 6, inputDim: 3, batch: 2, bidirectional: true, training: true });
  const network = await createRecurrent(device, program, randomWeights(program, 1));
  const maxBufferSize = 1024;
  const limits = new Proxy(device.limits, {
    get: (all, name) => (name === "maxBufferSize" ? maxBufferSize : Reflect.get(all, name, all)),
  });
  Object.defineProperty(device, "limits", { value: limits });
  const created = vi.spyOn(device, "createBuffer");
  const { output, state } = await network.forward(randomNumbers(2 * 5 * 3, 1));
  expect([output.length, state.h!.length, state.c!.length]).toEqual([2 * 5 * 12, 24, 24]);
  const { weights } = await network.backward(output);
  expect(weights.layers[0]!.map(({ recurrent }) => recurrent.length)).toEqual([4 * 36, 4 * 36]);
  const staging = created.mock.calls.map(([descriptor]) => descriptor).filter(({ label }) => label === "staging");
  expect(staging.length).toBeGreaterThan(0);
  for (const { size } of staging) expect(size).toBeLessThanOrEqual(maxBufferSize);
  network.destroy();
  await lose(device);
});
