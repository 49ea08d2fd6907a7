import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CudaDevice, findDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { scanCheckSource } from "../../../packages/kernelgen/src/cuda/scan/check-source.js";
import { scanFamily } from "../../../packages/kernelgen/src/cuda/scan/scan.js";
import { kernelName } from "../../../packages/kernelgen/src/plan/kernel-name.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { defineProblem, type ProblemOptions } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import type { Pins } from "../../../packages/kernelgen/src/plan/stated-tiling.js";
import { leaky, selective } from "../own-cells.js";
import {
  compile,
  compileHostPrelude,
  hasCompiler,
  hostOptions,
  kernelSanitizers,
  linkForHost,
  type Outcome,
  preludeDirectory,
  runProgram,
} from "./prelude-build.js";

const h200 = findDevice("h200") as CudaDevice;

/** Fewer blocks at work than there are columns: a block takes tile after tile, and looks at the state before each ahead of its loads. */
const smallH200: CudaDevice = { ...h200, multiprocessorCount: 2 };

function planOf(options: ProblemOptions, pins: Pins, device = h200): Plan {
  const { plan, reason } = solveFamily(defineProblem(options), device, scanFamily, pins);
  if (plan === undefined) throw new Error(reason);
  return plan;
}

/** Kernels of every shape: each way to load and to carry, sizes that divide nothing, several lanes and one along time. */
const cases = {
  "minLSTM forward bf16: a loop over chunks, loaded ahead, coefficients computed twice": planOf(
    { cell: "minlstm", headDim: 20, heads: 2, batch: 2, steps: 150, dataType: "bf16" },
    { channelsPerThread: 4, channelLanes: 8, warps: 2, stepsPerThread: 8, chained: 0, stages: 2, recompute: 1 },
  ),
  "a user's cell with biases, forward fp16: a chain, each thread loads ahead, no complement of the decay": planOf(
    { cell: leaky, headDim: 38, batch: 3, steps: 70, dataType: "fp16" },
    { channelsPerThread: 2, channelLanes: 32, warps: 1, stepsPerThread: 8, chained: 1, stages: 1 },
  ),
  "minGRU backward fp32: a chain of blocks that load their next tiles ahead": planOf(
    { cell: "mingru", pass: "backward", headDim: 36, batch: 2, steps: 130, dataType: "fp32" },
    {
      channelsPerThread: 1,
      channelLanes: 16,
      warps: 2,
      stepsPerThread: 4,
      chained: 1,
      stages: 2,
      blocksPerMultiprocessor: 1,
    },
    smallH200,
  ),
  "a user's cell backward fp32, named as nothing should be: a chain, an odd number of channels, nothing loaded ahead":
    planOf(
      { cell: selective, pass: "backward", headDim: 11, batch: 2, steps: 90, dataType: "fp32" },
      { channelsPerThread: 1, channelLanes: 16, warps: 2, stepsPerThread: 4, chained: 1, stages: 0 },
    ),
} as const;

let directory: string;
let common: readonly string[] | undefined;
let directoryCount = 0;
const linkedCheck = "-DKERNELGEN_LINK_CHECK";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-scan-"));
  if (!(await hasCompiler("g++"))) return;
  const check = join(directory, "scan_check.o");
  const source = join(preludeDirectory, "scan_check.cpp");
  common = await Promise.all([
    compileHostPrelude(directory),
    compile("g++", [...hostOptions, "-fsanitize=address", linkedCheck, "-c", source, "-o", check]).then(() => check),
  ]);
}, 180_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

type Run = (parameters: readonly string[], schedule?: string) => Promise<Outcome>;

/** Builds the check program of a plan with its kernel edited by `edit`. */
async function build(plan: Plan, context: TestContext, edit = (kernel: string): string => kernel): Promise<Run> {
  const objects = common ?? context.skip("g++ not found: generated CUDA kernels cannot be run on the CPU");
  const files = join(directory, `${directoryCount++}`);
  await mkdir(files);
  const check = scanCheckSource(plan);
  await writeFile(join(files, `${kernelName(plan.problem)}.cu`), edit(scanFamily.emit(plan)[0]!.text));
  await writeFile(join(files, check.name), check.text);
  const program = join(files, "check");
  const source = ["-x", "c++", "-c", join(files, check.name), "-o", `${program}.o`];
  await compile("g++", [...hostOptions, "-g1", ...kernelSanitizers, linkedCheck, ...source]);
  await linkForHost([`${program}.o`, ...objects], program);
  return (parameters, schedule) =>
    runProgram(program, parameters, schedule === undefined ? {} : { KERNELGEN_SCHEDULE_SEED: schedule }, 60);
}

