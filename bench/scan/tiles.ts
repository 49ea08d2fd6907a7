// Writes scans in many tiles, to fit the constants of their predicted time to measurements.
//
//   node bench/dist/scan/tiles.js OUT [DEVICE]        default device: h200
//
// Then, on a machine with that GPU, nvcc and PyTorch:  bash bench/scan/tiles.sh OUT > OUT/times.jsonl
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, fastestPlans, type Plan, type ProblemOptions, solvePlan } from "kernelgen";
import { generateFiles, withScanLaunchInterface } from "kernelgen/node";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: tiles.js OUT [DEVICE]");
const device = findDevice(deviceId);
/** Kernels that are compiled as one file: most of nvcc's time goes into headers. */
const kernelsPerFile = 3;

interface Grid {
  readonly options: Omit<ProblemOptions, "headDim">;
  readonly channelsPerThread: readonly number[];
  readonly channelLanes: readonly number[];
  readonly warps: readonly number[];
  readonly stepsPerThread: readonly number[];
}

const wide = { channelLanes: [16, 32], warps: [4, 8, 16], stepsPerThread: [8, 16, 32] } as const;
const narrow = { channelLanes: [16, 32], warps: [4, 8, 16], stepsPerThread: [4, 8, 16] } as const;
const grids: readonly Grid[] = [
  { options: { cell: "linear", dataType: "fp32" }, channelsPerThread: [1, 2, 4], ...wide },
  { options: { cell: "linear", dataType: "bf16" }, channelsPerThread: [2, 4, 8], ...narrow, channelLanes: [8, 16, 32] },
  { options: { cell: "mingru", dataType: "fp32" }, channelsPerThread: [2, 4], ...narrow, channelLanes: [32] },
  { options: { cell: "mingru", dataType: "bf16" }, channelsPerThread: [2, 4], ...narrow },
  { options: { cell: "minlstm", dataType: "bf16" }, channelsPerThread: [2, 4], ...narrow, channelLanes: [32] },
  {
    options: { cell: "mingru", dataType: "bf16", pass: "backward" },
    channelsPerThread: [2, 4],
    ...narrow,
    channelLanes: [16, 32],
  },
  {
    options: { cell: "mingru", dataType: "fp32", pass: "backward" },
    channelsPerThread: [1, 2],
    ...narrow,
    channelLanes: [32],
  },
];

const plans: { name: string; plan: Plan; text: string }[] = [];
const add = (plan: Plan, family: ReturnType<typeof solvePlan>["family"]): void => {
  if (plans.some((other) => other.plan.hash === plan.hash)) return;
  const { cell, pass, dataType } = plan.problem;
  const given = `${cell.name}_${dataType}_${plans.length}`;
  const name = `${given}_${pass}`;
  plans.push({ name, plan, text: withScanLaunchInterface(plan, name, family.emit(plan, given)[0]!.text) });
};
/** The plan of these pins with the most blocks on a multiprocessor, and with half as many. */
for (const { options, channelsPerThread, channelLanes, warps, stepsPerThread } of grids) {
  const problem = defineProblem({ headDim: 1536, batch: 8, steps: 4096, ...options });
  const families = familiesFor(device);
  for (const perThread of channelsPerThread) {
    for (const lanes of channelLanes) {
      for (const warpCount of warps) {
        for (const steps of stepsPerThread) {
          if (perThread * steps > 64 || perThread * steps < 16) continue;
          const pins = {
            channelsPerThread: perThread,
            channelLanes: lanes,
            warps: warpCount,
            stepsPerThread: steps,
            chained: 1,
            stages: 0,
          };
          for (const blocks of [8, 6, 4, 3, 2, 1]) {
            try {
              const { plan, family } = solvePlan(problem, device, families, {
                ...pins,
                blocksPerMultiprocessor: blocks,
              });
              add(plan, family);
              break;
            } catch {
              // As many blocks do not fit.
            }
          }
        }
      }
    }
  }
  // What is chosen now, and the fastest loops over chunks.
  for (const steps of [256, 4096, 65536]) {
    const sized = defineProblem({ ...options, headDim: 1536, batch: 8, steps });
    const { plan, family } = solvePlan(sized, device, families);
    add(plan, family);
  }
  const loop = solvePlan(problem, device, families, { chained: 0 });
  for (const plan of fastestPlans(problem, device, families, { chained: 0 }, loop.plan, 2)) add(plan, loop.family);
}

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
