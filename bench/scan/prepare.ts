// Writes the scans that peers.py measures, each as a source that becomes a shared library, and check programs of long sequences.
//
//   node bench/dist/scan/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU, nvcc and PyTorch:  bash bench/scan/run.sh OUT
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CudaDevice, findDevice } from "hwmodels";
import { defineProblem, familiesFor, type Pins, type ProblemOptions, solvePlan } from "kernelgen";
import { generateFiles, solveKernelSet, torchPackageFiles, withScanLaunchInterface } from "kernelgen/node";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId) as CudaDevice;
const kernels: Record<string, unknown>[] = [];

function write(name: string, options: Omit<ProblemOptions, "headDim"> & { headDim?: number }, pins: Pins = {}): void {
  const problem = defineProblem({ headDim: 1536, batch: 8, ...options });
  const { plan, family } = solvePlan(problem, device, familiesFor(device), pins);
  const directory = join(out!, name);
  mkdirSync(directory, { recursive: true });
  for (const file of generateFiles(plan, family, { name })) writeFileSync(join(directory, file.name), file.content);
  const source = family.emit(plan, name)[0].text;
  writeFileSync(join(directory, "library.cu"), withScanLaunchInterface(plan, `${name}_${problem.pass}`, source));
  const { cell, pass, dataType, steps } = problem;
  const microseconds = plan.predictedMicrosecondsPerStep * steps;
  kernels.push({ name, cell: cell.name, pass, dataType, steps, plan: plan.hash, tile: plan.parameters, microseconds });
}

for (const steps of [256, 1024, 4096, 16384, 65536]) {
  for (const dataType of ["fp32", "bf16"]) {
    write(`linear_${dataType}_${steps}`, { cell: "linear", dataType, steps });
    for (const cell of ["mingru", "minlstm"]) {
      write(`${cell}_${dataType}_${steps}`, { cell, dataType, steps });
      write(`${cell}_gradient_${dataType}_${steps}`, { cell, pass: "backward", dataType, steps });
    }
  }
}
// Against float64, small enough for a reference on the CPU: long sequences of few channels, and kernels of every kind for compute-sanitizer,
// chains of blocks that load ahead and that do not, and loops over the chunks.
const few = { headDim: 64, batch: 1, steps: 65536 };
for (const pass of ["forward", "backward"]) {
  for (const cell of ["mingru", "minlstm", "linear"]) {
    for (const dataType of ["fp32", "bf16", "fp16"].slice(0, cell === "linear" ? 1 : undefined)) {
      write(`long_${cell}_${pass}_${dataType}`, { cell, pass, dataType, ...few }, { chained: 1, stages: 0 });
    }
    for (const dataType of ["fp32", "bf16", "fp16"].slice(0, cell === "linear" ? 1 : undefined)) {
      write(`long_ahead_${cell}_${pass}_${dataType}`, { cell, pass, dataType, ...few }, { chained: 1, stages: 1 });
    }
  }
  write(`short_minlstm_${pass}_fp32`, { cell: "minlstm", pass, dataType: "fp32", ...few, steps: 300 }, { chained: 0 });
  // More columns than blocks at work, which take tile after tile.
  const one = { chained: 1, stages: 1, blocksPerMultiprocessor: 1 };
  write(`short_wide_mingru_${pass}_fp32`, { cell: "mingru", pass, dataType: "fp32", steps: 300 }, one);
  write(
    `short_wide_linear_${pass}_bf16`,
    { cell: "linear", pass, dataType: "bf16", steps: 300 },
    { ...one, recompute: pass === "forward" ? 1 : 0 },
  );
}
// Layers, as a PyTorch package.
const layers = ["mingru", "minlstm"].flatMap((cell) =>
  ["fp32", "bf16", "fp16"].map((dataType) => defineProblem({ cell, dataType, headDim: 1536, batch: 8 })),
);
for (const file of torchPackageFiles(solveKernelSet(layers, [device], true), "scan_kernels_package")) {
  const path = join(out, "package", file.name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.content);
}
writeFileSync(join(out, "kernels.json"), JSON.stringify(kernels, undefined, 2));
const folder = join(dirname(fileURLToPath(import.meta.url)), "../../scan");
for (const file of ["layers.py", "peers.py", "run.sh", "scan_library.py"])
  copyFileSync(join(folder, file), join(out, file));
