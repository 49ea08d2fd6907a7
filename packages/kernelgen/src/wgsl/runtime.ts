import { KernelgenError } from "../errors.js";
import { decode, type ElementType, encode } from "../plan/data-type.js";
import type { Plan } from "../plan/plan.js";
import { elementCount, forwardTensors, type Tensor, tensorBytes } from "../plan/tensors.js";
import { exchangeBuffer, requireArrivals } from "./exchange.js";
import { entryPoint } from "./module-source.js";
import { runFields, runWords, uniformStride } from "./run-uniform.js";
import { stepCounter } from "./step-counter.js";
import { bufferBytes, type StorageBuffer, storageBuffers } from "./storage-buffers.js";
import { bufferUsage, checked, lostDevice, mapModeRead, shaderStageCompute, untilLost } from "./webgpu-calls.js";

/** How long a step takes, and how that was measured. */
export interface StepTime {
  readonly microsecondsPerStep: number;
  /** GPU timestamps around the compute passes, or the clock of the host from submission to completion. */
  readonly clock: "timestamp-query" | "host";
}

/** A forward kernel on a device, with buffers for its tensors. */
export interface WebGpuForward {
  /** The kernel's tensors, inputs first. */
  readonly tensors: readonly Tensor[];
  /** Copies values into the buffer of a tensor. Throws `KernelgenError` "invalid-name" or "invalid-problem". */
  write(tensorName: string, values: Float32Array<ArrayBuffer>): void;
  /**
   * Computes all steps from what the input buffers hold; resolves when the outputs are there. Rejects with `KernelgenError`
   * "no-forward-progress" where workgroups of the family "grid" did not run at the same time.
   */
  run(): Promise<void>;
  /** What the buffer of a tensor holds. */
  read(tensorName: string): Promise<Float32Array<ArrayBuffer>>;
  /** The mean time of a step over so many runs. */
  time(runs: number): Promise<StepTime>;
  /** Frees all buffers. Nothing else may be called afterwards. */
  destroy(): void;
}

/** Bytes of the uniform `run`. */
const runBytes = runFields.length * Uint32Array.BYTES_PER_ELEMENT;
/** Copies begin and end at multiples of this. */
const copyAlignment = 4;
/** Dispatches of one submission. It bounds the uniform buffer, which holds one entry for each of them. */
const dispatchesPerSubmit = 1024;

/**
 * Compiles a plan's source for a device and makes the buffers of its tensors.
 *
 * Throws `KernelgenError` "invalid-problem" if the source does not carry the plan's hash.
 * All promises of the result reject with `KernelgenError` "webgpu-failure" if the device refuses the source, a buffer or a call, or is
 * lost. The device stays the caller's.
 */
export async function createForward(device: GPUDevice, plan: Plan, source: string): Promise<WebGpuForward> {
  const { problem } = plan;
  if (plan.target !== "wgsl" || !source.includes(plan.hash)) {
    throw new KernelgenError(
      "invalid-problem",
      `the source is not the WGSL of plan ${plan.hash}: it does not carry its hash`,
    );
  }
  const buffers = storageBuffers(problem);
  const beside = besideTensors(plan);
  const layout = await checked(device, "bind group layout", () => bindGroupLayout(device, buffers, beside));
  const pipeline = await compile(device, layout, entryPoint(problem), source);
  return checked(device, "buffers", () => new Forward(device, plan, buffers, beside, layout, pipeline));
}

/** A buffer that a kernel has beside its tensors: zero before a run; a status at its beginning, if any, tells whether the run went well. */
interface BesideTensors {
  readonly name: string;
  readonly bytes: number;
  readonly statusBytes: number;
}

function besideTensors(plan: Plan): BesideTensors | undefined {
  if (plan.family === "grid") return exchangeBuffer(plan.problem);
  const counter = stepCounter(plan);
  return counter && { ...counter, statusBytes: 0 };
}

