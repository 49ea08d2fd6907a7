import { KernelgenError } from "../../errors.js";
import { decode, fp16Bits } from "../../plan/data-type.js";
import { bufferUsage, checked, mapModeRead, untilLost } from "../webgpu-calls.js";
import { DispatchQueue } from "./dispatch-queue.js";
import type { GpuModule } from "./gpu-module.js";
import { ReadPauses } from "./read-pauses.js";

/** Copies begin and end at multiples of this. */
export const copyAlignment = 4;

/** The least number of bytes that WebGPU copies and that holds so many. */
export const copyable = (bytes: number): number => Math.ceil(bytes / copyAlignment) * copyAlignment;

/** How numbers lie in a buffer. */
export type StoredType = "fp16" | "fp32";

export const storedBytes: Readonly<Record<StoredType, number>> = { fp16: 2, fp32: 4 };

/** Numbers as a buffer stores them, with zeros up to what WebGPU copies. */
export function stored(type: StoredType, values: Float32Array): Float32Array | Uint16Array {
  if (type === "fp32") return values;
  const bits = new Uint16Array(copyable(values.length * storedBytes.fp16) / storedBytes.fp16);
  for (let i = 0; i < values.length; i++) bits[i] = fp16Bits(values[i]!);
  return bits;
}

/** Numbers from the bytes of a buffer. */
export function loaded(type: StoredType, bytes: ArrayBuffer, count: number): Float32Array<ArrayBuffer> {
  if (type === "fp32") return new Float32Array(bytes, 0, count);
  return Float32Array.from(decode("fp16", new Uint8Array(bytes, 0, count * storedBytes.fp16)));
}

/** A part of a buffer. */
export interface BufferPart {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
}

/** Buffers of one device by name, made when first asked for, larger when more is asked for, and all freed together. */
export class GpuMemory {
  readonly #pauses = new ReadPauses();
  readonly #device: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #numbers = new WeakMap<object, number>();
  #nextNumber = 0;
  #destroyed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The storage buffer of that name with at least so many bytes. What it held is lost when it grows. */
  storage(name: string, bytes: number): GPUBuffer {
    const { storage, copySource, copyDestination } = bufferUsage;
    return this.#buffer(name, bytes, storage | copySource | copyDestination);
  }

  uniform(name: string, bytes: number): GPUBuffer {
    return this.#buffer(name, bytes, bufferUsage.uniform | bufferUsage.copyDestination);
  }

  #buffer(name: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const known = this.#buffers.get(name);
    if (known !== undefined && known.size >= bytes) return known;
    if (this.#destroyed) throw new KernelgenError("webgpu-failure", `buffer ${name}: used after destroy()`);
    if (known !== undefined) {
      known.destroy();
      // Some of them bind the buffer that is gone.
      this.#bindGroups.clear();
    }
    const buffer = this.#device.createBuffer({ label: name, size: copyable(bytes), usage });
    this.#buffers.set(name, buffer);
    return buffer;
  }

  /** The bind group of a module and buffers of this memory; the same is made once. */
  bound(module: GpuModule, buffers: Readonly<Record<string, GPUBuffer>>): GPUBindGroup {
    const key = [module, ...Object.values(buffers)].map((object) => this.#numberOf(object)).join(" ");
    const known = this.#bindGroups.get(key);
    if (known !== undefined) return known;
    const group = module.bind(buffers);
    this.#bindGroups.set(key, group);
    return group;
  }

  #numberOf(object: object): number {
    const known = this.#numbers.get(object);
    if (known !== undefined) return known;
    this.#numbers.set(object, this.#nextNumber);
    return this.#nextNumber++;
  }

  write(buffer: GPUBuffer, values: Float32Array | Uint16Array | Uint32Array, offsetBytes = 0): void {
    this.#device.queue.writeBuffer(buffer, offsetBytes, values as Float32Array<ArrayBuffer>);
  }

  /**
   * Submits what is encoded into a queue and reads the parts that it names, after it. They travel through one staging buffer where it can
   * hold them, so that the host waits once. Rejects with `KernelgenError` "webgpu-failure" if a call was invalid, found no memory, or the device was lost.
   */
  async submitAndRead(
    what: string,
    encode: (queue: DispatchQueue) => readonly BufferPart[],
  ): Promise<readonly ArrayBuffer[]> {
    let rest: readonly (readonly BufferPart[])[] = [];
    const results = await this.#readTogether(what, (queue) => {
      const [first, ...others] = groupedBySize(encode(queue), this.#device.limits.maxBufferSize);
      rest = others;
      return first!;
    });
    for (const group of rest) results.push(...(await this.#readTogether("read back", () => group)));
    return results;
  }

  async #readTogether(what: string, encode: (queue: DispatchQueue) => readonly BufferPart[]): Promise<ArrayBuffer[]> {
    const device = this.#device;
    const begin = performance.now();
    const { parts, offsets, staging, mapped, results } = await checked(device, what, () => {
      const queue = new DispatchQueue(device);
      const parts = encode(queue);
      const offsets = partOffsets(parts);
      const total = offsets.at(-1)!;
      const staging = this.#buffer("staging", total, bufferUsage.mapRead | bufferUsage.copyDestination);
      parts.forEach(({ buffer, bytes }, index) => {
        queue.copy(buffer, staging, offsets[index]!, copyable(bytes));
      });
      queue.flush();
      // Asked for without waiting for the error scopes, from which nothing is gained.
      const ask = (): Promise<void> => {
        if (this.#destroyed) throw new KernelgenError("webgpu-failure", `${what}: destroy() was called meanwhile`);
        return untilLost(device, staging.mapAsync(mapModeRead, 0, total));
      };
      const mapped = this.#pauses.before(total)?.then(ask) ?? ask();
      mapped.catch(() => undefined);
      // The GPU computes meanwhile, and to make memory takes longer than to copy into it.
      return { parts, offsets, staging, mapped, results: parts.map(({ bytes }) => new ArrayBuffer(bytes)) };
    });
    await mapped;
    this.#pauses.took(offsets.at(-1)!, performance.now() - begin);
    const all = staging.getMappedRange(0, offsets.at(-1)!);
    parts.forEach(({ bytes }, index) => {
      new Uint8Array(results[index]!).set(new Uint8Array(all, offsets[index]!, bytes));
    });
    staging.unmap();
    return results;
  }

  /** Frees all buffers. A call that is not done may ask for more: those it does not get. */
  destroy(): void {
    this.#destroyed = true;
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#bindGroups.clear();
  }
}

/** Where the parts begin one after the other, and where they end. */
function partOffsets(parts: readonly BufferPart[]): readonly number[] {
  const offsets = [0];
  // Mapped ranges begin at multiples of 8.
  for (const { bytes } of parts) offsets.push(offsets.at(-1)! + Math.ceil(bytes / 8) * 8);
  return offsets;
}

/** The parts in their order, as many together as fit. */
function groupedBySize(parts: readonly BufferPart[], maxBytes: number): readonly (readonly BufferPart[])[] {
  const groups: BufferPart[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (last !== undefined && partOffsets([...last, part]).at(-1)! <= maxBytes) last.push(part);
    else groups.push([part]);
  }
  return groups;
}
