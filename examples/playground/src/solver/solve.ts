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

/**
 * Changes of a problem, beside its size, with which it has a kernel: another data type, the forward pass, or both; and where none of them is
 * enough, the first with which fewer steps are, as many as a power of two times fewer leaves.
 */
function otherChanges(problem: Problem, hasKernel: (problem: Problem) => boolean): readonly Change[] {
  const changed = ({ pass, dataType, steps }: Change): Problem => ({
    ...problem,
    ...(pass !== undefined && { pass: "forward", training: false }),
    ...(dataType !== undefined && { dataType: dataType as Problem["dataType"] }),
    ...(steps !== undefined && { steps: Number(steps) }),
  });
  const dataTypes: readonly Change[] = ["fp32", "fp16", "bf16"]
    .filter((dataType) => dataType !== problem.dataType)
    .map((dataType) => ({ dataType }));
  const isForward = problem.pass === "forward" && !problem.training;
  const passes: readonly Change[] = isForward ? [] : [{ pass: "forward" }];
  const both = passes.flatMap((pass) => dataTypes.map((dataType) => ({ ...pass, ...dataType })));
  const works = (change: Change): boolean => hasKernel(changed(change));
  const enough = [dataTypes.find(works) ?? [], passes.find(works) ?? []].flat();
  if (enough.length > 0) return enough;
  const together = both.find(works);
  if (together !== undefined) return [together];
  const fewer = Array.from({ length: Math.floor(Math.log2(problem.steps)) }, (_, i) => problem.steps >> (i + 1));
  for (const change of [{}, ...dataTypes, ...passes, ...both]) {
    const steps = fewer.find((count) => works({ ...change, steps: `${count}` }));
    if (steps !== undefined) return [{ ...change, steps: `${steps}` }];
  }
  return [];
}