function bindGroupLayout(
  device: GPUDevice,
  buffers: readonly StorageBuffer[],
  beside: BesideTensors | undefined,
): GPUBindGroupLayout {
  const visibility = shaderStageCompute;
  return device.createBindGroupLayout({
    entries: [
      ...buffers.map(
        ({ role }, binding): GPUBindGroupLayoutEntry => ({
          binding,
          visibility,
          buffer: { type: role === "input" ? "read-only-storage" : "storage" },
        }),
      ),
      {
        binding: buffers.length,
        visibility,
        buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: runBytes },
      },
      ...(beside === undefined
        ? []
        : [{ binding: buffers.length + 1, visibility, buffer: { type: "storage" } } as const]),
    ],
  });
}

async function compile(
  device: GPUDevice,
  layout: GPUBindGroupLayout,
  entryPoint: string,
  source: string,
): Promise<GPUComputePipeline> {
  const module = await checked(device, "WGSL module", () => device.createShaderModule({ code: source }));
  const pipeline = device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint },
  });
  const failed = (error: Error): never => {
    throw new KernelgenError("webgpu-failure", `compute pipeline: ${error.message}`, { cause: error });
  };
  return untilLost(device, pipeline.catch(failed));
}

/** Where a tensor lies on the device. */
interface TensorPlace {
  readonly buffer: GPUBuffer;
  readonly offsetBytes: number;
  readonly bytes: number;
  /** The type of the stored elements. */
  readonly type: ElementType;
}

/** The bytes with zeros up to a multiple of what WebGPU copies. */
function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(copyable(bytes.length));
  all.set(bytes);
  return all;
}

/** The least number of bytes that WebGPU copies and that holds so many. */
const copyable = (bytes: number): number => Math.ceil(bytes / copyAlignment) * copyAlignment;

/** The places of the tensors of a storage buffer, by name. */
function tensorPlaces({ tensors }: StorageBuffer, buffer: GPUBuffer): [name: string, place: TensorPlace][] {
  let offsetBytes = 0;
  return tensors.map((tensor) => {
    const place = { buffer, offsetBytes, bytes: tensorBytes(tensor), type: tensor.type };
    offsetBytes += place.bytes;
    return [tensor.name, place];
  });
}

class Forward implements WebGpuForward {
  readonly tensors: readonly Tensor[];
  readonly #device: GPUDevice;
  readonly #plan: Plan;
  readonly #pipeline: GPUComputePipeline;
  /** Where each tensor lies, by name. */
  readonly #places: ReadonlyMap<string, TensorPlace>;
  readonly #buffers: readonly GPUBuffer[];
  /** What the buffers hold, by name: the tensors, and what a family has beside. */
  readonly #stored: ReadonlyMap<string, Tensor>;
  readonly #uniforms: GPUBuffer;
  /** Distance of two entries of the uniform buffer. */
  readonly #uniformStride: number;
  readonly #beside: GPUBuffer | undefined;
  readonly #statusBytes: number;
  readonly #bindGroup: GPUBindGroup;
  #destroyed = false;
  #lost: GPUDeviceLostInfo | undefined;

