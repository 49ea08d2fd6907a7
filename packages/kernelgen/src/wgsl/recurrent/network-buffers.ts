import { runFields, runWords, uniformStride } from "../run-uniform.js";
import { type Direction, isReversed, type PartPlace } from "./directions.js";
import { chunkCount } from "./dispatches.js";
import { type BufferPart, GpuMemory, stored, storedBytes } from "./gpu-memory.js";
import { layerDim, outputDim, type RecurrenceModule, type RecurrentProgram } from "./program.js";
import type { SequencePart } from "./sequence-parts.js";

const wordBytes = Uint32Array.BYTES_PER_ELEMENT;

/** @internal Bytes of an entry of the uniforms of recurrences and of products. */
export const uniformBytes = { run: runFields.length * wordBytes, rows: wordBytes } as const;

/**
 * The buffers of a network on a device, by what lies in them: between its layers, weights, states, what a backward pass reads, uniforms.
 *
 * Each is made when first asked for, and grows with the sequences.
 *
 * @internal
 */
export class NetworkBuffers {
  readonly program: RecurrentProgram;
  readonly memory: GpuMemory;
  readonly #device: GPUDevice;
  /** What the uniform buffers hold, by their names: their dispatches and steps. */
  readonly #uniformContent = new Map<string, string>();

  constructor(device: GPUDevice, program: RecurrentProgram) {
    this.program = program;
    this.memory = new GpuMemory(device);
    this.#device = device;
  }

  /** What a recurrence has beside its tensors: what its workgroups tell one another through, or their counts of steps. */
  beside({ name, bytes }: NonNullable<RecurrenceModule["exchange" | "counter"]>): GPUBuffer {
    return this.memory.storage(name, bytes);
  }

  /** The steps that each sequence lacks at the end of a part. */
  padding(place: number): GPUBuffer {
    return this.memory.storage(`padding ${place}`, this.program.batch * storedBytes.fp32);
  }

  /** What passes between the dispatches of a scan over so many steps. */
  #chunkSpans(module: RecurrenceModule, steps: number): GPUBuffer {
    const { batch } = this.program;
    const elements = 2 * chunkCount(module, steps) * batch * layerDim(this.program);
    return this.memory.storage("chunk spans", elements * storedBytes.fp32);
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
        saved: this.memory.storage(`saved ${index} ${place}`, this.#storedBytes(elements(training.savedCount))),
      }),
    };
  }

  /** The buffers that a scan has beside other recurrences. */
  scanBuffers(module: RecurrenceModule, { place, steps }: PartPlace): Readonly<Record<string, GPUBuffer>> {
    if (module.dispatch !== "chunks") return {};
    return { padding: this.padding(place), chunk_spans: this.#chunkSpans(module, steps) };
  }

  /** The uniform of a part's recurrence, with an entry for each of so many dispatches. */
  runUniform(direction: Direction, { steps, kind }: PartPlace, dispatches: number): GPUBuffer {
    const { program } = this;
    const name = `run ${direction.direction} ${kind} ${dispatches > 1 ? "steps" : "all"}`;
    return this.#uniform(name, dispatches, steps, (step) =>
      runWords({
        steps: steps * program.phases,
        step,
        reversed: isReversed(program, direction) ? 1 : 0,
        outputStride: outputDim(program),
        outputOffset: direction.direction * layerDim(program),
      }),
    );
  }

  /** The buffer of what goes into a layer, or at the end comes out of the last one: [B,steps,features] of a part. */
  level(level: number, place: number, steps: number): GPUBuffer {
    const features = level === 0 ? this.program.inputDim : this.outputFeatures;
    return this.memory.storage(`level ${level} ${place}`, this.#storedBytes(this.program.batch * steps * features));
  }

  /** Wx of a part; the next part writes over it, unless a backward pass reads it. */
  projected({ index }: Direction, { place, steps }: PartPlace): GPUBuffer {
    const { batch, cell, training } = this.program;
    const elements = batch * steps * cell.inputGates.length * layerDim(this.program);
    const isRead = training?.backward.dispatch === "chunks";
    return this.memory.storage(isRead ? `wx ${index} ${place}` : "wx", this.#storedBytes(elements));
  }

  /** A tensor of weights, which was written before. */
  weights(name: string): GPUBuffer {
    return this.memory.storage(name, 0);
  }

  /** Writes numbers in the program's data type to the buffer of that name. */
  store(name: string, values: Float32Array): void {
    const buffer = this.memory.storage(name, this.#storedBytes(values.length));
    this.memory.write(buffer, stored(this.program.dataType, values));
  }

  /** Bytes of so many numbers in the program's data type. */
  #storedBytes(elements: number): number {
    return elements * storedBytes[this.program.dataType];
  }

  /** Numbers of all states of a direction. */
  get stateElements(): number {
    return this.program.cell.states.length * this.program.batch * layerDim(this.program);
  }

  /** One of the buffers [S,B,N,D] of a direction's states, which are always fp32. */
  stateBuffer(index: number, which: number): GPUBuffer {
    return this.memory.storage(`state ${index} ${which}`, this.stateElements * storedBytes.fp32);
  }

  /** Numbers that a layer puts out for each input of a sequence: those of all phases. */
  get outputFeatures(): number {
    return this.program.phases * outputDim(this.program);
  }

  /** The parts of the output of the last layer. */
  outputs(parts: readonly SequencePart[]): readonly BufferPart[] {
    const { program } = this;
    return parts.map(({ steps }, place) => ({
      buffer: this.level(program.layers, place, steps),
      bytes: this.#storedBytes(program.batch * steps * this.outputFeatures),
    }));
  }

  /** Distance of two entries of a uniform buffer. */
  get uniformStride(): number {
    return uniformStride(uniformBytes.run, this.#device.limits);
  }

  /** The uniform of a product over the rows (b,t) of a part. */
  rowsUniform({ steps, kind }: PartPlace): GPUBuffer {
    return this.#uniform(`rows ${kind}`, 1, steps, () => [this.program.batch * steps]);
  }

  /** The uniform buffer of that name with an entry for each of so many dispatches, for parts of so many steps. */
  #uniform(name: string, dispatches: number, steps: number, entry: (dispatch: number) => readonly number[]): GPUBuffer {
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
