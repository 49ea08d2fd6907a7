import type { Device } from "hwmodels";
import {
  defineProblem,
  familiesFor,
  fastestPlans,
  KernelgenError,
  nearestFeasible,
  type Problem,
  type ProblemOptions,
  planToJson,
  solveFamily,
} from "kernelgen";
import type { Change, SolveAnswer, SolveRequest } from "./protocol.js";

/** Plans of the plot of the fastest. */
const rankingLength = 60;

/** Solves a request and tells its answers one by one. */
export function solve({ device, problem: options }: SolveRequest, tell: (answer: SolveAnswer) => void): void {
  const problem = problemOf(options, tell);
  if (problem !== undefined) plan(problem, device, tell);
  tell({ kind: "finished" });
}

function problemOf(options: ProblemOptions, tell: (answer: SolveAnswer) => void): Problem | undefined {
  try {
    return defineProblem(options);
  } catch (error) {
    if (!(error instanceof KernelgenError)) throw error;
    tell({ kind: "invalid", message: error.message });
    return undefined;
  }
}

function plan(problem: Problem, device: Device, tell: (answer: SolveAnswer) => void): void {
  const families = familiesFor(device);
  const start = performance.now();
  const outcomes = families.map((family) => solveFamily(problem, device, family));
  const milliseconds = performance.now() - start;
  const fastest = outcomes
    .filter((outcome) => outcome.plan !== undefined)
    .toSorted((a, b) => a.plan!.predictedMicrosecondsPerStep - b.plan!.predictedMicrosecondsPerStep)[0];
  if (fastest?.plan === undefined) {
    tell({
      kind: "refused",
      reasons: outcomes.map(({ family, reason }) => ({ family: family.name, reason: reason! })),
    });
    tell({
      kind: "nearest",
      nearest: nearestFeasible(problem, device, families),
      others: otherChanges(problem, (changed) =>
        families.some((family) => solveFamily(changed, device, family).plan !== undefined),
      ),
    });
    return;
  }
  tell({
    kind: "planned",
    planned: {
      plan: planToJson(fastest.plan),
      families: outcomes.map(({ family, plan, reason }) => ({
        family: family.name,
        microsecondsPerStep: plan?.predictedMicrosecondsPerStep,
        reason,
      })),
      sources: fastest.family.emit(fastest.plan),
      milliseconds,
    },
  });
  const ranking = fastestPlans(problem, device, families, {}, fastest.plan, rankingLength);
  tell({ kind: "ranked", ranking: ranking.map(planToJson) });
}

/** Changes of a problem, beside its size, with which it has a kernel: of the data type, the pass, or both, and fewer steps. */
function otherChanges(problem: Problem, hasKernel: (problem: Problem) => boolean): readonly Change[] {
  const dataTypes = (["fp32", "fp16", "bf16"] as const).filter((dataType) => dataType !== problem.dataType);
  const forward: Partial<Problem> = { pass: "forward", training: false };
  const isForward = problem.pass === "forward" && !problem.training;
  const dataType = dataTypes.find((dataType) => hasKernel({ ...problem, dataType }));
  const changes: Change[] = dataType === undefined ? [] : [{ dataType }];
  if (!isForward && hasKernel({ ...problem, ...forward })) changes.push({ pass: "forward" });
  if (!isForward && changes.length === 0) {
    const both = dataTypes.find((dataType) => hasKernel({ ...problem, ...forward, dataType }));
    if (both !== undefined) changes.push({ pass: "forward", dataType: both });
  }
  for (let steps = problem.steps >> 1; steps > 0; steps >>= 1) {
    if (!hasKernel({ ...problem, steps })) continue;
    changes.push({ steps: `${steps}` });
    break;
  }
  return changes;
}
