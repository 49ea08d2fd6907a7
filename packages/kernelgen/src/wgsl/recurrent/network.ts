import { KernelgenError } from "../../errors.js";
import { requireArrivals } from "../exchange.js";
import { runFields, runWords, uniformStride } from "../run-uniform.js";
import { checked } from "../webgpu-calls.js";
import { BackwardPass, type CompiledTraining, compileTraining } from "./backward-pass.js";
import { DispatchQueue } from "./dispatch-queue.js";
import { chunkCount, recurrenceDispatches } from "./dispatches.js";
import { type BufferPart, GpuMemory, loaded, stored, storedBytes } from "./gpu-memory.js";
import { compileModule, type GpuModule } from "./gpu-module.js";
import {
  directionCount,
  layerDim,
  layerInputDim,
  outputDim,
  type ProductModule,
  type RecurrenceModule,
  type RecurrentProgram,
  unmetRequirements,
} from "./program.js";
import type { RecurrentGradients, RecurrentResult, RecurrentState, StartState } from "./recurrent.js";
import { requireState } from "./require-state.js";
import { joinParts, longestPart, partOf, type SequencePart, sequenceParts } from "./sequence-parts.js";
import { type RecurrentWeights, requireWeights } from "./weights.js";

const wordBytes = Uint32Array.BYTES_PER_ELEMENT;
const uniformBytes = { run: runFields.length * wordBytes, rows: wordBytes } as const;

/** A layer's direction; `index` counts all of the network's. */
export interface Direction {
  readonly layer: number;
  readonly direction: number;
  readonly index: number;
}

