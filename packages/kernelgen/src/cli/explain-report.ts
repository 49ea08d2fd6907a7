import { headDimStep, type NearestFeasible } from "../plan/nearest-feasible.js";
import type { Plan } from "../plan/plan.js";
import type { PlanLimits } from "../plan/plan-limits.js";
import type { Problem } from "../plan/problem.js";
import { colors } from "./colors.js";
import { integerText, plainTable } from "./plain-table.js";
import { tileText } from "./report.js";

const percentText = (share: number): string => `${Math.round(100 * share)} %`;

/** What keeps a plan from being faster, for a person. */
export function limitsText(plan: Plan, { budgets, nextBetter }: PlanLimits): string {
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
      budgets.map(({ name, slack, allowed, unit, binds }) => [
        name,
        integerText(slack),
        unit,
        percentText(slack / allowed),
        binds ? "binds" : "",
      ]),
      ["left", "right", "left", "right", "left"],
    ),
    "",
    colors.bold("the next better plan"),
    ...(nextBetter === undefined
      ? ["  none: no tiling of this family is faster, whatever the budgets allowed"]
      : [
          `  ${nextBetter.plan.predictedMicrosecondsPerStep.toFixed(3)} µs a step: ${tileText(nextBetter.plan)}`,
          ...nextBetter.exceeded.map(
            ({ name, used, allowed, unit }) =>
              `  ${name}: needs ${integerText(used)} ${unit}, ${plan.deviceName} allows ${integerText(allowed)}`,
          ),
        ]),
  ].join("\n");
}

function memoryLine(plan: Plan): readonly string[] {
  const sum = Object.values(plan.predictedParts).reduce((total, part) => total + part, 0);
  return sum < plan.predictedMicrosecondsPerStep * (1 - 1e-9)
    ? ["  inputs and outputs take longer than all of it: device memory bounds the step"]
    : [];
}

/** What keeps a plan from being faster, as plain data. */
export const limitsJson = (plan: Plan, { budgets, nextBetter }: PlanLimits): Record<string, unknown> => ({
  predictedParts: plan.predictedParts,
  budgets,
  nextBetter:
    nextBetter === undefined
      ? null
      : {
          predictedMicrosecondsPerStep: nextBetter.plan.predictedMicrosecondsPerStep,
          tile: nextBetter.plan.parameters,
          exceeded: nextBetter.exceeded,
        },
});

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
    ...(nearest.dataTypes.length === 0 ? [] : [`of other data types, with one: ${nearest.dataTypes.join(", ")}`]),
  ];
  return ["with all else as it is:", ...found.map((line) => `  ${line}`)].join("\n");
}
