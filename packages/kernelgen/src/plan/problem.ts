import { cellClippedAt } from "../cell/clipped-cell.js";
import type { CellDefinition } from "../cell/definition.js";
import { findCell } from "../cell/index.js";
import { isLinear } from "../cell/linear.js";
import { KernelgenError } from "../errors.js";
import { checkCell } from "./check-cell.js";
import { type DataType, dataTypes, roundTo } from "./data-type.js";

/** Forward: the states from the inputs. Backward: the gradients of the inputs from those of the states. */
export type Pass = "forward" | "backward";

/**
 * Of the states other than the output, all steps or the last one alone: forward what is kept (training needs all), backward what the loss
 * reads, and so which gradients are given.
 */
export type StateOutput = "sequence" | "last";

/** One pass of a recurrent layer: what a kernel must compute, without how. */
export interface Problem {
  readonly pass: Pass;
  readonly cell: CellDefinition;
  /** D: units of a head. R is block-diagonal, one D × D block per gate and head. */
  readonly headDim: number;
  /** N: heads. */
  readonly heads: number;
  /** B: sequences. */
  readonly batch: number;
  /** T: steps of a sequence. Kernels take it at run time; it enters the cost of a launch, not the tiling. */
  readonly steps: number;
  readonly dataType: DataType;
  /** fp32 alone: whether R and what it is multiplied by are rounded to tf32 (11 bits of significand) for the tensor cores; sums stay fp32. */
  readonly tf32: boolean;
  readonly stateOutput: StateOutput;
  /** Whether the forward pass also stores the values that the backward pass reads (`savedValues`); true for a backward pass. */
  readonly training: boolean;
  /**
   * Forward clipping: the largest magnitude of a state after a step, of states that are not a scale of others (`clippedCell`); rounded to the
   * data type. `cell` is the clipped cell. No limit if left out.
   */
  readonly forwardClip?: number;
  /**
   * Backward: the largest magnitude of what each unit of h gets from a later step through R, Σ_g R[g]ᵀ·du_g; larger values are held at it.
   * No limit if left out.
   */
  readonly recurrentGradientClip?: number;
  /** Backward: h gets nothing through R, as if R multiplied a constant; the gradient of R itself remains. Not so if left out. */
  readonly recurrentGradientCut?: true;
  /** Whether each sequence has a length of its own, a tensor `lengths [B]`. All have T steps if left out. */
  readonly lengths?: true;
}

/** The parts of a problem that are there only where they are asked for. */
export type ProblemExtras = Pick<Problem, "forwardClip" | "recurrentGradientClip" | "recurrentGradientCut" | "lengths">;

/** Whether a problem's recurrent product runs on the tensor cores; otherwise by plain multiply-adds. */
export const usesMatrixInstructions = ({ dataType, tf32 }: Pick<Problem, "dataType" | "tf32">): boolean =>
  dataType !== "fp32" || tf32;

/** One of the names, which editors complete, or a text that is checked when the problem is defined. */
type OneOf<Name extends string> = Name | (string & Record<never, never>);

/** What `defineProblem` takes: a {@link Problem}, of which all but the cell and the head dimension may be left out (`problemDefaults`). */
export interface ProblemOptions {
  pass?: OneOf<Pass>;
  /** The name of a known cell, or a definition: of a linear recurrence by `linearCell`. */
  cell: string | CellDefinition;
  /** D: units of a head. */
  headDim: number;
  /** N: heads that do not see each other. */
  heads?: number;
  /** B: sequences. */
  batch?: number;
  /** T: steps of a sequence. */
  steps?: number;
  /** Type of inputs, weights and output. */
  dataType?: OneOf<DataType>;
  /** Whether fp32 is multiplied in tf32 on the tensor cores (CUDA). */
  tf32?: boolean;
  /** What is kept of the states other than the output; backward: what the loss reads of them. */
  stateOutput?: OneOf<StateOutput>;
  /** Forward: whether the values that a backward pass reads are stored, too. */
  training?: boolean;
  forwardClip?: number;
  recurrentGradientClip?: number;
  recurrentGradientCut?: boolean;
  lengths?: boolean;
}

/** The largest value of each size. They keep every tensor's element count far below 2^53. */
export const problemLimits = { headDim: 16_384, heads: 4_096, batch: 65_535, steps: 16_777_216 } as const;

/** What the options that may be left out stand for; `stateOutput` and `training` in a forward pass. */
export const problemDefaults = {
  pass: "forward",
  heads: 1,
  batch: 1,
  steps: 1024,
  dataType: "bf16",
  tf32: false,
  stateOutput: "sequence",
  training: false,
} as const;

