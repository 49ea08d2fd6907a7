import type { BudgetEffect } from "../plan/budget-effects.js";
import { headDimStep, type NearestFeasible } from "../plan/nearest-feasible.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { colors } from "./colors.js";
import { integerText, plainTable } from "./plain-table.js";
import { tileText } from "./report.js";

const percentText = (share: number): string => `${Math.round(100 * share)} %`;
const timeText = (plan: Plan): string => `${plan.predictedMicrosecondsPerStep.toFixed(3)} µs`;

/** What bounds a plan, for a person. */
export function effectsText(plan: Plan, effects: readonly BudgetEffect[]): string {
  const lines = effects.flatMap((effect) => effectLines(plan, effect));
  const parts = Object.entries(plan.predictedParts).toSorted(([, left], [, right]) => right - left);
  return [
    colors.bold("what the predicted time is made of"),
    plainTable(
      parts.map(([name, microseconds]) => [
        name,
        `${microseconds.toFixed(3)} µs`,
        percentText(microseconds / plan.predictedMicrosecondsPerStep),
      ]),
      ["left", "right", "right"],
    ),
    ...memoryLine(plan),
    "",
    colors.bold("what is left of each budget"),
    plainTable(
      effects.map(({ name, slack, allowed, unit, binds }) => [
        name,
        integerText(slack),
        unit,
        percentText(slack / allowed),
        binds ? "binds" : "",
      ]),
      ["left", "right", "left", "right", "left"],
    ),
    "",
    colors.bold("what binds"),
    ...(lines.length > 0
      ? lines
      : ["  nothing: no tiling of this family is faster, whatever one of the budgets allowed"]),
  ].join("\n");
}

function memoryLine(plan: Plan): readonly string[] {
  const sum = Object.values(plan.predictedParts).reduce((total, part) => total + part, 0);
  return sum < plan.predictedMicrosecondsPerStep * (1 - 1e-9)
    ? ["  inputs and outputs take longer than all of it: device memory bounds the step"]
    : [];
}

function effectLines(plan: Plan, { name, allowed, unit, nextBetter, fastestWithout }: BudgetEffect): readonly string[] {
  if (nextBetter === undefined || fastestWithout === undefined) return [];
  const gain = (other: Plan): string =>
    `${timeText(other)}, ${percentText(1 - other.predictedMicrosecondsPerStep / plan.predictedMicrosecondsPerStep)} less`;
  const line = (what: string, { plan: other, needed }: { plan: Plan; needed: number }): string =>
    `    ${what}: ${gain(other)}, needs ${integerText(needed)} ${unit}; tile ${tileText(other)}`;
  return [
    `  ${name}: ${integerText(allowed)} ${unit} allowed`,
    line("next better plan", nextBetter),
    ...(fastestWithout.plan.hash === nextBetter.plan.hash ? [] : [line("without this limit", fastestWithout)]),
  ];
}

/** What bounds a plan, as plain data. */
export function effectsJson(plan: Plan, effects: readonly BudgetEffect[]): Record<string, unknown> {
  const better = (found: BudgetEffect["nextBetter"]) =>
    found && {
      needed: found.needed,
      predictedMicrosecondsPerStep: found.plan.predictedMicrosecondsPerStep,
      tile: found.plan.parameters,
    };
  return {
    predictedParts: plan.predictedParts,
    budgets: effects.map(({ nextBetter, fastestWithout, ...effect }) => ({
      ...effect,
      nextBetter: better(nextBetter) ?? null,
      fastestWithout: better(fastestWithout) ?? null,
    })),
  };
}

/** Sizes that would fit, for a person. */
export function nearestText({ headDim, batch, heads }: Problem, nearest: NearestFeasible): string {
  const found = [
    nearest.headDimBelow === undefined
      ? `no smaller head dimension that is a multiple of ${headDimStep} has one`
      : `the nearest smaller head dimension with one is ${nearest.headDimBelow} (of multiples of ${headDimStep}; asked: ${headDim})`,
    ...(nearest.headDimAbove === undefined
      ? []
      : [`the nearest larger head dimension with one is ${nearest.headDimAbove}`]),
    ...(batch === 1
      ? []
      : [
          nearest.batch === undefined
            ? "no smaller batch has one"
            : `the largest smaller batch with one is ${nearest.batch} (asked: ${batch})`,
        ]),
    ...(heads === 1
      ? []
      : [
          nearest.heads === undefined
            ? "no smaller number of heads has one"
            : `the largest smaller number of heads with one is ${nearest.heads} (asked: ${heads})`,
        ]),
  ];
  return ["with the other sizes as they are:", ...found.map((line) => `  ${line}`)].join("\n");
}
