import { KernelgenError } from "../../errors.js";
import { gradientName } from "../../plan/gradient-name.js";
import { type Direction, type PartPlace, walk } from "./directions.js";
import type { DispatchQueue } from "./dispatch-queue.js";
import { recurrenceDispatches } from "./dispatches.js";
import { type BufferPart, loaded, storedBytes } from "./gpu-memory.js";
import { compileModule, type GpuModule } from "./gpu-module.js";
import type { Network } from "./network.js";
import {
  layerDim,
  layerInputDim,
  outputDim,
  type ProductModule,
  type RecurrenceModule,
  type TrainingModules,
} from "./program.js";
import type { RecurrentGradients, RecurrentState } from "./recurrent.js";
import { requireState } from "./require-state.js";
import { joinParts, partOf, type SequencePart } from "./sequence-parts.js";
import { type DirectionWeights, elements, weightShapes } from "./weights.js";

/** A planned module with what it was compiled to. */
interface Compiled<Module> {
  readonly plan: Module;
  readonly module: GpuModule;
}

/** @internal The modules of `TrainingModules`, compiled. */
export interface CompiledTraining {
  readonly modules: TrainingModules;
  readonly backward: Compiled<RecurrenceModule>;
  /** By how wide a layer's input is. */
  readonly inputGradients: ReadonlyMap<number, Compiled<ProductModule>>;
  readonly weightGradients: ReadonlyMap<number, Compiled<ProductModule>>;
  /** The gradients of R and of the bias, of a cell that has them. */
  readonly otherGradients: readonly Compiled<ProductModule>[];
}

/** @internal */
export async function compileTraining(
  device: GPUDevice,
  modules: TrainingModules,
  uniformBytes: number,
): Promise<CompiledTraining> {
  const compile = async <Module extends ProductModule | RecurrenceModule>(plan: Module): Promise<Compiled<Module>> => ({
    plan,
    module: await compileModule(device, plan, uniformBytes),
  });
  const byInputDim = async (plans: readonly ProductModule[]): Promise<Map<number, Compiled<ProductModule>>> =>
    new Map(await Promise.all(plans.map(async (plan) => [plan.inputDim, await compile(plan)] as const)));
  return {
    modules,
    backward: await compile(modules.backward),
    inputGradients: await byInputDim(modules.inputGradients),
    weightGradients: await byInputDim(modules.weightGradients),
    otherGradients: await Promise.all(
      [modules.recurrentGradient, modules.biasGradient].flatMap((plan) => (plan === undefined ? [] : [compile(plan)])),
    ),
  };
}

const tensorNames = ["input", "recurrent", "bias"] as const satisfies readonly (keyof DirectionWeights)[];

/**
 * Backpropagation through time of a network: layer by layer from the last, each direction part by part against its walk. A part's backward
 * kernel gives du of every gate; products of du give the gradients of the input and, added up over the parts, of the weights.
 *
 * @internal
 */
export class BackwardPass {
  readonly #network: Network;
  readonly #compiled: CompiledTraining;

  constructor(network: Network, compiled: CompiledTraining) {
    this.#network = network;
    this.#compiled = compiled;
  }