/** The check programs of `cases`, each built once. */
const built = new Map<Plan, Promise<Run>>();
function caseRun(plan: Plan, context: TestContext): Promise<Run> {
  const run = built.get(plan) ?? build(plan, context);
  built.set(plan, run);
  return run;
}

/** The outputs that a check program compared, with its verdicts. */
const verdicts = (stdout: string): readonly string[] =>
  [...stdout.matchAll(/^\w+ (\w+): largest error \S+ over (\d+) values, allowed \S+: (\w+)$/gm)].map((line) =>
    line.slice(1).join(" "),
  );

function expectRight({ problem }: Plan, steps: number, { exitCode, stdout, stderr }: Outcome): void {
  const states = problem.batch * problem.heads * problem.headDim;
  const rows = states * steps;
  const outputs =
    problem.pass === "forward"
      ? { h: rows, h_last: states }
      : { d_wx: rows * problem.cell.gates.length, d_h_initial: states };
  expect(verdicts(stdout), `${stdout}${stderr}`).toEqual(
    ["", "_with_lengths"].flatMap((suffix) =>
      Object.entries(outputs).map(([name, count]) => `${name}${suffix} ${count} ok`),
    ),
  );
  expect(exitCode).toBe(0);
}

describe("generated scans on the CPU, against double precision", () => {
  it.for(Object.entries(cases))("%s", { timeout: 120_000 }, async ([, plan], context) => {
    const run = await caseRun(plan, context);
    const { steps } = plan.problem;
    for (const schedule of [undefined, "1"]) {
      expectRight(plan, steps, await run(["random", `${steps}`, "7"], schedule));
    }
    // Gates nearly open or shut; fewer steps than a chunk has.
    expectRight(plan, steps, await run(["random", `${steps}`, "8", "10"], "3"));
    expectRight(plan, 3, await run(["random", "3", "9"]));
  });

  it("wait for each other in a chain, in whatever order they run", { timeout: 120_000 }, async (context) => {
    const plan = cases["minGRU backward fp32: a chain of blocks that load their next tiles ahead"];
    // All blocks at once, as on a GPU; else the host runs one after another, and none has to wait.
    const run = await build(plan, context, (kernel) => {
      expect(kernel).toContain("SHARED_BYTES, false, stream");
      return kernel.replace("SHARED_BYTES, false, stream", "SHARED_BYTES, true, stream");
    });
    for (const schedule of ["1", "2", "3", "4"]) {
      expectRight(plan, 70, await run(["random", "70", "7"], schedule));
    }
  });

  it("are found wrong without the barrier after the warps' spans", { timeout: 120_000 }, async (context) => {
    const plan = cases["minLSTM forward bf16: a loop over chunks, loaded ahead, coefficients computed twice"];
    const run = await build(plan, context, (kernel) => {
      const edited = kernel.replace(/(share_span\(shared_span\([^;]*;)\s*sync_block\(\);/, "$1");
      expect(edited).not.toBe(kernel);
      return edited;
    });
    const outcomes = await Promise.all(["1", "2", "3"].map((schedule) => run(["random", "150", "7"], schedule)));
    expect(outcomes.map(({ exitCode }) => exitCode)).toContain(1);
    expect(outcomes.map(({ stdout }) => stdout).join("")).toContain("WRONG");
  });
});

describe("the check program of a scan", () => {
  it("explains its use, and refuses what is no number", { timeout: 120_000 }, async (context) => {
    const run = await caseRun(
      cases[
        "a user's cell backward fp32, named as nothing should be: a chain, an odd number of channels, nothing loaded ahead"
      ],
      context,
    );
    expect((await run([])).exitCode).toBe(2);
    expect((await run(["random", "x"])).stderr).toBe('"x" is not a number from 1 to 1e15\n');
  });
});
