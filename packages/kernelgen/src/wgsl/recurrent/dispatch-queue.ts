/**
 * Dispatches of the first submission, and of the largest. The GPU begins with one submission while the host encodes the next; so the first
 * is small, and each has twice as many as the one before.
 */
const dispatchesPerSubmit = { first: 4, most: 64 } as const;

/** Encodes dispatches one after the other, each after the one before is done, and submits them as they gather. */
export class DispatchQueue {
  readonly #device: GPUDevice;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  /** What the pass has set: a call for each dispatch that would set the same again is what the host's time goes to. */
  #pipeline: GPUComputePipeline | undefined;
  #bindGroup: GPUBindGroup | undefined;
  #uniformOffset = 0;
  #count = 0;
  #submitCount: number = dispatchesPerSubmit.first;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  dispatch(
    pipeline: GPUComputePipeline,
    bindGroup: GPUBindGroup,
    uniformOffset: number,
    [x, y, z]: readonly [x: number, y: number, z: number],
  ): void {
    this.#pass ??= this.#commands().beginComputePass();
    if (this.#pipeline !== pipeline) {
      this.#pass.setPipeline(pipeline);
      this.#pipeline = pipeline;
    }
    if (this.#bindGroup !== bindGroup || this.#uniformOffset !== uniformOffset) {
      this.#pass.setBindGroup(0, bindGroup, [uniformOffset]);
      this.#bindGroup = bindGroup;
      this.#uniformOffset = uniformOffset;
    }
    // Each argument takes time of its own to cross into the runtime.
    if (z > 1) this.#pass.dispatchWorkgroups(x, y, z);
    else if (y > 1) this.#pass.dispatchWorkgroups(x, y);
    else this.#pass.dispatchWorkgroups(x);
    this.#count++;
    if (this.#count === this.#submitCount) {
      this.flush();
      this.#submitCount = Math.min(2 * this.#submitCount, dispatchesPerSubmit.most);
    }
  }

  /** Fills a part of a buffer with zeros, between the dispatches before and after. */
  clear(buffer: GPUBuffer, offsetBytes: number, bytes: number): void {
    this.#endPass();
    this.#commands().clearBuffer(buffer, offsetBytes, bytes);
  }

  /** Copies the beginning of a buffer to a place in another one, after the dispatches before. */
  copy(from: GPUBuffer, to: GPUBuffer, toOffset: number, bytes: number): void {
    this.#endPass();
    this.#commands().copyBufferToBuffer(from, 0, to, toOffset, bytes);
  }

  /** Submits what has gathered. */
  flush(): void {
    if (this.#encoder === undefined) return;
    this.#endPass();
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.#count = 0;
  }

  #commands(): GPUCommandEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
    this.#pipeline = undefined;
    this.#bindGroup = undefined;
  }
}
