import { KernelgenError } from "../errors.js";
import type { Plan } from "../plan/plan.js";
import { problemToJson } from "../plan/plan-json.js";
import { defineProblem, type Problem, type ProblemOptions } from "../plan/problem.js";
import type { Pins } from "../plan/stated-tiling.js";

/** A tiling whose kernel was timed. The tiling is named by what the solver chose, so that a changed model still finds it. */
export interface Measurement {
  readonly name: string;
  readonly problem: Problem;
  readonly family: string;
  readonly parameters: Pins;
  /** Median time of a step. */
  readonly microseconds: number;
}

/** What identifies a plan's kernel in a file of measurements, before it is timed. */
export const unmeasured = (name: string, plan: Plan): Record<string, unknown> => ({
  name,
  problem: problemToJson(plan.problem),
  family: plan.family,
  parameters: plan.parameters,
});

/**
 * The measurements in a file: a JSON array of `{ name, problem, family, parameters, microseconds }`, or one such object a line. Throws
 * `KernelgenError` "invalid-problem" naming the file, the entry and what is wrong with it.
 */
export function parseMeasurements(text: string, origin: string): readonly Measurement[] {
  const entries = jsonEntries(text, origin);
  if (entries.length === 0) throw new KernelgenError("invalid-problem", `${origin}: has no measurements`);
  return entries.map((entry, index) => {
    const refuse = (what: string): never => {
      throw new KernelgenError("invalid-problem", `${origin}: measurement ${index + 1}: ${what}`);
    };
    if (typeof entry !== "object" || entry === null) return refuse("is not an object");
    const { name, problem, family, parameters, microseconds } = entry as Record<string, unknown>;
    if (typeof family !== "string") return refuse(`family: needs a text, got ${JSON.stringify(family)}`);
    if (typeof microseconds !== "number" || !(microseconds > 0)) {
      return refuse(`microseconds: needs a number above 0, got ${JSON.stringify(microseconds)}`);
    }
    if (
      typeof parameters !== "object" ||
      parameters === null ||
      !Object.values(parameters).every(Number.isSafeInteger)
    ) {
      return refuse(`parameters: needs integers by name, got ${JSON.stringify(parameters)}`);
    }
    if (typeof problem !== "object" || problem === null) return refuse("problem: needs an object");
    return {
      name: typeof name === "string" ? name : `${index + 1}`,
      problem: defineProblem(problem as ProblemOptions),
      family,
      parameters: parameters as Pins,
      microseconds,
    };
  });
}

function jsonEntries(text: string, origin: string): readonly unknown[] {
  try {
    if (text.trimStart().startsWith("[")) return JSON.parse(text);
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => JSON.parse(line));
  } catch (error) {
    throw new KernelgenError("invalid-problem", `${origin}: is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
