import { KernelgenError } from "../../errors.js";
import { requireArrivals } from "../exchange.js";
import { checked } from "../webgpu-calls.js";
import { BackwardPass, type CompiledTraining, compileTraining } from "./backward-pass.js";
import { type Direction, directionsOf, type PartPlace, walk } from "./directions.js";
import { DispatchQueue } from "./dispatch-queue.js";
import { recurrenceDispatches } from "./dispatches.js";
import { type BufferPart, loaded, storedBytes } from "./gpu-memory.js";
import { compileModule, type GpuModule } from "./gpu-module.js";
import { NetworkBuffers, uniformBytes } from "./network-buffers.js";
import { paddingOfParts } from "./padding.js";
import { layerDim, layerInputDim, type ProductModule, type RecurrentProgram, unmetRequirements } from "./program.js";
import type { RecurrentGradients, RecurrentResult, RecurrentState, StartState } from "./recurrent.js";
import { requireState } from "./require-state.js";
import { joinParts, lastPhases, longestPart, partOf, type SequencePart, sequenceParts } from "./sequence-parts.js";
import { type RecurrentWeights, requireWeights } from "./weights.js";

/**
 * A network on a device: its compiled modules, and how sequences, states and weights travel through its buffers.
 *
 * A layer's directions run part by part over the sequence, each part a product for Wx and the recurrence, and hand their states from part to
 * part; the outputs of all parts stay for the next layer. Each direction has two buffers for its states, which parts read and write in turn;
 * in training one more than there are parts, since the backward pass reads from where each part started.
 *
 * @internal
 */
export class Network {
  readonly program: RecurrentProgram;
  readonly device: GPUDevice;
  readonly buffers: NetworkBuffers;
  /** By the width of a layer's input. */
  readonly #projections: ReadonlyMap<number, { readonly plan: ProductModule; readonly module: GpuModule }>;
  readonly #recurrence: GpuModule;
  readonly directions: readonly Direction[];
  readonly #longestPart: number;
  /** For each direction which of its buffers holds where it stands. */
  readonly #currentState: number[];
  /** What computes gradients, in a program for training. */
  readonly #backward: BackwardPass | undefined;
  /** The parts of the last sequence, in a program for training. */
  #lastParts: readonly SequencePart[] | undefined;

  static async create(device: GPUDevice, program: RecurrentProgram, weights: RecurrentWeights): Promise<Network> {
    const unmet = unmetRequirements(program, device);
    if (unmet.length > 0) {
      throw new KernelgenError("webgpu-failure", `the device cannot run the program: ${unmet.join("; ")}`);
    }
    requireWeights(program, weights);
    const projections = new Map<number, { readonly plan: ProductModule; readonly module: GpuModule }>();
    for (const plan of program.projections) {
      projections.set(plan.inputDim, { plan, module: await compileModule(device, plan, uniformBytes.rows) });
    }
    const recurrence = await compileModule(device, program.forward, uniformBytes.run);
    const training = program.training && (await compileTraining(device, program.training, uniformBytes.run));
    const network = new Network(device, program, projections, recurrence, training);
    try {
      await network.setWeights(weights);
      await network.setState("zero");
    } catch (error) {
      network.destroy();
      throw error;
    }
    return network;
  }

  private constructor(
    device: GPUDevice,
    program: RecurrentProgram,
    projections: ReadonlyMap<number, { readonly plan: ProductModule; readonly module: GpuModule }>,
    recurrence: GpuModule,
    training: CompiledTraining | undefined,
  ) {
    this.program = program;
    this.device = device;
    this.buffers = new NetworkBuffers(device, program);
    this.#projections = projections;
    this.#recurrence = recurrence;
    this.directions = directionsOf(program);
    this.#longestPart = longestPart(program, device.limits);
    this.#currentState = this.directions.map(() => 0);
    this.#backward = training && new BackwardPass(this, training);
  }