  constructor(
    device: GPUDevice,
    plan: Plan,
    storage: readonly StorageBuffer[],
    beside: BesideTensors | undefined,
    layout: GPUBindGroupLayout,
    pipeline: GPUComputePipeline,
  ) {
    this.tensors = forwardTensors(plan.problem);
    this.#device = device;
    this.#plan = plan;
    device.lost.then((info) => {
      this.#lost = info;
    });
    this.#pipeline = pipeline;
    const { copySource, copyDestination, uniform } = bufferUsage;
    this.#buffers = storage.map((buffer) =>
      device.createBuffer({
        label: buffer.name,
        size: copyable(bufferBytes(buffer)),
        usage: bufferUsage.storage | copySource | copyDestination,
      }),
    );
    this.#stored = new Map(storage.flatMap(({ tensors }) => tensors.map((tensor) => [tensor.name, tensor] as const)));
    this.#places = new Map(storage.flatMap((buffer, index) => tensorPlaces(buffer, this.#buffers[index]!)));
    this.#uniformStride = uniformStride(runBytes, device.limits);
    this.#uniforms = device.createBuffer({
      label: "run",
      size: Math.min(this.#dispatchCount, dispatchesPerSubmit) * this.#uniformStride,
      usage: uniform | copyDestination,
    });
    this.#beside =
      beside &&
      device.createBuffer({
        label: beside.name,
        size: beside.bytes,
        usage: bufferUsage.storage | copySource | copyDestination,
      });
    this.#statusBytes = beside?.statusBytes ?? 0;
    const uniformEntry = { buffer: this.#uniforms, size: runBytes };
    this.#bindGroup = device.createBindGroup({
      layout,
      entries: [
        ...this.#buffers.map((buffer) => ({ buffer })),
        uniformEntry,
        ...(this.#beside === undefined ? [] : [{ buffer: this.#beside }]),
      ].map((resource, binding) => ({ binding, resource })),
    });
  }

  get #dispatchCount(): number {
    return this.#plan.derived.dispatchCount!;
  }

  write(tensorName: string, values: Float32Array<ArrayBuffer>): void {
    const tensor = this.#stored.get(tensorName);
    if (tensor === undefined) throw this.#unknownTensor(tensorName);
    if (values.length !== elementCount(tensor)) {
      throw new KernelgenError(
        "invalid-problem",
        `tensor ${tensorName} [${tensor.shape.join(",")}]: got ${values.length} values, needs ${elementCount(tensor)}`,
      );
    }
    const { buffer, offsetBytes, type } = this.#place(tensorName);
    this.#device.queue.writeBuffer(buffer, offsetBytes, padded(encode(type, Float64Array.from(values))));
  }

  async run(): Promise<void> {
    this.#requireAlive();
    await checked(this.#device, "forward pass", () => this.#submit());
    await untilLost(this.#device, this.#device.queue.onSubmittedWorkDone());
    await this.#requireArrivals();
  }

  async #requireArrivals(): Promise<void> {
    if (this.#beside === undefined || this.#statusBytes === 0) return;
    requireArrivals(await this.#readBuffer({ buffer: this.#beside, offsetBytes: 0, bytes: this.#statusBytes }));
  }

  async read(tensorName: string): Promise<Float32Array<ArrayBuffer>> {
    const place = this.#place(tensorName);
    return Float32Array.from(decode(place.type, new Uint8Array(await this.#readBuffer(place))));
  }

  async time(runs: number): Promise<StepTime> {
    this.#requireAlive();
    const { steps } = this.#plan.problem;
    const nanoseconds = await this.#timeByTimestamps(runs);
    if (nanoseconds !== undefined) {
      return { microsecondsPerStep: nanoseconds / 1e3 / runs / steps, clock: "timestamp-query" };
    }
    let milliseconds = 0;
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      await this.run();
      milliseconds += performance.now() - start;
    }
    return { microsecondsPerStep: (milliseconds * 1e3) / runs / steps, clock: "host" };
  }

  destroy(): void {
    this.#destroyed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#uniforms.destroy();
    this.#beside?.destroy();
  }

  /** Submits all dispatches; the timestamps, if given, are those of the beginning of the first pass and of the end of the last. */
  #submit(timestamps?: GPUQuerySet): void {
    const { derived } = this.#plan;
    for (let first = 0; first < this.#dispatchCount; first += dispatchesPerSubmit) {
      const count = Math.min(dispatchesPerSubmit, this.#dispatchCount - first);
      this.#device.queue.writeBuffer(this.#uniforms, 0, this.#runEntries(first, count));
      const encoder = this.#device.createCommandEncoder();
      if (this.#beside !== undefined && first === 0) encoder.clearBuffer(this.#beside);
      const isLast = first + count === this.#dispatchCount;
      const pass = encoder.beginComputePass(passDescriptor(timestamps, first === 0, isLast));
      pass.setPipeline(this.#pipeline);
      for (let dispatch = 0; dispatch < count; dispatch++) {
        // Kernels that count steps bind the same for all of them.
        if (dispatch === 0 || this.#beside === undefined) {
          pass.setBindGroup(0, this.#bindGroup, [dispatch * this.#uniformStride]);
        }
        pass.dispatchWorkgroups(derived.workgroupsX!, derived.workgroupsY!, derived.workgroupsZ!);
      }
      pass.end();
      this.#device.queue.submit([encoder.finish()]);
    }
  }

  /** Entries of the uniform buffer for the dispatches from `first`: the steps of a sequence, and the dispatch's own step. */
  #runEntries(first: number, count: number): Uint32Array<ArrayBuffer> {
    const stride = this.#uniformStride / Uint32Array.BYTES_PER_ELEMENT;
    const entries = new Uint32Array(count * stride);
    for (let dispatch = 0; dispatch < count; dispatch++) {
      const { steps, heads, headDim } = this.#plan.problem;
      const entry = { steps, step: first + dispatch, reversed: 0, outputStride: heads * headDim, outputOffset: 0 };
      entries.set(runWords(entry), dispatch * stride);
    }
    return entries;
  }

  /** Nanoseconds of so many runs by GPU timestamps; undefined if the device has none or they stand still. */
  async #timeByTimestamps(runs: number): Promise<number | undefined> {
    const device = this.#device;
    if (!device.features.has("timestamp-query")) return undefined;
    const timestampBytes = 2 * BigUint64Array.BYTES_PER_ELEMENT;
    const timestamps = device.createQuerySet({ type: "timestamp", count: 2 });
    const resolved = device.createBuffer({
      size: timestampBytes,
      usage: bufferUsage.queryResolve | bufferUsage.copySource,
    });
    try {
      let nanoseconds = 0;
      for (let run = 0; run < runs; run++) {
        await checked(device, "timed forward pass", () => {
          this.#submit(timestamps);
          const encoder = device.createCommandEncoder();
          encoder.resolveQuerySet(timestamps, 0, 2, resolved, 0);
          device.queue.submit([encoder.finish()]);
        });
        const [begin, end] = new BigUint64Array(
          await this.#readBuffer({ buffer: resolved, offsetBytes: 0, bytes: timestampBytes }),
        );
        if (end! <= begin!) return undefined;
        nanoseconds += Number(end! - begin!);
        await this.#requireArrivals();
      }
      return nanoseconds;
    } finally {
      timestamps.destroy();
      resolved.destroy();
    }
  }

  /** The bytes of a place. */
  async #readBuffer({ buffer, offsetBytes, bytes }: Omit<TensorPlace, "type">): Promise<ArrayBuffer> {
    const device = this.#device;
    // From and to places where WebGPU can copy.
    const before = offsetBytes % copyAlignment;
    const size = copyable(before + bytes);
    const { mapRead, copyDestination } = bufferUsage;
    const staging = await checked(device, "read back", () => {
      const staging = device.createBuffer({ size, usage: mapRead | copyDestination });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offsetBytes - before, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      return staging;
    });
    try {
      await untilLost(device, staging.mapAsync(mapModeRead));
      return staging.getMappedRange().slice(before, before + bytes);
    } finally {
      staging.destroy();
    }
  }

  #place(tensorName: string): TensorPlace {
    this.#requireAlive();
    const place = this.#places.get(tensorName);
    if (place === undefined) throw this.#unknownTensor(tensorName);
    return place;
  }

  #unknownTensor(name: string): KernelgenError {
    const known = this.tensors.map((tensor) => tensor.name).join(", ");
    return new KernelgenError("invalid-name", `unknown tensor "${name}"; tensors: ${known}`);
  }

  #requireAlive(): void {
    if (this.#destroyed) throw new KernelgenError("webgpu-failure", "the forward kernel was used after destroy()");
    // A lost device may itself be gone: no more calls to it.
    if (this.#lost !== undefined) throw lostDevice(this.#lost);
  }
}

/** A compute pass that writes timestamp 0 at the beginning of a run and timestamp 1 at its end, if timestamps are wanted. */
function passDescriptor(
  timestamps: GPUQuerySet | undefined,
  isFirst: boolean,
  isLast: boolean,
): GPUComputePassDescriptor {
  if (timestamps === undefined || !(isFirst || isLast)) return {};
  return {
    timestampWrites: {
      querySet: timestamps,
      ...(isFirst ? { beginningOfPassWriteIndex: 0 } : {}),
      ...(isLast ? { endOfPassWriteIndex: 1 } : {}),
    },
  };
}
