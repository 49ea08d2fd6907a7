// Writes scans in many tiles, to fit the constants of their predicted time to measurements.
//
//   node bench/dist/scan/tiles.js OUT [grid|near] [DEVICE]        default: grid, h200
//
// "grid" is a wide choice of tilings, "near" those that are predicted to be the fastest.
//
// Then, on a machine with that GPU, nvcc and PyTorch:  bash bench/scan/tiles.sh OUT > OUT/times.jsonl
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDevice } from "hwmodels";
import {
  defineProblem,
  familiesFor,
  fastestPlans,
  KernelgenError,
  type Pins,
  type Plan,
  type ProblemOptions,
  solvePlan,
} from "kernelgen";
import { generateFiles, withScanLaunchInterface } from "kernelgen/node";

const [out, choice = "grid", deviceId = "h200"] = process.argv.slice(2);
if (out === undefined || !["grid", "near"].includes(choice))
  throw new Error("usage: tiles.js OUT [grid|near] [DEVICE]");
const device = findDevice(deviceId);
/** Kernels that are compiled as one file: most of nvcc's time goes into headers. */
const kernelsPerFile = 3;

/** Tilings of a problem: all combinations of these. */
interface Grid {
  readonly options: Omit<ProblemOptions, "headDim">;
  readonly pins: Readonly<Record<string, readonly number[]>>;
}

const unstaged = { chained: [1], stages: [0], recompute: [0] } as const;
const staged = {
  chained: [1],
  recompute: [0],
  stages: [1, 2],
  channelLanes: [16, 32],
  warps: [4, 8],
  stepsPerThread: [4, 8, 16],
} as const;
/** More lanes along time. */
const narrow = { ...staged, stages: [1], channelLanes: [8, 16] } as const;
const grids: readonly Grid[] = [
  {
    options: { cell: "linear", dataType: "fp32" },
    pins: {
      ...unstaged,
      channelsPerThread: [1, 2, 4],
      channelLanes: [16, 32],
      warps: [8, 16],
      stepsPerThread: [8, 16],
    },
  },
  { options: { cell: "linear", dataType: "fp32" }, pins: { ...staged, channelsPerThread: [2, 4] } },
  {
    options: { cell: "linear", dataType: "bf16" },
    pins: { ...unstaged, channelsPerThread: [2, 4], channelLanes: [32], warps: [4, 8], stepsPerThread: [8, 16, 32] },
  },
  { options: { cell: "linear", dataType: "bf16" }, pins: { ...staged, channelsPerThread: [4, 8] } },
  { options: { cell: "mingru", dataType: "fp32" }, pins: { ...staged, channelsPerThread: [2], channelLanes: [32] } },
  { options: { cell: "mingru", dataType: "bf16" }, pins: { ...staged, channelsPerThread: [4], channelLanes: [32] } },
  { options: { cell: "mingru", dataType: "bf16" }, pins: { ...staged, channelsPerThread: [2], channelLanes: [32] } },
  { options: { cell: "minlstm", dataType: "bf16" }, pins: { ...staged, channelsPerThread: [2], channelLanes: [32] } },
  {
    options: { cell: "mingru", dataType: "bf16", pass: "backward" },
    pins: { ...staged, channelsPerThread: [2, 4], channelLanes: [32], stages: [1] },
  },
  {
    options: { cell: "mingru", dataType: "fp32", pass: "backward" },
    pins: { ...staged, channelsPerThread: [2], channelLanes: [32], stages: [1] },
  },
  {
    options: { cell: "linear", dataType: "bf16" },
    pins: { ...narrow, channelsPerThread: [4, 8], stepsPerThread: [8, 16], recompute: [0, 1] },
  },
  ...["mingru", "minlstm"].flatMap((cell): readonly Grid[] => [
    { options: { cell, dataType: "bf16" }, pins: { ...narrow, channelsPerThread: [4] } },
    { options: { cell, dataType: "fp32" }, pins: { ...narrow, channelsPerThread: [2, 4], warps: [8] } },
    { options: { cell, dataType: "bf16", pass: "backward" }, pins: { ...narrow, channelsPerThread: [2, 4] } },
    { options: { cell, dataType: "fp32", pass: "backward" }, pins: { ...narrow, channelsPerThread: [2], warps: [8] } },
  ]),
];
/** Tilings near the fastest, of each number of steps, in a loop and in a chain. */
const nearCount = 3;
/** Blocks on a multiprocessor, the most of these that fit. */
const blocksChoices = [8, 6, 4, 3, 2, 1];