/**
 * The machinery of a network on a device: its modules, weights, states, and the buffers between its layers.
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
  readonly memory: GpuMemory;
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
  /** What the uniform buffers hold, by their names: their dispatches and steps. */
  readonly #uniformContent = new Map<string, string>();

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
    this.memory = new GpuMemory(device);
    this.#projections = projections;
    this.#recurrence = recurrence;
    const perLayer = directionCount(program);
    this.directions = Array.from({ length: program.layers * perLayer }, (_, index) => ({
      layer: Math.floor(index / perLayer),
      direction: index % perLayer,
      index,
    }));
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
    const bytes = await this.#submitAndRead(() => {
      this.startFrom(start);
      this.#writeInput(input, parts);
      this.#writePadding(parts, lengths);
      this.#submit(parts);
      return [...this.#outputs(parts), ...this.#stateBuffers()];
    });
    return {
      output: this.joined(parts, bytes.slice(0, parts.length)),
      state: this.stateFrom(bytes.slice(parts.length)),
    };
  }

  /** The output alone. */
  async output(input: Float32Array, start: StartState): Promise<Float32Array<ArrayBuffer>> {
    const parts = this.#partsOf(input);
    const bytes = await this.#submitAndRead(() => {
      this.startFrom(start);
      this.#writeInput(input, parts);
      this.#writePadding(parts);
      this.#submit(parts);
      return this.#outputs(parts);
    });
    return this.joined(parts, bytes);
  }

  /** Submits a forward pass and reads what it names. Rejects if workgroups that wait for one another did not all run. */
  async #submitAndRead(submit: () => readonly BufferPart[]): Promise<readonly ArrayBuffer[]> {
    const { exchange } = this.program.forward;
    if (exchange === undefined) return this.memory.submitAndRead("forward pass", submit);
    const [status, ...bytes] = await this.memory.submitAndRead("forward pass", () => {
      const parts = submit();
      return [{ buffer: this.#exchange(exchange), bytes: exchange.statusBytes }, ...parts];
    });
    requireArrivals(status!);
    return bytes;
  }

  #exchange({ name, bytes }: { readonly name: string; readonly bytes: number }): GPUBuffer {
    return this.memory.storage(name, bytes);
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
    const submit = (): GPUBuffer => {
      this.startFrom(start);
      this.#writePadding(parts);
      this.#submit(parts, input);
      return this.#outputs(parts)[0]!.buffer;
    };
    return this.program.forward.exchange === undefined
      ? checked(this.device, "forward pass", submit)
      : this.#whenArrived(submit);
  }

  /** The same once it is known that all workgroups ran. */
  async #whenArrived(submit: () => GPUBuffer): Promise<GPUBuffer> {
    let output: GPUBuffer;
    await this.#submitAndRead(() => {
      output = submit();
      return [];
    });
    return output!;
  }

  async readState(): Promise<RecurrentState> {
    return this.stateFrom(await this.memory.submitAndRead("states", () => this.#stateBuffers()));
  }

  setState(start: StartState): Promise<void> {
    return checked(this.device, "states", () => this.startFrom(start));
  }

  setWeights(weights: RecurrentWeights): Promise<void> {
    requireWeights(this.program, weights);
    this.#lastParts = undefined;
    return checked(this.device, "weights", () => {
      for (const { layer, direction, index } of this.directions) {
        const tensors = weights.layers[layer]![direction]!;
        for (const name of ["input", "recurrent", "bias"] as const) {
          this.#store(`${name} ${index}`, tensors[name]);
        }
      }
    });
  }

  destroy(): void {
    this.memory.destroy();
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
  startFrom(start: StartState): void {
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
      this.memory.write(this.stateBuffer(index, this.#currentState[index]!), values);
    }
  }

  #writeInput(input: Float32Array, parts: readonly SequencePart[]): void {
    const { batch, inputDim } = this.program;
    const steps = input.length / (batch * inputDim);
    parts.forEach((part, place) => {
      this.#store(`level 0 ${place}`, partOf(input, part, steps, batch));
    });
  }

  /** Writes how many steps at the end of each part sequences of these lengths, or of full length, lack. Scans read it. */
  #writePadding(parts: readonly SequencePart[], lengths?: ArrayLike<number>): void {
    const { program } = this;
    if (program.forward.dispatch !== "chunks") {
      if (lengths === undefined) return;
      throw new KernelgenError(
        "invalid-problem",
        `lengths: networks of ${program.cell.name} run sequences of one length`,
      );
    }
    const steps = parts.reduce((sum, part) => sum + part.steps, 0);
    const all = Array.from({ length: program.batch }, (_, b) => (lengths === undefined ? steps : lengths[b]!));
    if (lengths !== undefined && lengths.length !== program.batch) {
      throw new KernelgenError(
        "invalid-problem",
        `lengths: got ${lengths.length}, the program has ${program.batch} sequences`,
      );
    }
    for (const length of all) {
      if (Number.isInteger(length) && length >= 1 && length <= steps) continue;
      throw new KernelgenError("invalid-problem", `length: ${length} is not an integer from 1 to ${steps} steps`);
    }
    parts.forEach((part, place) => {
      const present = (length: number): number => Math.min(Math.max(length - part.first, 0), part.steps);
      this.memory.write(
        this.padding(place),
        Float32Array.from(all, (length) => part.steps - present(length)),
      );
    });
  }

  /** The steps that each sequence lacks at the end of a part. */
  padding(place: number): GPUBuffer {
    return this.memory.storage(`padding ${place}`, this.program.batch * storedBytes.fp32);
  }

  /** What passes between the dispatches of a scan over so many steps. */
  chunkSpans(module: RecurrenceModule, steps: number): GPUBuffer {
    const { batch } = this.program;
    const elements = 2 * chunkCount(module, steps) * batch * layerDim(this.program);
    return this.memory.storage("chunk spans", elements * storedBytes.fp32);
  }

  /** Encodes and submits all layers. The first one's input lies in the buffers of level 0, or in that of the caller. */
  #submit(parts: readonly SequencePart[], input?: GPUBuffer): void {
    if (this.program.training !== undefined) {
      this.#moveStatesToFirstBuffers();
      this.#lastParts = parts;
    }
    const queue = new DispatchQueue(this.device);
    const { exchange } = this.program.forward;
    if (exchange !== undefined) queue.clear(this.#exchange(exchange), 0, exchange.statusBytes);
    for (const direction of this.directions) {
      for (const part of this.walk(parts, direction.direction)) {
        const current = this.#currentState[direction.index]!;
        const next = this.program.training === undefined ? 1 - current : current + 1;
        this.#encodeProjection(queue, direction, part, direction.layer === 0 ? input : undefined);
        this.#encodeRecurrence(queue, direction, part, current, next);
        this.#currentState[direction.index] = next;
      }
    }
    queue.flush();
  }

  /** The parts of a sequence in the order in which a direction walks them. */
  walk(parts: readonly SequencePart[], direction: number): readonly PartPlace[] {
    const places = parts.map(({ steps }, place): PartPlace => {
      // All parts but the last have the same number of steps, and so the same uniforms.
      return { place, steps, kind: place === parts.length - 1 ? "last" : "full" };
    });
    return this.isReversed(direction) ? places.toReversed() : places;
  }

  /** In training a direction's states lie in the buffer of the part that starts from them, so those of a new sequence in the first. */
  #moveStatesToFirstBuffers(): void {
    const encoder = this.device.createCommandEncoder();
    for (const { index } of this.directions) {
      const current = this.#currentState[index]!;
      if (current === 0) continue;
      const [from, to] = [this.stateBuffer(index, current), this.stateBuffer(index, 0)];
      encoder.copyBufferToBuffer(from, 0, to, 0, this.stateElements * storedBytes.fp32);
      this.#currentState[index] = 0;
    }
    this.device.queue.submit([encoder.finish()]);
  }

  /** Whether a direction walks sequences from their ends. */
  isReversed(direction: number): boolean {
    return direction === 1 || this.program.reverse;
  }

  #encodeProjection(queue: DispatchQueue, direction: Direction, part: PartPlace, input: GPUBuffer | undefined): void {
    const { layer, index } = direction;
    const { place, steps, kind } = part;
    const rows = this.program.batch * steps;
    const { plan, module } = this.#projections.get(layerInputDim(this.program, layer))!;
    const buffers = {
      x: input ?? this.level(layer, place, steps),
      weights: this.weights(`input ${index}`),
      wx: this.projected(direction, part),
      run: this.uniform(`rows ${kind}`, 1, steps, () => [rows]),
    };
    // The caller's buffer is not this memory's to remember.
    const group = input === undefined ? this.memory.bound(module, buffers) : module.bind(buffers);
    const workgroups = [Math.ceil(plan.columns / plan.columnTile), Math.ceil(rows / plan.rowTile), 1] as const;
    queue.dispatch(module.pipeline, group, 0, workgroups);
  }

  #encodeRecurrence(queue: DispatchQueue, direction: Direction, part: PartPlace, current: number, next: number): void {
    const { forward, cell } = this.program;
    const { layer, index } = direction;
    const { place, steps } = part;
    const { count, workgroups } = recurrenceDispatches(forward, steps, steps * this.program.phases);
    const { exchange } = forward;
    if (exchange !== undefined) {
      queue.clear(this.#exchange(exchange), exchange.statusBytes, exchange.bytes - exchange.statusBytes);
    }
    const group = this.memory.bound(this.#recurrence, {
      ...(exchange === undefined ? {} : { [exchange.name]: this.#exchange(exchange) }),
      wx: this.projected(direction, part),
      recurrent: this.weights(`recurrent ${index}`),
      bias: this.weights(`bias ${index}`),
      initial_states: this.stateBuffer(index, current),
      final_states: this.stateBuffer(index, next),
      [cell.states[0]!]: this.level(layer + 1, place, steps),
      ...this.keptForBackward(index, part),
      ...this.scanBuffers(forward, part),
      run: this.runUniform(direction, part, count),
    });
    for (let dispatch = 0; dispatch < count; dispatch++) {
      queue.dispatch(this.#recurrence.pipeline, group, dispatch * this.uniformStride, workgroups);
    }
  }

  /** In training, the buffers of what a part of the forward pass keeps for the backward pass. */
  keptForBackward(index: number, { place, steps }: PartPlace): Readonly<Record<string, GPUBuffer>> {
    const { training, cell, batch } = this.program;
    if (training === undefined) return {};
    const elements = (count: number): number => count * batch * steps * layerDim(this.program);
    return {
      ...(cell.states.length > 1 && {
        other_states: this.memory.storage(
          `other states ${index} ${place}`,
          elements(cell.states.length - 1) * storedBytes.fp32,
        ),
      }),
      ...(training.savedCount > 0 && {
        saved: this.memory.storage(`saved ${index} ${place}`, this.storedBytes(elements(training.savedCount))),
      }),
    };
  }

  /** The buffers that a scan has beside other recurrences. */
  scanBuffers(module: RecurrenceModule, { place, steps }: PartPlace): Readonly<Record<string, GPUBuffer>> {
    if (module.dispatch !== "chunks") return {};
    return { padding: this.padding(place), chunk_spans: this.chunkSpans(module, steps) };
  }

  /** The uniform of a part's recurrence, with an entry for each of so many dispatches. */
  runUniform({ direction }: Direction, { steps, kind }: PartPlace, dispatches: number): GPUBuffer {
    const { program } = this;
    return this.uniform(`run ${direction} ${kind} ${dispatches > 1 ? "steps" : "all"}`, dispatches, steps, (step) =>
      runWords({
        steps: steps * program.phases,
        step,
        reversed: this.isReversed(direction) ? 1 : 0,
        outputStride: outputDim(program),
        outputOffset: direction * layerDim(program),
      }),
    );
  }

  /** The buffer of what goes into a layer, or at the end comes out of the last one: [B,steps,features] of a part. */
  level(level: number, place: number, steps: number): GPUBuffer {
    const features = level === 0 ? this.program.inputDim : this.outputFeatures;
    return this.memory.storage(`level ${level} ${place}`, this.storedBytes(this.program.batch * steps * features));
  }

  /** Wx of a part; the next part writes over it, unless a backward pass reads it. */
  projected({ index }: Direction, { place, steps }: PartPlace): GPUBuffer {
    const { batch, cell, training } = this.program;
    const elements = batch * steps * cell.inputGates.length * layerDim(this.program);
    const isRead = training?.backward.dispatch === "chunks";
    return this.memory.storage(isRead ? `wx ${index} ${place}` : "wx", this.storedBytes(elements));
  }

  /** A tensor of weights, which was written before. */
  weights(name: string): GPUBuffer {
    return this.memory.storage(name, 0);
  }

  /** Writes numbers in the program's data type to the buffer of that name. */
  #store(name: string, values: Float32Array): void {
    const buffer = this.memory.storage(name, this.storedBytes(values.length));
    this.memory.write(buffer, stored(this.program.dataType, values));
  }

  storedBytes(elements: number): number {
    return elements * storedBytes[this.program.dataType];
  }

  get stateElements(): number {
    return this.program.cell.states.length * this.program.batch * layerDim(this.program);
  }

  /** One of the two buffers [S,B,N,D] of a direction's states, which are always fp32. */
  stateBuffer(index: number, which: number): GPUBuffer {
    return this.memory.storage(`state ${index} ${which}`, this.stateElements * storedBytes.fp32);
  }

  /** Where the directions stand. */
  #stateBuffers(): readonly BufferPart[] {
    const bytes = this.stateElements * storedBytes.fp32;
    return this.directions.map(({ index }) => ({
      buffer: this.stateBuffer(index, this.#currentState[index]!),
      bytes,
    }));
  }

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

  /** Numbers that a layer puts out for each input of a sequence: those of all phases. */
  get outputFeatures(): number {
    return this.program.phases * outputDim(this.program);
  }

  /** The parts of the output of the last layer. */
  #outputs(parts: readonly SequencePart[]): readonly BufferPart[] {
    const { program } = this;
    return parts.map(({ steps }, place) => ({
      buffer: this.level(program.layers, place, steps),
      bytes: this.storedBytes(program.batch * steps * this.outputFeatures),
    }));
  }

  joined(parts: readonly SequencePart[], bytes: readonly ArrayBuffer[]): Float32Array<ArrayBuffer> {
    const { program } = this;
    const values = bytes.map((part, place) =>
      loaded(program.dataType, part, program.batch * parts[place]!.steps * this.outputFeatures),
    );
    return lastPhases(joinParts(parts, values, program.batch), program);
  }

  /** Distance of two entries of a uniform buffer. */
  get uniformStride(): number {
    return uniformStride(uniformBytes.run, this.device.limits);
  }

  /** The uniform buffer of that name with an entry for each of so many dispatches, for parts of so many steps. */
  uniform(name: string, dispatches: number, steps: number, entry: (dispatch: number) => readonly number[]): GPUBuffer {
    const content = `${dispatches} ${steps}`;
    if (this.#uniformContent.get(name) === content) return this.memory.uniform(name, 0);
    const stride = this.uniformStride / wordBytes;
    const values = new Uint32Array(dispatches * stride);
    for (let dispatch = 0; dispatch < dispatches; dispatch++) values.set(entry(dispatch), dispatch * stride);
    const buffer = this.memory.uniform(name, values.byteLength);
    this.memory.write(buffer, values);
    this.#uniformContent.set(name, content);
    return buffer;
  }
}

/** A part of a sequence: its place among the parts, and whether it is the last one or one of the full ones before. */
export interface PartPlace {
  readonly place: number;
  readonly steps: number;
  readonly kind: "full" | "last";
}

/** The output of the last phase of each step, of an output with all phases. */
function lastPhases(output: Float32Array<ArrayBuffer>, program: RecurrentProgram): Float32Array<ArrayBuffer> {
  const { phases } = program;
  if (phases === 1) return output;
  const width = outputDim(program);
  const result = new Float32Array(output.length / phases);
  for (let row = 0; row < result.length / width; row++) {
    const last = ((row + 1) * phases - 1) * width;
    result.set(output.subarray(last, last + width), row * width);
  }
  return result;
}