  async run(
    parts: readonly SequencePart[],
    outputGradient: Float32Array,
    stateGradient: RecurrentState | undefined,
  ): Promise<RecurrentGradients> {
    const { program, buffers, directions } = this.#network;
    const { batch, layers } = program;
    const steps = parts.reduce((sum, part) => sum + part.steps, 0);
    const width = outputDim(program);
    if (outputGradient.length !== batch * steps * width) {
      throw new KernelgenError(
        "invalid-problem",
        `output gradient [${batch},${steps},${width}]: got ${outputGradient.length} values, needs ${batch * steps * width}`,
      );
    }
    const plane = batch * layerDim(program);
    if (stateGradient !== undefined) requireState(stateGradient, program.cell.states, directions.length * plane);
    const bytes = await buffers.memory.submitAndRead("backward pass", (queue) => {
      parts.forEach((part, place) => {
        const values = partOf(outputGradient, part, steps, batch);
        buffers.memory.write(this.#levelGradient(layers, place, part.steps), values);
      });
      for (const direction of directions) this.#writeStateGradient(direction, stateGradient);
      this.#encode(queue, parts);
      return [...this.#inputGradients(parts), ...this.#stateGradients(), ...this.#weightGradients()];
    });
    const [ofInput, ofStates, ofWeights] = [
      bytes.slice(0, parts.length),
      bytes.slice(parts.length, parts.length + directions.length),
      bytes.slice(parts.length + directions.length),
    ];
    const inputs = ofInput.map((part, place) => loaded("fp32", part, batch * parts[place]!.steps * program.inputDim));
    return {
      input: joinParts(parts, inputs, batch),
      state: this.#network.stateFrom(ofStates),
      weights: { layers: this.#weightsFrom(ofWeights) },
    };
  }

  #encode(queue: DispatchQueue, parts: readonly SequencePart[]): void {
    const { directions } = this.#network;
    this.#clear(parts);
    for (const direction of directions.toReversed()) {
      const walked = walk(this.#network.program, direction, parts);
      for (let position = walked.length - 1; position >= 0; position--) {
        const part = walked[position]!;
        this.#encodeBackward(queue, direction, part, position);
        this.#encodeProducts(queue, direction, part, position);
      }
    }
  }

  /** Zeros in what is added to: gradients of the levels below the last, and of all weights. */
  #clear(parts: readonly SequencePart[]): void {
    const { device, program, directions } = this.#network;
    const encoder = device.createCommandEncoder();
    for (let level = 0; level < program.layers; level++) {
      parts.forEach(({ steps }, place) => {
        encoder.clearBuffer(this.#levelGradient(level, place, steps));
      });
    }
    for (const direction of directions) {
      for (const name of tensorNames) encoder.clearBuffer(this.#weightGradient(direction, name));
    }
    device.queue.submit([encoder.finish()]);
  }

  #encodeBackward(queue: DispatchQueue, direction: Direction, part: PartPlace, position: number): void {
    const { buffers, program } = this.#network;
    const { cell } = program;
    const { plan, module } = this.#compiled.backward;
    const { layer, index } = direction;
    const { place, steps } = part;
    const output = cell.states[0]!;
    // One more than there are steps: du of the first step meets the initial states.
    const { count, workgroups } = recurrenceDispatches(plan, steps, steps + 1);
    const group = buffers.memory.bound(module, {
      wx: buffers.projected(direction, part),
      recurrent: buffers.weights(`recurrent ${index}`),
      bias: buffers.weights(`bias ${index}`),
      initial_states: buffers.stateBuffer(index, position),
      [output]: buffers.level(layer + 1, place, steps),
      ...buffers.keptForBackward(index, part),
      [gradientName(output)]: this.#levelGradient(layer + 1, place, steps),
      state_gradients: this.#stateGradient(index),
      d_u: this.#gateGradients(steps),
      ...buffers.scanBuffers(plan, part),
      run: buffers.runUniform(direction, part, count),
    });
    const { uniformStride } = buffers;
    for (let dispatch = 0; dispatch < count; dispatch++) {
      queue.dispatch(module.pipeline, group, dispatch * uniformStride, workgroups);
    }
  }

  /** The products of a part's du. */
  #encodeProducts(queue: DispatchQueue, direction: Direction, part: PartPlace, position: number): void {
    const { buffers, program } = this.#network;
    const { layer, index } = direction;
    const { place, steps } = part;
    const inputDim = layerInputDim(program, layer);
    const output = program.cell.states[0]!;
    const tensors = {
      d_u: this.#gateGradients(steps),
      weights: buffers.weights(`input ${index}`),
      x: buffers.level(layer, place, steps),
      d_x: this.#levelGradient(layer, place, steps),
      [output]: buffers.level(layer + 1, place, steps),
      initial_states: buffers.stateBuffer(index, position),
      d_weights: this.#weightGradient(direction, "input"),
      d_recurrent: this.#weightGradient(direction, "recurrent"),
      d_bias: this.#weightGradient(direction, "bias"),
      run: buffers.runUniform(direction, part, 1),
    };
    const { inputGradients, weightGradients, otherGradients } = this.#compiled;
    for (const { plan, module } of [inputGradients.get(inputDim)!, weightGradients.get(inputDim)!, ...otherGradients]) {
      const rows = plan.rows ?? program.batch * steps;
      queue.dispatch(module.pipeline, buffers.memory.bound(module, tensors), 0, [
        Math.ceil(plan.columns / plan.columnTile),
        Math.ceil(rows / plan.rowTile),
        plan.count,
      ]);
    }
  }

  /** The gradient of what goes into a layer, or at the end of what comes out of the last one. */
  #levelGradient(level: number, place: number, steps: number): GPUBuffer {
    const { program, memory } = this.#network.buffers;
    const features = level === 0 ? program.inputDim : outputDim(program);
    return memory.storage(`level gradient ${level} ${place}`, program.batch * steps * features * storedBytes.fp32);
  }

  /** du of all gates of a part; the next part writes over it. */
  #gateGradients(steps: number): GPUBuffer {
    const { program, memory } = this.#network.buffers;
    const count = program.batch * steps * this.#compiled.modules.gateCount * layerDim(program);
    return memory.storage("gate gradients", count * storedBytes.fp32);
  }

