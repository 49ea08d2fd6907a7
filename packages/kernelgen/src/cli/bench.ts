import { randomInt } from "node:crypto";
import { findDevice } from "hwmodels";
import type { InferredOptionTypes, Options } from "yargs";
import { fitPowerLaw, type PowerLaw } from "../bench/growth.js";
import { type ScanTimes, scanTimes } from "../bench/scan-times.js";
import type { CellDefinition } from "../cell/definition.js";
import { linearCells } from "../cell/index.js";
import { isLinear } from "../cell/linear.js";
import { KernelgenError } from "../errors.js";
import type { Problem } from "../plan/problem.js";
import { type OpenDevice, openNodeDevice } from "../wgsl/node-device.js";
import { cellFileText, cellFrom } from "./cell-option.js";
import { colors } from "./colors.js";
import type { CommandBody } from "./lazy-command.js";
import { plainTable } from "./plain-table.js";
import { problemFrom, problemOptions } from "./problem-options.js";
import { seedFrom, seedLimit } from "./seed.js";

const options = {
  cell: {
    ...problemOptions.cell,
    default: "mingru",
    describe: `Cell: ${[...linearCells.keys()].join(", ")}, ${cellFileText}`,
  },
  "head-dim": { ...problemOptions["head-dim"], demandOption: false, default: "64", describe: "Channels (D)" },
  batch: problemOptions.batch,
  steps: {
    type: "string",
    requiresArg: true,
    default: "256,1024,4096",
    describe: "Steps of a sequence (T), several with commas between",
  },
  seed: { type: "string", requiresArg: true, describe: "Draw the inputs from this seed  [default: a fresh one]" },
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

const ways = { cpuSequential: "CPU, sequential", cpuScan: "CPU, scan", gpuScan: "WebGPU, scan" } as const;
type Way = keyof typeof ways;
const wayNames = Object.keys(ways) as Way[];

/** `kernelgen bench`: times a linear recurrence on this machine over several numbers of steps, and fits how the times grow. */
export const benchCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 bench --cell mingru --head-dim 256 --steps 256,1024,4096,16384", "")
      .example("$0 bench --cell minlstm --batch 4 --json", ""),
  async handler(given) {
    const seed = given.seed === undefined ? randomInt(seedLimit) : seedFrom(given.seed);
    const cell = await cellFrom(given.cell);
    const problems = given.steps.split(",").map((steps) => problemOf({ ...given, cell }, steps));
    const gpu = await openIfThere();
    try {
      const rows: ScanTimes[] = [];
      for (const problem of problems) {
        if (process.stderr.isTTY) process.stderr.write(`${problem.cell.name}, ${problem.steps} steps …\n`);
        rows.push(await scanTimes(problem, typeof gpu === "string" ? undefined : gpu, seed));
      }
      console.log(
        given.json ? JSON.stringify(json(problems[0]!, rows, gpu), undefined, 2) : text(problems[0]!, rows, gpu),
      );
    } finally {
      if (typeof gpu !== "string") await gpu.close();
    }
  },
};

function problemOf(given: { cell: string | CellDefinition; headDim: string; batch: string }, steps: string): Problem {
  const defaults = { heads: "1", states: "sequence", training: false, dtype: "fp32", pass: "forward" };
  const problem = problemFrom({ ...defaults, ...given, steps }, findDevice("webgpu-default"));
  if (!isLinear(problem.cell)) {
    throw new KernelgenError(
      "invalid-problem",
      `${problem.cell.name} is no linear recurrence; bench has ${[...linearCells.keys()].join(", ")}`,
    );
  }
  return problem;
}

/** The WebGPU device, or why there is none. */
async function openIfThere(): Promise<OpenDevice | string> {
  try {
    return await openNodeDevice();
  } catch (error) {
    if (error instanceof KernelgenError && error.code === "no-webgpu-device") return error.message.split("\n")[0]!;
    throw error;
  }
}

const growth = (rows: readonly ScanTimes[], way: Way): PowerLaw | undefined =>
  fitPowerLaw(rows.flatMap((row) => (row[way] === undefined ? [] : [[row.steps, row[way]] as const])));

/** The fewest measured steps from which on a way is faster than the sequential one. */
function crossover(rows: readonly ScanTimes[], way: Way): number | undefined {
  const ascending = rows.toSorted((a, b) => a.steps - b.steps);
  const last = ascending.findLastIndex((row) => !((row[way] ?? Infinity) < row.cpuSequential));
  return ascending[last + 1]?.steps;
}

function text(problem: Problem, rows: readonly ScanTimes[], gpu: OpenDevice | string): string {
  const cell = (value: number | undefined): string => (value === undefined ? "–" : value.toPrecision(3));
  const table = [
    ["steps", ...wayNames.map((way) => ways[way]), "CPU sequential / WebGPU"],
    ...rows.map((row) => [
      `${row.steps}`,
      ...wayNames.map((way) => cell(row[way])),
      cell(row.gpuScan === undefined ? undefined : row.cpuSequential / row.gpuScan),
    ]),
    [
      "grows as",
      ...wayNames.map((way) => (growth(rows, way) ? `T^${growth(rows, way)!.exponent.toFixed(2)}` : "–")),
      "",
    ],
    [
      "faster than sequential from",
      "",
      ...(["cpuScan", "gpuScan"] as const).map((way) => `${crossover(rows, way) ?? "–"}`),
      "",
    ],
  ];
  const device = typeof gpu === "string" ? gpu : gpu.description.name;
  return [
    `${colors.bold(`${problem.cell.name}, ${problem.headDim} channels, batch ${problem.batch}, fp32`)}, milliseconds of a forward pass; WebGPU: ${device}`,
    plainTable(table, ["left", "right", "right", "right", "right"]),
  ].join("\n");
}

function json(problem: Problem, rows: readonly ScanTimes[], gpu: OpenDevice | string): Record<string, unknown> {
  return {
    cell: problem.cell.name,
    channels: problem.headDim,
    batch: problem.batch,
    adapter: typeof gpu === "string" ? null : gpu.description.name,
    milliseconds: rows,
    growth: Object.fromEntries(wayNames.map((way) => [way, growth(rows, way) ?? null])),
    fasterThanSequentialFrom: {
      cpuScan: crossover(rows, "cpuScan") ?? null,
      gpuScan: crossover(rows, "gpuScan") ?? null,
    },
  };
}
