// Compares the estimate of a kernel's registers with what ptxas gives it, over the chosen plans of the benchmark's problems.
//
//   node bench/dist/registers/record.js [DEVICE…]      default devices: a100 rtx4090 h200; needs nvcc, no GPU
//
// Prints a page of bench/results on standard output, and each kernel on standard error while it goes.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type CudaDevice, findDevice } from "hwmodels";
import { defineProblem, familiesFor, type Plan, solveFamily } from "kernelgen";
import { generateFiles } from "kernelgen/node";
import { benchProblems } from "../lstm-forward/problems.js";

const runFile = promisify(execFile);
const devices = (process.argv.length > 2 ? process.argv.slice(2) : ["a100", "rtx4090", "h200"]).map(cudaDevice);

function cudaDevice(id: string): CudaDevice {
  const device = findDevice(id);
  if (device.kind !== "cuda") throw new Error(`${id} is not a CUDA device`);
  return device;
}

/** A kernel, the registers that the model expects a thread to need, and what ptxas did. */
interface Row {
  readonly problem: string;
  readonly device: CudaDevice;
  readonly plan: Plan;
  readonly estimated: number;
  readonly used: number;
  readonly spillBytes: number;
}

async function ptxas(directory: string, source: string, { computeCapability }: CudaDevice): Promise<string> {
  const architecture = `-arch=sm_${computeCapability.major}${computeCapability.minor}`;
  const options = ["-std=c++17", "-O3", architecture, "-cubin", "-Xptxas", "-v", "-o", join(directory, "kernel.cubin")];
  return (await runFile("nvcc", [...options, join(directory, source)], { maxBuffer: 2 ** 26 })).stderr;
}

async function record(directory: string, problem: string, device: CudaDevice, plan: Plan): Promise<Row> {
  const family = familiesFor(device).find(({ name }) => name === plan.family)!;
  const files = generateFiles(plan, family);
  for (const { name, content } of files) writeFileSync(join(directory, name), content);
  const kernel = files.find(({ name }) => name.endsWith(".cu") && !name.endsWith("_check.cu"))!;
  const said = await ptxas(directory, kernel.name, device);
  const largest = (pattern: RegExp): number =>
    Math.max(...[...said.matchAll(pattern)].map(([, number]) => Number(number)));
  return {
    problem,
    device,
    plan,
    estimated: plan.budgets.find(({ name }) => name === "registers per thread")!.used,
    used: largest(/Used (\d+) registers/g),
    spillBytes: largest(/(\d+) bytes spill stores/g),
  };
}

const rows: Row[] = [];
const directory = mkdtempSync(join(tmpdir(), "registers-"));
try {
  for (const device of devices) {
    for (const { name, options } of benchProblems) {
      for (const pass of ["forward", "backward"]) {
        const problem = defineProblem({ ...options, pass });
        for (const family of familiesFor(device, problem)) {
          const { plan } = solveFamily(problem, device, family);
          // Stepwise kernels keep nothing of R in registers, and have no such budget.
          if (plan === undefined || !plan.budgets.some(({ name: budget }) => budget === "registers per thread"))
            continue;
          const row = await record(directory, `${name} ${pass}`, device, plan);
          console.error(`${device.id} ${name} ${pass} ${family.name}: estimated ${row.estimated}, ptxas ${row.used}`);
          rows.push(row);
        }
      }
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}

const differences = rows.map(({ estimated, used }) => estimated - used).sort((a, b) => a - b);
const meanAbsolute = differences.reduce((sum, difference) => sum + Math.abs(difference), 0) / differences.length;
const signed = (difference: number): string =>
  `${difference > 0 ? "+" : difference < 0 ? "−" : "±"}${Math.abs(difference)}`;
const { stdout: compiler } = await runFile("nvcc", ["--version"]);
const { stdout: commit } = await runFile("git", ["rev-parse", "--short", "HEAD"]);

console.log(`# Registers: the estimate and ptxas, ${new Date().toISOString().slice(0, 10)}

The estimate of \`packages/kernelgen/src/cuda/on-chip-family.ts\` (fragments of R, work, prefetched inputs, states, addresses) beside what ptxas
uses, ${/V[\d.]+/.exec(compiler)?.[0] ?? "unknown version"}, for the best plan of every family of every problem of \`bench/lstm-forward\`. ptxas may use all registers that the
launch bounds leave, so it can be above the estimate without need.

Commit ${commit.trim()}. ${rows.length} kernels: estimate minus ptxas ${signed(differences[0]!)} to ${signed(differences.at(-1)!)}, mean absolute difference ${meanAbsolute.toFixed(1)}; ${rows.filter(({ spillBytes }) => spillBytes > 0).length} spill.

| device | problem | family | plan | estimated | ptxas | difference | spilled, B |
| ------ | ------- | ------ | ---- | --------- | ----- | ---------- | ---------- |`);
for (const { device, problem, plan, estimated, used, spillBytes } of rows) {
  const unknowns = Object.values(plan.parameters).join(" ");
  console.log(
    `| ${device.id} | ${problem} | ${plan.family} | ${unknowns} | ${estimated} | ${used} | ${signed(estimated - used)} | ${spillBytes} |`,
  );
}
console.log(`
Command: \`npx tsc -b && node bench/dist/registers/record.js ${devices.map(({ id }) => id).join(" ")}\``);