/** What the loss of a backward pass reads of the states other than the output, unless it is said: their last step, as with `torch.nn.LSTM`. */
export const backwardStateOutput: StateOutput = "last";

export const passes: readonly Pass[] = ["forward", "backward"];
const stateOutputs: readonly StateOutput[] = ["sequence", "last"];

/**
 * Checks the options and completes them. Throws `KernelgenError` "unknown-cell", "invalid-problem" naming the value and what is allowed,
 * or what `checkCell` throws of a cell of one's own.
 */
export function defineProblem(options: ProblemOptions): Problem {
  const pass = oneOf("pass", options.pass ?? problemDefaults.pass, passes);
  const passDefaults = pass === "forward" ? {} : { stateOutput: backwardStateOutput, training: true };
  const given = { ...problemDefaults, ...passDefaults, ...definedOnly(options) };
  if (pass === "backward" && !given.training) {
    throw new KernelgenError("invalid-problem", "training: false has no meaning for a backward pass");
  }
  if (pass === "forward" && given.training && given.stateOutput === "last") {
    throw new KernelgenError(
      "invalid-problem",
      'state output: "last" keeps too little for training, whose backward pass reads all steps',
    );
  }
  if (given.tf32 && given.dataType !== "fp32") {
    throw new KernelgenError("invalid-problem", `tf32: a way to multiply fp32; the data type is ${given.dataType}`);
  }
  const dataType = oneOf("data type", given.dataType, dataTypes);
  const cell = cellOf(given.cell);
  const extras = extrasOf(given, cell, pass, dataType);
  return Object.freeze({
    pass,
    cell: extras.forwardClip === undefined ? cell : cellClippedAt(cell, extras.forwardClip),
    headDim: size("head dimension", given.headDim, problemLimits.headDim),
    heads: size("number of heads", given.heads, problemLimits.heads),
    batch: size("batch", given.batch, problemLimits.batch),
    steps: size("number of steps", given.steps, problemLimits.steps),
    dataType,
    tf32: given.tf32,
    stateOutput: oneOf("state output", given.stateOutput, stateOutputs),
    training: given.training,
    ...extras,
  });
}

/** The cell that is meant, by its name or by its definition, which is checked. Throws what `findCell` and `checkCell` throw. */
export const cellOf = (cell: string | CellDefinition): CellDefinition =>
  typeof cell === "string" ? findCell(cell) : checkCell(cell);

/** The parts of a problem that are there only where they are asked for, checked. */
function extrasOf(given: ProblemOptions, cell: CellDefinition, pass: Pass, dataType: DataType): ProblemExtras {
  const { recurrentGradientCut: cuts = false, lengths = false } = given;
  const extras: ProblemExtras = {
    ...(given.forwardClip !== undefined && { forwardClip: limit("forward clip", given.forwardClip, dataType) }),
    ...(given.recurrentGradientClip !== undefined && {
      recurrentGradientClip: limit("recurrent gradient clip", given.recurrentGradientClip, "fp32"),
    }),
    ...(cuts && { recurrentGradientCut: true }),
    ...(lengths && { lengths: true }),
  };
  const [first] = Object.keys(extras);
  if (first !== undefined && isLinear(cell)) {
    throw new KernelgenError(
      "invalid-problem",
      `${first}: ${cell.name} is a linear recurrence, without R and without a choice of clipping; its kernels take lengths in any case`,
    );
  }
  const ofGradient = extras.recurrentGradientClip !== undefined || cuts;
  if (ofGradient && pass === "forward") {
    throw new KernelgenError("invalid-problem", "the recurrent gradient is clipped or cut in a backward pass");
  }
  if (extras.recurrentGradientClip !== undefined && cuts) {
    throw new KernelgenError("invalid-problem", "recurrent gradient: is cut, which leaves nothing to clip");
  }
  return extras;
}

/** The largest magnitude of a number, which the type must hold exactly. */
function limit(what: string, value: number, type: DataType): number {
  const rounded = roundTo(type, value);
  if (!(rounded > 0 && rounded < Infinity)) {
    throw new KernelgenError("invalid-problem", `${what}: ${value} is no number above 0 that ${type} holds`);
  }
  return rounded;
}

function definedOnly<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function size(what: string, value: number, limit: number): number {
  if (!Number.isInteger(value) || value < 1 || value > limit) {
    throw new KernelgenError("invalid-problem", `${what}: ${value} is not an integer from 1 to ${limit}`);
  }
  return value;
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new KernelgenError("invalid-problem", `${what}: "${value}" is not one of ${allowed.join(", ")}`);
  }
  return found;
}
