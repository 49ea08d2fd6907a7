import type { SubgroupMatrixShape } from "hwmodels";
import { type AdapterMatrices, subgroupMatrixShapes } from "../adapter-matrices.js";

/**
 * A recurrent network for WebGPU as plain data: what `planRecurrent` makes, `JSON.stringify` keeps, and `createRecurrent` runs. It holds the
 * source of every kernel, so that what runs it needs no solver.
 */
export interface RecurrentProgram {
  readonly cell: ProgramCell;
  /** Features of an input vector of the first layer. */
  readonly inputDim: number;
  readonly headDim: number;
  readonly heads: number;
  readonly batch: number;
  readonly layers: number;
  /** Whether each layer also walks the sequence from its end; its output is then twice as wide, forward direction first. */
  readonly bidirectional: boolean;
  /** Whether a network of one direction walks sequences from their ends. */
  readonly reverse: boolean;
  /** Steps of the kernel for each input (`CellDefinition.phases`). The output of the last one is the network's. */
  readonly phases: number;
  /** How inputs, weights and outputs are stored on the GPU; sums and states are fp32. */
  readonly dataType: "fp16" | "fp32";
  /** The recurrence of one layer and direction. */
  readonly forward: RecurrenceModule;
  /** Wx of a layer, by how wide its input is: that of the first layer, and that of all others if it differs. */
  readonly projections: readonly ProductModule[];
  /** There if the program was planned for training. */
  readonly training?: TrainingModules;
  readonly requires: ProgramRequirements;
}

/** What the runtime knows of a cell: the names and order of gates and states. */
export interface ProgramCell {
  readonly name: string;
  /** Names of the gates in each tensor, in its order. */
  readonly recurrentGates: readonly string[];
  readonly inputGates: readonly string[];
  readonly biasGates: readonly string[];
  /** Names of the states; the first is the output. */
  readonly states: readonly string[];
}

/** A WGSL module with one entry point. Its bindings lie in group 0, in this order. */
export interface ProgramModule {
  readonly entryPoint: string;
  readonly source: string;
  readonly bindings: readonly ModuleBinding[];
}

export interface ModuleBinding {
  /** The name of the module's variable. */
  readonly name: string;
  readonly type: "read-only-storage" | "storage" | "uniform";
}

/** The recurrence over the steps of a sequence. */
export interface RecurrenceModule extends ProgramModule {
  /** The family of the plan, and its hash, which the source carries. */
  readonly family: string;
  readonly plan: string;
  /**
   * One dispatch for a whole sequence, one for each step, or a scan over chunks of steps: one dispatch where there is one chunk, else three,
   * each with as many workgroups in y as chunks.
   */
  readonly dispatch: "sequence" | "step" | "chunks";
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** The buffer through which workgroups tell each other the state, where they do (the family "grid"). */
  readonly exchange?: { readonly name: string; readonly bytes: number; readonly statusBytes: number };
  /** The buffer in which invocations count the steps that they have done, where each has a dispatch and the uniform does not tell it. */
  readonly counter?: { readonly name: string; readonly bytes: number };
  /** Steps of a chunk, of a scan. */
  readonly chunkSteps?: number;
}

/** A matrix product of which the rows are known when it runs. */
export interface ProductModule extends ProgramModule {
  /** Features of an input vector of the layers that it serves. */
  readonly inputDim: number;
  /** Elements of the result that a workgroup computes. */
  readonly rowTile: number;
  readonly columnTile: number;
  readonly columns: number;
  /** Rows of the result; those of the sequences, B·T, if left out. */
  readonly rows?: number;
  /** Results of that size: the third dimension of the dispatch. */
  readonly count: number;
}

/** What a program that was planned for training has beside. Gradients are fp32, whatever the data type. */
export interface TrainingModules {
  /** Values of a unit and step that the forward pass saves. */
  readonly savedCount: number;
  /** All gates of the cell: du has them. */
  readonly gateCount: number;
  /** du of every step, and the gradients of the initial states. A dispatch for each step has one more for the initial states. */
  readonly backward: RecurrenceModule;
  /** The gradients of a layer's input and of its input weights, by how wide the input is. */
  readonly inputGradients: readonly ProductModule[];
  readonly weightGradients: readonly ProductModule[];
  /** Of a cell that has such weights. */
  readonly recurrentGradient?: ProductModule;
  readonly biasGradient?: ProductModule;
}

/** What a device must have to run a program. */
export interface ProgramRequirements {
  /** WebGPU features. */
  readonly features: readonly string[];
  /** Least values of WebGPU limits, by their WebGPU names. */
  readonly limits: Readonly<Record<string, number>>;
  /** The product of subgroup matrices that a kernel multiplies by; none in most. */
  readonly subgroupMatrix?: SubgroupMatrixShape;
}

/** What is asked of a device or an adapter to tell whether it can run a program. */
export interface Capabilities {
  readonly features: ReadonlySet<string>;
  readonly limits: object;
  /** Of an adapter. */
  readonly info?: AdapterMatrices;
  /** Of a device. */
  readonly adapterInfo?: AdapterMatrices;
}

/** Units of a layer and direction. */
export const layerDim = ({ heads, headDim }: Pick<RecurrentProgram, "heads" | "headDim">): number => heads * headDim;

/** Directions of a layer. */
export const directionCount = ({ bidirectional }: Pick<RecurrentProgram, "bidirectional">): number =>
  bidirectional ? 2 : 1;

/** Features of what a layer puts out in a step: its units, of both directions if there are two. */
export const outputDim = (program: Pick<RecurrentProgram, "heads" | "headDim" | "bidirectional">): number =>
  layerDim(program) * directionCount(program);

/** Features of a layer's input vector. */
export const layerInputDim = (program: RecurrentProgram, layer: number): number =>
  layer === 0 ? program.inputDim : outputDim(program);

/**
 * What a device or adapter lacks to run a program, each as "thing: the program needs …, the device has …"; empty if it can run it. With
 * several programs for one network, tried from the fastest to the most modest, this picks the best for an adapter.
 */
export function unmetRequirements(
  { requires }: Pick<RecurrentProgram, "requires">,
  device: Capabilities,
): readonly string[] {
  const limits = device.limits as Readonly<Record<string, number | undefined>>;
  return [
    ...requires.features
      .filter((feature) => !device.features.has(feature))
      .map((feature) => `feature ${feature}: the program needs it, the device lacks it`),
    ...Object.entries(requires.limits)
      .filter(([name, needed]) => !((limits[name] ?? 0) >= needed))
      .map(([name, needed]) => `${name}: the program needs ${needed}, the device has ${limits[name] ?? "none"}`),
    ...unmetMatrix(requires.subgroupMatrix, device),
  ];
}

function unmetMatrix(needed: SubgroupMatrixShape | undefined, { info, adapterInfo }: Capabilities): readonly string[] {
  const reported = info ?? adapterInfo;
  // Who does not report matrices is taken at the word of the feature.
  if (needed === undefined || reported?.subgroupMatrixConfigs === undefined) return [];
  const { component, result, m, n, k } = needed;
  const has = subgroupMatrixShapes(reported).some(
    (shape) =>
      shape.component === component && shape.result === result && shape.m === m && shape.n === n && shape.k === k,
  );
  return has
    ? []
    : [
        `subgroup matrices ${m}×${n}×${k} of ${component} with sums in ${result}: the program needs them, the device lacks them`,
      ];
}