  #stateGradient(index: number): GPUBuffer {
    const { memory, stateElements } = this.#network.buffers;
    return memory.storage(`state gradient ${index}`, stateElements * storedBytes.fp32);
  }

  #writeStateGradient({ index }: Direction, gradient: RecurrentState | undefined): void {
    const { memory, program, stateElements } = this.#network.buffers;
    const values = new Float32Array(stateElements);
    const plane = stateElements / program.cell.states.length;
    program.cell.states.forEach((name, s) => {
      if (gradient !== undefined) values.set(gradient[name]!.subarray(index * plane, (index + 1) * plane), s * plane);
    });
    memory.write(this.#stateGradient(index), values);
  }

  #weightGradient({ layer, index }: Direction, name: keyof DirectionWeights): GPUBuffer {
    const { memory, program } = this.#network.buffers;
    const bytes = elements(weightShapes(program, layer)[name]) * storedBytes.fp32;
    return memory.storage(`${name} gradient ${index}`, bytes);
  }

  #inputGradients(parts: readonly SequencePart[]): readonly BufferPart[] {
    const { batch, inputDim } = this.#network.program;
    return parts.map(({ steps }, place) => ({
      buffer: this.#levelGradient(0, place, steps),
      bytes: batch * steps * inputDim * storedBytes.fp32,
    }));
  }

  #stateGradients(): readonly BufferPart[] {
    const { directions, buffers } = this.#network;
    return directions.map(({ index }) => ({
      buffer: this.#stateGradient(index),
      bytes: buffers.stateElements * storedBytes.fp32,
    }));
  }

  #weightGradients(): readonly BufferPart[] {
    const { program, directions } = this.#network;
    return directions.flatMap((direction) => {
      const shapes = weightShapes(program, direction.layer);
      return tensorNames.map((name) => ({
        buffer: this.#weightGradient(direction, name),
        bytes: elements(shapes[name]) * storedBytes.fp32,
      }));
    });
  }

  #weightsFrom(bytes: readonly ArrayBuffer[]): readonly (readonly DirectionWeights[])[] {
    const { program, directions } = this.#network;
    const layers: DirectionWeights[][] = Array.from({ length: program.layers }, () => []);
    directions.forEach(({ layer }, index) => {
      const [input, recurrent, bias] = tensorNames.map((_, tensor) => {
        return new Float32Array(bytes[index * tensorNames.length + tensor]!);
      });
      layers[layer]!.push({ input: input!, recurrent: recurrent!, bias: bias! });
    });
    return layers;
  }
}
