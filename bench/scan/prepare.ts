// Writes the scans that peers.py measures, each as a source that becomes a shared library, and check programs of long sequences.
//
//   node bench/dist/scan/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU, nvcc and PyTorch:  bash bench/scan/run.sh OUT
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, type ProblemOptions, scanTensors, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId);
const kernels: Record<string, unknown>[] = [];

/** The functions that Python calls, with C linkage. */
function library(name: string, problem: ReturnType<typeof defineProblem>): string {
  const { pass } = problem;
  const pointers = scanTensors(problem).map(({ type, role }, index) => {
    const element = type === "fp32" ? "float" : "uint16_t";
    return `static_cast<${role === "input" ? "const " : ""}${element}*>(tensors[${index}])`;
  });
  return `#include "${name}_${pass}.cu"

using namespace ${name}_${pass};
static std::string error;

extern "C" int64_t scan_scratch_bytes(int batch, int steps) { return scratch_bytes(batch, steps); }

extern "C" const char* scan_prepare(void* stream, void* scratch, int batch, int steps) {
  error = prepare_scratch(static_cast<cudaStream_t>(stream), scratch, batch, steps);
  return error.c_str();
}

extern "C" const char* scan_launch(void* stream, void** tensors, void* scratch, int batch, int steps) {
  error = launch_${pass}(static_cast<cudaStream_t>(stream), ${pointers.join(", ")}, nullptr, scratch, batch, steps);
  return error.c_str();
}
`;
}

function write(name: string, options: Omit<ProblemOptions, "headDim"> & { headDim?: number }): void {
  const problem = defineProblem({ headDim: 1536, batch: 8, ...options });
  const { plan, family } = solvePlan(problem, device, familiesFor(device));
  const directory = join(out!, name);
  mkdirSync(directory, { recursive: true });
  for (const file of generateFiles(plan, family, { name })) writeFileSync(join(directory, file.name), file.content);
  writeFileSync(join(directory, "library.cu"), library(name, problem));
  const { cell, pass, dataType, steps } = problem;
  const microseconds = plan.predictedMicrosecondsPerStep * steps;
  kernels.push({ name, cell: cell.name, pass, dataType, steps, plan: plan.hash, tile: plan.parameters, microseconds });
}

for (const steps of [256, 1024, 4096, 16384, 65536]) {
  for (const dataType of ["fp32", "bf16"]) write(`linear_${dataType}_${steps}`, { cell: "linear", dataType, steps });
  for (const dataType of ["fp32", "bf16"]) write(`mingru_${dataType}_${steps}`, { cell: "mingru", dataType, steps });
  write(`minlstm_fp32_${steps}`, { cell: "minlstm", dataType: "fp32", steps });
  if (steps > 4096) continue;
  write(`mingru_gradient_bf16_${steps}`, { cell: "mingru", pass: "backward", dataType: "bf16", steps });
}
// Long sequences of few channels, against float64: small enough for a reference on the CPU.
for (const pass of ["forward", "backward"]) {
  for (const cell of ["mingru", "minlstm"]) {
    for (const dataType of ["fp32", "bf16", "fp16"]) {
      write(`long_${cell}_${pass}_${dataType}`, { cell, pass, dataType, headDim: 64, batch: 1, steps: 65536 });
    }
  }
}
writeFileSync(join(out, "kernels.json"), JSON.stringify(kernels, undefined, 2));
const folder = join(dirname(fileURLToPath(import.meta.url)), "../../scan");
for (const file of ["peers.py", "run.sh"]) copyFileSync(join(folder, file), join(out, file));
