/**
 * Dispatches of the first submission, and of the largest. The GPU begins with one submission while the host encodes the next; so the first
 * is small, and each has twice as many as the one before.
 */
const dispatchesPerSubmit = { first: 4, most: 32 } as const;

/** Encodes dispatches one after the other, each after the one before is done, and submits them as they gather. */
export class DispatchQueue {
  readonly #device: GPUDevice;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #pipeline: GPUComputePipeline | undefined;
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
    if (this.#pass === undefined) {
      this.#encoder = this.#device.createCommandEncoder();
      this.#pass = this.#encoder.beginComputePass();
    }
    if (this.#pipeline !== pipeline) {
      this.#pass.setPipeline(pipeline);
      this.#pipeline = pipeline;
    }
    this.#pass.setBindGroup(0, bindGroup, [uniformOffset]);
    this.#pass.dispatchWorkgroups(x, y, z);
    this.#count++;
    if (this.#count === this.#submitCount) {
      this.flush();
      this.#submitCount = Math.min(2 * this.#submitCount, dispatchesPerSubmit.most);
    }
  }

  /** Fills a part of a buffer with zeros, between the dispatches before and after. */
  clear(buffer: GPUBuffer, offsetBytes: number, bytes: number): void {
    this.flush();
    this.#encoder = this.#device.createCommandEncoder();
    this.#encoder.clearBuffer(buffer, offsetBytes, bytes);
    this.#pass = this.#encoder.beginComputePass();
  }

  /** Submits what has gathered. */
  flush(): void {
    if (this.#pass === undefined || this.#encoder === undefined) return;
    this.#pass.end();
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = undefined;
    this.#pass = undefined;
    this.#pipeline = undefined;
    this.#count = 0;
  }
}
