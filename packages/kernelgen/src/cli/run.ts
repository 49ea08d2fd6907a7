import { randomInt } from "node:crypto";
import { findDevice, type WebGpuDevice } from "hwmodels";
import type { InferredOptionTypes, Options } from "yargs";
import { steadyTime } from "../bench/steady-time.js";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import { familiesNamed } from "../families.js";
import type { Plan } from "../plan/plan.js";
import { problemToJson } from "../plan/plan-json.js";
import type { Problem } from "../plan/problem.js";
import { problemText } from "../plan/problem-text.js";
import { solvePlan } from "../plan/solve.js";
import { toleranceOf } from "../reference/tolerances.js";
import { experimentalDawnOptions, openNodeDevice } from "../wgsl/node-device.js";
import { createForward, type StepTime, type WebGpuForward } from "../wgsl/runtime.js";
import { type OutputError, verifyForward } from "../wgsl/verify.js";
import { cellFrom } from "./cell-option.js";
import { colors } from "./colors.js";
import type { CommandBody } from "./lazy-command.js";
import { onRequestOptions, problemFrom, problemOptions } from "./problem-options.js";
import { launchText } from "./report.js";
import { seedFrom, seedLimit } from "./seed.js";

const options = {
  ...problemOptions,
  target: { choices: ["wgsl"] as const, default: "wgsl", describe: "Language" },
  device: {
    type: "string",
    requiresArg: true,
    describe: "Tile for this device, for example webgpu-default  [default: the adapter that is there]",
  },
  family: { type: "string", requiresArg: true, describe: "Consider this kernel family alone" },
  ...onRequestOptions,
  seed: { type: "string", requiresArg: true, describe: "Draw the inputs from this seed  [default: a fresh one]" },
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

/** Runs of a measurement: as many as fit in this time, within these bounds. */
const timingBudgetMilliseconds = 300;
const maxTimedRuns = 20;

/** What a run found. */
interface RunReport {
  readonly plan: Plan;
  readonly adapterName: string;
  readonly seed: number;
  readonly errors: readonly OutputError[];
  readonly time: StepTime;
}

/** `kernelgen run`: runs a generated kernel on the WebGPU device of this machine, checks its outputs and times it. */
export const runCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 run --head-dim 64 --heads 12 --batch 16 --steps 64", "an LSTM")
      .example("$0 run --cell mingru --head-dim 256 --steps 4096", "a linear recurrence, as a scan")
      .example("$0 run --cell ./average.ts --head-dim 256 --steps 4096", "a cell of your own")
      .example("$0 run --head-dim 64 --device webgpu-default --family stepwise --json", "")
      .example("$0 run --head-dim 64 --batch 16 --dtype fp16 --subgroup-matrices", "on a GPU that has them"),
  async handler(given) {
    const seed = given.seed === undefined ? randomInt(seedLimit) : seedFrom(given.seed);
    const catalogued = given.device === undefined ? undefined : webGpuDevice(given.device);
    // What the user typed is checked before a device is looked for.
    const assumed = catalogued ?? findDevice("webgpu-default");
    const problem = problemFrom({ ...given, cell: await cellFrom(given.cell) }, assumed);
    // Whether there are subgroup matrices is known of the device alone.
    if (!given.subgroupMatrices) familiesNamed(given.family, assumed, given);
    const { device, description, close } = await openNodeDevice(
      given.subgroupMatrices ? experimentalDawnOptions : undefined,
    );
    try {
      const plannedFor = catalogued ?? description;
      const families = familiesNamed(given.family, plannedFor, given);
      const { plan, family } = solvePlan(problem, plannedFor, families);
      const forward = await createForward(device, plan, family.emit(plan)[0].text);
      const errors = await verifyForward(forward, problem, seed);
      const report: RunReport = { plan, adapterName: description.name, seed, errors, time: await time(forward) };
      forward.destroy();
      console.log(given.json ? JSON.stringify(reportJson(report), undefined, 2) : reportText(report));
      requireCorrect(errors, problem);
    } finally {
      await close();
    }
  },
};

function webGpuDevice(id: string): WebGpuDevice {
  const device = deviceNamed(id);
  if (device.kind !== "webgpu") throw new KernelgenError("invalid-problem", `${device.name} does not run wgsl kernels`);
  return device;
}

/** Times one run, and then measures as many as fit in the budget. */
async function time(forward: WebGpuForward): Promise<StepTime> {
  const start = performance.now();
  await forward.run();
  const runMilliseconds = performance.now() - start;
  const runs = Math.min(maxTimedRuns, Math.max(1, Math.floor(timingBudgetMilliseconds / runMilliseconds)));
  return steadyTime(forward, runs);
}

const isCorrect = ({ largestError }: OutputError, problem: Problem): boolean => largestError <= toleranceOf(problem);

function requireCorrect(errors: readonly OutputError[], problem: Problem): void {
  const wrong = errors.filter((error) => !isCorrect(error, problem));
  if (wrong.length === 0) return;
  const list = wrong.map(({ tensor, largestError }) => `${tensor}: largest error ${largestError}`);
  throw new KernelgenError("wrong-result", `${list.join(", ")}; the tolerance is ${toleranceOf(problem)}`);
}

const clockText = { "timestamp-query": "GPU timestamps", host: "host clock" } as const satisfies Record<
  StepTime["clock"],
  string
>;

function reportText({ plan, adapterName, seed, errors, time }: RunReport): string {
  return [
    `${colors.bold(problemText(plan.problem))} on ${colors.bold(adapterName)}`,
    "",
    `${colors.bold("family")}     ${plan.family}, ${launchText(plan)}, tiled for ${plan.deviceName}`,
    `${colors.bold("plan")}       ${plan.hash}`,
    `${colors.bold("seed")}       ${seed}`,
    "",
    colors.bold(`largest error against the float64 reference (tolerance ${toleranceOf(plan.problem)})`),
    ...errors.map((error) => {
      const verdict = isCorrect(error, plan.problem) ? colors.green("right") : colors.red("wrong");
      return `  ${error.tensor.padEnd(9)}${error.largestError.toExponential(2)}  ${verdict}`;
    }),
    "",
    `${colors.bold("time")}       ${time.microsecondsPerStep.toFixed(3)} µs a step (${clockText[time.clock]}), predicted ${plan.predictedMicrosecondsPerStep.toFixed(3)} µs`,
  ].join("\n");
}

function reportJson({ plan, adapterName, seed, errors, time }: RunReport): Record<string, unknown> {
  return {
    problem: problemToJson(plan.problem),
    adapter: adapterName,
    device: { id: plan.deviceId, name: plan.deviceName },
    family: plan.family,
    plan: plan.hash,
    seed,
    tolerance: toleranceOf(plan.problem),
    outputs: errors.map(({ tensor, largestError }) => ({
      tensor,
      // JSON has no infinity: null stands for an output that is not a number.
      largestError: Number.isFinite(largestError) ? largestError : null,
    })),
    correct: errors.every((error) => isCorrect(error, plan.problem)),
    microsecondsPerStep: time.microsecondsPerStep,
    clock: time.clock,
    predictedMicrosecondsPerStep: plan.predictedMicrosecondsPerStep,
  };
}
