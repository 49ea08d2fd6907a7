import type { InferredOptionTypes, Options } from "yargs";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import { nearestFeasible } from "../plan/nearest-feasible.js";
import { planLimits } from "../plan/plan-limits.js";
import { fastestPlans } from "../plan/ranking.js";
import { solvePlan } from "../plan/solve.js";
import { cellFrom } from "./cell-option.js";
import { deviceDescription } from "./device-option.js";
import { limitsJson, limitsText, nearestText } from "./explain-report.js";
import type { CommandBody } from "./lazy-command.js";
import { loadFamilies } from "./load-families.js";
import { pinOption, pinsFrom } from "./pin-option.js";
import { numberFrom, onRequestOptions, problemFrom, problemOptions } from "./problem-options.js";
import { rankingJson, rankingText, searchJson, searchText } from "./report.js";

const options = {
  ...problemOptions,
  device: { type: "string", requiresArg: true, demandOption: true, describe: deviceDescription },
  family: { type: "string", requiresArg: true, describe: "Consider this kernel family alone" },
  ...onRequestOptions,
  ...pinOption,
  top: { type: "string", requiresArg: true, describe: "Also list the best plans of all families, so many" },
  explain: {
    type: "boolean",
    default: false,
    describe: "Say what bounds the plan and what more of it would give; or, without a plan, what sizes would fit",
  },
  "every-family": {
    type: "boolean",
    default: false,
    describe: "Also find the fastest plan of each other family, or what it lacks; --explain does so, too",
  },
  count: { type: "boolean", default: false, describe: "Also count the feasible tilings of each family" },
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

/** The longest list of plans. */
const largestTop = 10_000;

/** `kernelgen config`: solves the tiling and prints it. */
export const configCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 config --device h200 --head-dim 64 --heads 12 --batch 16", "an LSTM in bf16 on an H200")
      .example("$0 config --device h200 --head-dim 768 --top 10", "the ten fastest plans by prediction")
      .example("$0 config --device a100 --head-dim 768 --pin warpsAlongInner=4 --pin unitGroups=2", "")
      .example("$0 config --device a100 --head-dim 4096 --dtype fp32 --explain", "what does not fit, and what would")
      .example("$0 config --device webgpu-default --head-dim 64 --json", "the WGSL kernel for any WebGPU device"),
  async handler(given) {
    const device = deviceNamed(given.device);
    const families = await loadFamilies(given.family, device, given);
    const problem = problemFrom({ ...given, cell: await cellFrom(given.cell) }, device);
    const pins = pinsFrom(given.pin);
    const top = given.top === undefined ? undefined : topFrom(given.top);
    const everyFamily = given.everyFamily || given.explain;
    const search = orExplained(
      () => solvePlan(problem, device, families, pins, { everyFamily, count: given.count }),
      () => (given.explain ? nearestText(problem, nearestFeasible(problem, device, families)) : undefined),
    );
    const ranking = top && fastestPlans(problem, device, families, pins, search.plan, top);
    const limits = given.explain ? planLimits(search.plan, device, search.family, pins) : undefined;
    if (given.json) {
      const report = {
        ...searchJson(search),
        ...(ranking && { top: rankingJson(ranking) }),
        ...(limits && { explanation: limitsJson(search.plan, limits) }),
      };
      console.log(JSON.stringify(report, undefined, 2));
    } else {
      const parts = [searchText(search, everyFamily)];
      if (ranking) parts.push(rankingText(ranking));
      if (limits) parts.push(limitsText(search.plan, limits));
      console.log(parts.join("\n\n"));
    }
  },
};

/** What `solve` returns; an error that there is no plan gets what `explain` says, if anything. */
function orExplained<Result>(solve: () => Result, explain: () => string | undefined): Result {
  try {
    return solve();
  } catch (error) {
    if (!(error instanceof KernelgenError) || error.code !== "no-configuration") throw error;
    const explanation = explain();
    const hint = "--explain says which sizes would fit";
    throw new KernelgenError(error.code, `${error.message}\n${explanation ?? hint}`, { cause: error });
  }
}

function topFrom(text: string): number {
  const value = numberFrom("top", text);
  if (Number.isInteger(value) && value >= 1 && value <= largestTop) return value;
  throw new KernelgenError("invalid-problem", `top: ${text} is not an integer from 1 to ${largestTop}`);
}
