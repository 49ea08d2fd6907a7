/** Dispatches of one submission: the GPU begins with the first while the host still encodes the next. */
const dispatchesPerSubmit = 32;

/** Encodes dispatches one after the other, each after the one before is done, and submits them as they gather. */
export class DispatchQueue {
  readonly #device: GPUDevice;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #pipeline: GPUComputePipeline | undefined;
  #count = 0;

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
    if (this.#count === dispatchesPerSubmit) this.flush();
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
