import type { WebGpuDevice } from "hwmodels";
import { KernelgenError } from "../errors.js";
import { familiesNamed } from "../families.js";
import type { SourceFile } from "../plan/family.js";
import { type PlanJson, planToJson } from "../plan/plan-json.js";
import { solvePlan } from "../plan/solve.js";
import { planRecurrent } from "../wgsl/recurrent/plan-recurrent.js";
import type { ProductModule, ProgramModule, RecurrentProgram } from "../wgsl/recurrent/program.js";
import type { KernelInput } from "./kernel-input.js";

/** What was solved for one device: a kernel's plan or a network's program, and the source. */
export type Solved = SolvedKernel | SolvedNetwork;

/** A kernel solved for one device: its plan, and its source. */
export interface SolvedKernel {
  readonly kind: "kernel";
  readonly input: KernelInput;
  readonly result: PlanJson;
  readonly sources: readonly SourceFile[];
}

/** A network solved for one device: its program, and the source of each of its modules. */
export interface SolvedNetwork {
  readonly kind: "network";
  readonly input: KernelInput;
  readonly result: RecurrentProgram;
  readonly sources: readonly SourceFile[];
}

/**
 * Solves for the device of an input. Throws `KernelgenError` "no-configuration" where no tile is feasible; its message begins with the
 * kernel's name.
 */
export function solve(input: KernelInput): Solved {
  try {
    return input.network === undefined ? solveKernel(input) : solveNetwork(input);
  } catch (error) {
    if (!(error instanceof KernelgenError)) throw error;
    throw new KernelgenError(error.code, `kernel ${input.name}: ${error.message}`, { cause: error });
  }
}

function solveKernel(input: KernelInput): SolvedKernel {
  const { name, problem, device } = input;
  const { plan, family } = solvePlan(problem, device, familiesNamed(input.family, device, input.onRequest));
  return { kind: "kernel", input, result: planToJson(plan), sources: family.emit(plan, name) };
}

function solveNetwork(input: KernelInput): SolvedNetwork {
  const { name, network, device } = input;
  const program = planRecurrent(network!, device as WebGpuDevice);
  const sources = networkModules(program).map(([module, { source }]) => ({
    name: `${name}_${module}.wgsl`,
    text: source,
  }));
  return { kind: "network", input, result: program, sources };
}

/** The modules of a program, and what each is called. */
function networkModules({ forward, projections, training }: RecurrentProgram): (readonly [string, ProgramModule])[] {
  const byInput = (what: string, modules: readonly ProductModule[]) =>
    modules.map((module) => [`${what}_${module.inputDim}`, module] as const);
  const optional = (what: string, module: ProductModule | undefined) =>
    module === undefined ? [] : [[what, module] as const];
  return [
    ["forward", forward],
    ...byInput("product", projections),
    ...(training === undefined
      ? []
      : [
          ["backward", training.backward] as const,
          ...byInput("input_gradient", training.inputGradients),
          ...byInput("weight_gradient", training.weightGradients),
          ...optional("recurrent_gradient", training.recurrentGradient),
          ...optional("bias_gradient", training.biasGradient),
        ]),
  ];
}

/** The name of the file of a result beside its source. */
export const resultFile = (kind: Solved["kind"]): string => (kind === "kernel" ? "plan.json" : "program.json");

/** The hash of a result's plan. */
export const planHashOf = (solved: Solved): string =>
  solved.kind === "kernel" ? solved.result.hash : solved.result.forward.plan;

/** The language of a result's source. */
export const targetOf = (solved: Solved): "cuda" | "wgsl" => (solved.kind === "kernel" ? solved.result.target : "wgsl");
