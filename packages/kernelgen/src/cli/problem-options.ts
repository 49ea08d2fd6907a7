import type { Device } from "hwmodels";
import type { Options } from "yargs";
import type { CellDefinition } from "../cell/definition.js";
import { cellNames } from "../cell/index.js";
import { KernelgenError } from "../errors.js";
import { dataTypes } from "../plan/data-type.js";
import { defaultDataType } from "../plan/default-data-type.js";
import {
  backwardStateOutput,
  defineProblem,
  type Problem,
  type ProblemOptions,
  passes,
  problemDefaults,
} from "../plan/problem.js";
import { cellFileText } from "./cell-option.js";

/** The options for parts of a problem that are there only where they are asked for. */
const extrasOptions = {
  "forward-clip": {
    type: "string",
    requiresArg: true,
    describe: "Hold the states (of an sLSTM h alone) between −X and X in each step",
  },
  "recurrent-gradient-clip": {
    type: "string",
    requiresArg: true,
    describe: "Backward: hold what each unit of h gets through R between −X and X",
  },
  "recurrent-gradient-cut": { type: "boolean", describe: "Backward: pass no gradient to h through R" },
  lengths: { type: "boolean", describe: "cuda, torch, cpp: take the length of each sequence, a tensor lengths [B]" },
} as const satisfies Record<string, Options>;

/** The parsed values of `extrasOptions`. */
export interface ExtrasArguments {
  forwardClip?: string | undefined;
  recurrentGradientClip?: string | undefined;
  recurrentGradientCut?: boolean | undefined;
  lengths?: boolean | undefined;
}

/** What `defineProblem` is given for them. Throws `KernelgenError` naming an option whose value is no number. */
export function extrasFrom(given: ExtrasArguments): Partial<ProblemOptions> {
  const { forwardClip, recurrentGradientClip, recurrentGradientCut, lengths } = given;
  return {
    ...(forwardClip !== undefined && { forwardClip: numberFrom("forward clip", forwardClip) }),
    ...(recurrentGradientClip !== undefined && {
      recurrentGradientClip: numberFrom("recurrent gradient clip", recurrentGradientClip),
    }),
    ...(recurrentGradientCut !== undefined && { recurrentGradientCut }),
    ...(lengths !== undefined && { lengths }),
  };
}

/** The options that state a problem. Numbers are read as text, so that a message can show what was typed. */
export const problemOptions = {
  cell: {
    type: "string",
    requiresArg: true,
    default: "lstm",
    describe: `Cell: ${cellNames.join(", ")}, ${cellFileText}`,
  },
  "head-dim": { type: "string", requiresArg: true, demandOption: true, describe: "Units of a head (D)" },
  heads: { type: "string", requiresArg: true, default: `${problemDefaults.heads}`, describe: "Number of heads (N)" },
  batch: { type: "string", requiresArg: true, default: `${problemDefaults.batch}`, describe: "Sequences (B)" },
  steps: {
    type: "string",
    requiresArg: true,
    default: `${problemDefaults.steps}`,
    describe: "Steps of a sequence (T)",
  },
  dtype: {
    type: "string",
    requiresArg: true,
    describe: `Type of inputs, weights and output: ${dataTypes.join(", ")}  [default: bf16 for CUDA, fp32 for WebGPU]`,
  },
  tf32: {
    type: "boolean",
    default: problemDefaults.tf32 as boolean,
    describe: "cuda, torch, cpp with fp32: multiply R in tf32 on the tensor cores",
  },
  pass: {
    type: "string",
    requiresArg: true,
    default: problemDefaults.pass as string,
    describe: `cuda: ${passes.join(" or ")}`,
  },
  states: {
    type: "string",
    requiresArg: true,
    describe: `What is kept of the states other than the output, backward: what the loss reads of them: sequence, last  [default: ${problemDefaults.stateOutput}, backward: ${backwardStateOutput}]`,
  },
  training: {
    type: "boolean",
    describe: "cuda, forward: also store the values that a backward pass reads",
  },
  ...extrasOptions,
} as const satisfies Record<string, Options>;

/** The options that let kernels use what WebGPU does not promise, or not yet. */
export const onRequestOptions = {
  "assume-forward-progress": {
    type: "boolean",
    default: false,
    describe:
      "wgsl: also consider the family grid, whose workgroups wait for one another, which WebGPU does not promise to end",
  },
  "subgroup-matrices": {
    type: "boolean",
    default: false,
    describe:
      "wgsl: also consider the family subgroup-matrix, on an adapter with Dawn's experimental subgroup matrices",
  },
} as const satisfies Record<string, Options>;

/** The parsed values of `problemOptions`. */
export interface ProblemArguments extends ExtrasArguments {
  /** What `cellFrom` gave. */
  cell: string | CellDefinition;
  headDim: string;
  heads: string;
  batch: string;
  steps: string;
  dtype?: string | undefined;
  tf32?: boolean | undefined;
  pass: string;
  states?: string | undefined;
  training?: boolean | undefined;
}

/** The problem that the options state. Throws `KernelgenError` naming the option's value and what is allowed. */
export function problemFrom(given: ProblemArguments, device: Device): Problem {
  return defineProblem({
    cell: given.cell,
    headDim: numberFrom("head dimension", given.headDim),
    heads: numberFrom("number of heads", given.heads),
    batch: numberFrom("batch", given.batch),
    steps: numberFrom("number of steps", given.steps),
    dataType: given.dtype ?? defaultDataType(device),
    ...(given.tf32 !== undefined && { tf32: given.tf32 }),
    pass: given.pass,
    ...(given.states !== undefined && { stateOutput: given.states }),
    ...(given.training !== undefined && { training: given.training }),
    ...extrasFrom(given),
  });
}

/** A number as typed. Throws `KernelgenError` "invalid-problem" if it is none. */
export function numberFrom(what: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw new KernelgenError("invalid-problem", `${what}: "${text}" is not a number`);
  }
  return value;
}