const plans: { name: string; plan: Plan; text: string }[] = [];
/** What there is already: a tiling does not depend on the number of steps. */
const known = new Set<string>();
const add = (plan: Plan, family: ReturnType<typeof solvePlan>["family"]): void => {
  const { cell, pass, dataType } = plan.problem;
  const text = JSON.stringify([cell.name, pass, dataType, plan.parameters]);
  if (known.has(text)) return;
  known.add(text);
  const given = `${cell.name}_${dataType}_${plans.length}`;
  const name = `${given}_${pass}`;
  plans.push({ name, plan, text: withScanLaunchInterface(plan, name, family.emit(plan, given)[0].text) });
};
const combinations = (pins: Grid["pins"]): readonly Pins[] =>
  Object.entries(pins).reduce<readonly Pins[]>(
    (some, [name, values]) => some.flatMap((pinned) => values.map((value) => ({ ...pinned, [name]: value }))),
    [{}],
  );
/** All tilings of a grid, with as many blocks as fit. */
function addGrid({ options, pins }: Grid): void {
  const problem = defineProblem({ headDim: 1536, batch: 8, steps: 4096, ...options });
  const families = familiesFor(device);
  for (const pinned of combinations(pins)) {
    for (const blocksPerMultiprocessor of blocksChoices) {
      try {
        const { plan, family } = solvePlan(problem, device, families, { ...pinned, blocksPerMultiprocessor });
        add(plan, family);
        break;
      } catch (error) {
        if (!(error instanceof KernelgenError) || error.code !== "no-configuration") throw error;
        // As many blocks do not fit.
      }
    }
  }
}

/** The tilings of a grid's problem that are predicted to be the fastest, for several numbers of steps. */
function addNear({ options }: Grid): void {
  const families = familiesFor(device);
  for (const steps of [256, 1024, 4096, 65536]) {
    const problem = defineProblem({ ...options, headDim: 1536, batch: 8, steps });
    for (const chained of [0, 1]) {
      const { plan, family } = solvePlan(problem, device, families, { chained });
      for (const near of fastestPlans(problem, device, families, { chained }, plan, nearCount)) add(near, family);
    }
  }
}

for (const grid of grids) (choice === "grid" ? addGrid : addNear)(grid);

mkdirSync(out, { recursive: true });
const { plan: any, family } = solvePlan(defineProblem({ cell: "linear", headDim: 8 }), device, familiesFor(device));
for (const file of generateFiles(any, family)) {
  if (file.name.startsWith("prelude")) writeFileSync(join(out, file.name), file.content);
}
for (let first = 0; first < plans.length; first += kernelsPerFile) {
  const texts = plans.slice(first, first + kernelsPerFile).map(({ text }) => text);
  writeFileSync(join(out, `tiles${first}.cu`), texts.join("\n#undef KERNELGEN_C_INTERFACE\n"));
}
const rows = plans.map(({ name, plan }) => {
  const { cell, pass, dataType } = plan.problem;
  return { name, cell: cell.name, gates: cell.gates.length, pass, dataType, tile: plan.parameters, plan: plan.hash };
});
writeFileSync(join(out, "tiles.json"), JSON.stringify(rows, undefined, 1));
const folder = join(dirname(fileURLToPath(import.meta.url)), "../../scan");
for (const file of ["scan_library.py", "tiles.py", "tiles.sh"]) copyFileSync(join(folder, file), join(out, file));
console.log(`${plans.length} tiles`);
