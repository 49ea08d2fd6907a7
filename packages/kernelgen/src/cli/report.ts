import { launchWords } from "../plan/launch.js";
import type { Plan } from "../plan/plan.js";
import { problemToJson } from "../plan/plan-json.js";
import { problemText } from "../plan/problem-text.js";
import type { FamilyOutcome, PlanSearch } from "../plan/solve.js";
import { colors } from "./colors.js";
import { integerText, plainTable } from "./plain-table.js";

const table = (rows: readonly (readonly string[])[]): string => plainTable(rows, ["left", "right", "right", "left"]);

/**
 * A search's result for a person.
 *
 * @param everyFamily whether each family was asked for its fastest plan, or what it lacks
 */
export function searchText(search: PlanSearch, everyFamily: boolean): string {
  const { plan, outcomes } = search;
  const { launch } = plan;
  const { sharedMemory } = launchWords[plan.target];
  return [
    `${colors.bold(problemText(plan.problem))} on ${colors.bold(plan.deviceName)}`,
    "",
    `${colors.bold("family")}     ${plan.family}`,
    `${colors.bold("launch")}     ${launchText(plan)}, ${integerText(launch.sharedBytesPerBlock)} B of ${sharedMemory} each`,
    `${colors.bold("predicted")}  ${plan.predictedMicrosecondsPerStep.toFixed(3)} µs a step`,
    `${colors.bold("plan")}       ${plan.hash}`,
    "",
    colors.bold("tile"),
    table(Object.entries(plan.parameters).map(([name, value]) => [name, integerText(value)])),
    "",
    colors.bold("used and allowed"),
    table(plan.budgets.map(({ name, used, allowed, unit }) => [name, integerText(used), integerText(allowed), unit])),
    "",
    `${colors.bold("families")}${everyFamily ? "" : "   (--every-family: the fastest plan of each, or what it lacks)"}`,
    ...outcomes.map((outcome) => `  ${outcome.family.name.padEnd(9)} ${outcomeText(outcome)}`),
  ].join("\n");
}

/** The blocks of a launch and their threads, in the words of the target: "48 blocks of 128 threads". */
export function launchText({ target, launch: { blockCount, threadsPerBlock } }: Plan): string {
  const { block, thread } = launchWords[target];
  const counted = (count: number, plural: string): string =>
    `${integerText(count)} ${count === 1 ? plural.replace(/s$/, "") : plural}`;
  return `${counted(blockCount, block)} of ${counted(threadsPerBlock, thread)}`;
}

function outcomeText({ plan, reason, feasibleCount }: FamilyOutcome): string {
  if (plan === undefined) return reason!;
  const counted = feasibleCount === undefined ? "" : `, ${integerText(feasibleCount)} feasible tilings`;
  return `${plan.predictedMicrosecondsPerStep.toFixed(3)} µs a step${counted}`;
}

/** The unknowns of a plan in one line: "unitsPerThread 1, …". */
export const tileText = ({ parameters }: Plan): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

/** The best plans for a person, fastest first. */
export function rankingText(plans: readonly Plan[]): string {
  return [
    colors.bold(`the ${integerText(plans.length)} fastest by prediction`),
    plainTable(
      plans.map((plan, index) => [
        `${index + 1}`,
        `${plan.predictedMicrosecondsPerStep.toFixed(3)} µs`,
        plan.family,
        `${integerText(plan.launch.blockCount)} × ${integerText(plan.launch.threadsPerBlock)}`,
        tileText(plan),
      ]),
      ["right", "right", "left", "right", "left"],
    ),
  ].join("\n");
}

/** The best plans as plain data, fastest first. */
export const rankingJson = (plans: readonly Plan[]): readonly Record<string, unknown>[] =>
  plans.map((plan) => ({
    family: plan.family,
    predictedMicrosecondsPerStep: plan.predictedMicrosecondsPerStep,
    tile: plan.parameters,
    launch: plan.launch,
    plan: plan.hash,
  }));

/** A search's result as one JSON object. */
export function searchJson(search: PlanSearch): Record<string, unknown> {
  const { plan, outcomes } = search;
  return {
    problem: problemToJson(plan.problem),
    device: { id: plan.deviceId, name: plan.deviceName },
    target: plan.target,
    family: plan.family,
    tile: plan.parameters,
    derived: plan.derived,
    launch: plan.launch,
    budgets: plan.budgets,
    predictedMicrosecondsPerStep: plan.predictedMicrosecondsPerStep,
    predictedParts: plan.predictedParts,
    feasible: outcomes.every(({ feasibleCount }) => feasibleCount !== undefined)
      ? outcomes.reduce((total, { feasibleCount }) => total + feasibleCount!, 0)
      : null,
    families: outcomes.map(({ family, feasibleCount, plan: best, reason }) => ({
      family: family.name,
      feasible: feasibleCount ?? null,
      predictedMicrosecondsPerStep: best?.predictedMicrosecondsPerStep ?? null,
      reason: reason ?? null,
    })),
    plan: plan.hash,
  };
}