  async forward(
    input: Float32Array,
    start: StartState,
    lengths: ArrayLike<number> | undefined,
  ): Promise<RecurrentResult> {
    const parts = this.#partsOf(input);
    const paddings = paddingOfParts(this.program, parts, lengths);
    const bytes = await this.#submitAndRead((queue) => {
      this.#startFrom(start);
      this.#writeInput(input, parts);
      this.#writePadding(paddings);
      this.#encode(queue, parts);
      return [...this.buffers.outputs(parts), ...this.#stateBuffers()];
    });
    return {
      output: this.#joined(parts, bytes.slice(0, parts.length)),
      state: this.stateFrom(bytes.slice(parts.length)),
    };
  }

  /** The output alone. */
  async output(input: Float32Array, start: StartState): Promise<Float32Array<ArrayBuffer>> {
    const parts = this.#partsOf(input);
    const bytes = await this.#submitAndRead((queue) => {
      this.#startFrom(start);
      this.#writeInput(input, parts);
      this.#writePadding(paddingOfParts(this.program, parts));
      this.#encode(queue, parts);
      return this.buffers.outputs(parts);
    });
    return this.#joined(parts, bytes);
  }

  /** Submits a forward pass and reads what it names. Rejects if workgroups that wait for one another did not all run. */
  async #submitAndRead(encode: (queue: DispatchQueue) => readonly BufferPart[]): Promise<readonly ArrayBuffer[]> {
    const { exchange } = this.program.forward;
    if (exchange === undefined) return this.buffers.memory.submitAndRead("forward pass", encode);
    const [status, ...bytes] = await this.buffers.memory.submitAndRead("forward pass", (queue) => {
      const parts = encode(queue);
      return [{ buffer: this.buffers.beside(exchange), bytes: exchange.statusBytes }, ...parts];
    });
    requireArrivals(status!);
    return bytes;
  }

  /** The gradients of the last sequence; see `Recurrent.backward`. */
  backward(outputGradient: Float32Array, stateGradient: RecurrentState | undefined): Promise<RecurrentGradients> {
    if (this.#backward === undefined) {
      throw new KernelgenError("invalid-problem", "backward: the program was planned without training");
    }
    if (this.#lastParts === undefined) {
      throw new KernelgenError(
        "invalid-problem",
        "backward: no sequence has run forward since the network or its weights were made",
      );
    }
    return this.#backward.run(this.#lastParts, outputGradient, stateGradient);
  }

  forwardBuffer(input: GPUBuffer, steps: number, start: StartState): Promise<GPUBuffer> {
    const { batch, inputDim, dataType, cell, phases, training } = this.program;
    if (training !== undefined) {
      throw new KernelgenError(
        "invalid-problem",
        "forwardBuffer: a network for training keeps its inputs; use forward",
      );
    }
    if (phases > 1) {
      throw new KernelgenError(
        "invalid-problem",
        `forwardBuffer: ${cell.name} leaves ${phases} outputs a step on the GPU; use forward`,
      );
    }
    const needed = batch * steps * inputDim * storedBytes[dataType];
    if (!Number.isInteger(steps) || steps < 1 || input.size < needed) {
      throw new KernelgenError(
        "invalid-problem",
        `input buffer: ${steps} steps [${batch},${steps},${inputDim}] in ${dataType} need ${needed} B, the buffer has ${input.size} B`,
      );
    }
    if (steps > this.#longestPart) {
      throw new KernelgenError(
        "invalid-problem",
        `input buffer: ${steps} steps at once, the device can bind ${this.#longestPart}; pass the sequence in parts, each from "kept"`,
      );
    }
    const parts = sequenceParts(steps, this.#longestPart);
    const encode = (queue: DispatchQueue): GPUBuffer => {
      this.#startFrom(start);
      this.#writePadding(paddingOfParts(this.program, parts));
      this.#encode(queue, parts, input);
      return this.buffers.outputs(parts)[0]!.buffer;
    };
    if (this.program.forward.exchange !== undefined) return this.#whenArrived(encode);
    return checked(this.device, "forward pass", () => {
      const queue = new DispatchQueue(this.device);
      const output = encode(queue);
      queue.flush();
      return output;
    });
  }

  /** Runs a forward pass, and gives its output once it is known that all workgroups ran. */
  async #whenArrived(encode: (queue: DispatchQueue) => GPUBuffer): Promise<GPUBuffer> {
    let output: GPUBuffer;
    await this.#submitAndRead((queue) => {
      output = encode(queue);
      return [];
    });
    return output!;
  }

  async readState(): Promise<RecurrentState> {
    return this.stateFrom(await this.buffers.memory.submitAndRead("states", () => this.#stateBuffers()));
  }

  /** Puts all directions where they are to go on from. */
  setState(start: StartState): Promise<void> {
    return checked(this.device, "states", () => this.#startFrom(start));
  }

  setWeights(weights: RecurrentWeights): Promise<void> {
    requireWeights(this.program, weights);
    this.#lastParts = undefined;
    return checked(this.device, "weights", () => {
      for (const { layer, direction, index } of this.directions) {
        const tensors = weights.layers[layer]![direction]!;
        for (const name of ["input", "recurrent", "bias"] as const) {
          this.buffers.store(`${name} ${index}`, tensors[name]);
        }
      }
    });
  }

  destroy(): void {
    this.buffers.memory.destroy();
  }

  /** The parts of a sequence [B,T,I]. Throws `KernelgenError` "invalid-problem" if the length is no multiple of a step. */
  #partsOf(input: Float32Array): readonly SequencePart[] {
    const { batch, inputDim } = this.program;
    const steps = input.length / (batch * inputDim);
    if (!Number.isInteger(steps) || steps < 1) {
      throw new KernelgenError(
        "invalid-problem",
        `input [${batch},T,${inputDim}]: got ${input.length} values, needs a multiple of ${batch * inputDim}`,
      );
    }
    return sequenceParts(steps, this.#longestPart);
  }

  /** Puts the states from which a sequence starts where its first part reads them. */
  #startFrom(start: StartState): void {
    if (start === "kept") return;
    const { cell, batch } = this.program;
    const plane = batch * layerDim(this.program);
    if (start !== "zero") requireState(start, cell.states, this.directions.length * plane);
    for (const { index } of this.directions) {
      const values = new Float32Array(cell.states.length * plane);
      if (start !== "zero") {
        cell.states.forEach((name, s) => {
          values.set(start[name]!.subarray(index * plane, (index + 1) * plane), s * plane);
        });
      }
      this.buffers.memory.write(this.buffers.stateBuffer(index, this.#currentState[index]!), values);
    }
  }

  #writeInput(input: Float32Array, parts: readonly SequencePart[]): void {
    const { batch, inputDim } = this.program;
    const steps = input.length / (batch * inputDim);
    parts.forEach((part, place) => {
      this.buffers.store(`level 0 ${place}`, partOf(input, part, steps, batch));
    });
  }

  /** Writes what `paddingOfParts` gives. */
  #writePadding(paddings: readonly Float32Array[]): void {
    paddings.forEach((padding, place) => {
      this.buffers.memory.write(this.buffers.padding(place), padding);
    });
  }

  /** Encodes all layers. The first one's input lies in the buffers of level 0, or in that of the caller. */
  #encode(queue: DispatchQueue, parts: readonly SequencePart[], input?: GPUBuffer): void {
    if (this.program.training !== undefined) {
      this.#moveStatesToFirstBuffers();
      this.#lastParts = parts;
    }
    const { exchange } = this.program.forward;
    if (exchange !== undefined) queue.clear(this.buffers.beside(exchange), 0, exchange.statusBytes);
    for (const direction of this.directions) {
      for (const part of walk(this.program, direction, parts)) {
        const current = this.#currentState[direction.index]!;
        const next = this.program.training === undefined ? 1 - current : current + 1;
        this.#encodeClearing(queue);
        this.#encodeProjection(queue, direction, part, direction.layer === 0 ? input : undefined);
        this.#encodeRecurrence(queue, direction, part, current, next);
        this.#currentState[direction.index] = next;
      }
    }
  }

  /** In training a direction's states lie in the buffer of the part that starts from them, so those of a new sequence in the first. */
  #moveStatesToFirstBuffers(): void {
    const encoder = this.device.createCommandEncoder();
    for (const { index } of this.directions) {
      const current = this.#currentState[index]!;
      if (current === 0) continue;
      const [from, to] = [this.buffers.stateBuffer(index, current), this.buffers.stateBuffer(index, 0)];
      encoder.copyBufferToBuffer(from, 0, to, 0, this.buffers.stateElements * storedBytes.fp32);
      this.#currentState[index] = 0;
    }
    this.device.queue.submit([encoder.finish()]);
  }

  #encodeProjection(queue: DispatchQueue, direction: Direction, part: PartPlace, input: GPUBuffer | undefined): void {
    const { layer, index } = direction;
    const { place, steps } = part;
    const rows = this.program.batch * steps;
    const { plan, module } = this.#projections.get(layerInputDim(this.program, layer))!;
    const tensors = {
      x: input ?? this.buffers.level(layer, place, steps),
      weights: this.buffers.weights(`input ${index}`),
      bias: this.buffers.weights(`bias ${index}`),
      wx: this.buffers.projected(direction, part),
      run: this.buffers.rowsUniform(part),
    };
    // The caller's buffer is not this memory's to remember.
    const group = input === undefined ? this.buffers.memory.bound(module, tensors) : module.bind(tensors);
    const workgroups = [Math.ceil(plan.columns / plan.columnTile), Math.ceil(rows / plan.rowTile), 1] as const;
    queue.dispatch(module.pipeline, group, 0, workgroups);
  }

  #encodeRecurrence(queue: DispatchQueue, direction: Direction, part: PartPlace, current: number, next: number): void {
    const { forward, cell } = this.program;
    const { layer, index } = direction;
    const { place, steps } = part;
    const { count, workgroups } = recurrenceDispatches(forward, steps, steps * this.program.phases);
    const { exchange, counter } = forward;
    const group = this.buffers.memory.bound(this.#recurrence, {
      ...(exchange === undefined ? {} : { [exchange.name]: this.buffers.beside(exchange) }),
      ...(counter === undefined ? {} : { [counter.name]: this.buffers.beside(counter) }),
      wx: this.buffers.projected(direction, part),
      recurrent: this.buffers.weights(`recurrent ${index}`),
      bias: this.buffers.weights(`bias ${index}`),
      initial_states: this.buffers.stateBuffer(index, current),
      final_states: this.buffers.stateBuffer(index, next),
      [cell.states[0]!]: this.buffers.level(layer + 1, place, steps),
      ...this.buffers.keptForBackward(index, part),
      ...this.buffers.scanBuffers(forward, part),
      run: this.buffers.runUniform(direction, part, counter === undefined ? count : 1),
    });
    const stride = counter === undefined ? this.buffers.uniformStride : 0;
    for (let dispatch = 0; dispatch < count; dispatch++) {
      queue.dispatch(this.#recurrence.pipeline, group, dispatch * stride, workgroups);
    }
  }

  /** Zeros where the recurrence of a part expects them, ahead of its product: what interrupts a pass is best between two recurrences. */
  #encodeClearing(queue: DispatchQueue): void {
    const { exchange, counter } = this.program.forward;
    if (exchange !== undefined) {
      queue.clear(this.buffers.beside(exchange), exchange.statusBytes, exchange.bytes - exchange.statusBytes);
    }
    if (counter !== undefined) queue.clear(this.buffers.beside(counter), 0, counter.bytes);
  }

  /** Where the directions stand. */
  #stateBuffers(): readonly BufferPart[] {
    const bytes = this.buffers.stateElements * storedBytes.fp32;
    return this.directions.map(({ index }) => ({
      buffer: this.buffers.stateBuffer(index, this.#currentState[index]!),
      bytes,
    }));
  }

  /** States by their names from the bytes of each direction's buffer [S,B,N,D]. */
  stateFrom(bytes: readonly ArrayBuffer[]): RecurrentState {
    const plane = this.program.batch * layerDim(this.program);
    return Object.fromEntries(
      this.program.cell.states.map((name, s) => {
        const values = new Float32Array(bytes.length * plane);
        bytes.forEach((direction, index) => {
          values.set(new Float32Array(direction, s * plane * storedBytes.fp32, plane), index * plane);
        });
        return [name, values];
      }),
    );
  }

  /** The output from the bytes of its parts. */
  #joined(parts: readonly SequencePart[], bytes: readonly ArrayBuffer[]): Float32Array<ArrayBuffer> {
    const { program } = this;
    const values = bytes.map((part, place) =>
      loaded(program.dataType, part, program.batch * parts[place]!.steps * this.buffers.outputFeatures),
    );
    return lastPhases(joinParts(parts, values, program.batch), program);
  }
}
