// Writes the forward kernels of training and the backward kernels of the benchmark, with their check programs, for one device.
//
//   node bench/dist/lstm-backward/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU:  bash bench/lstm-backward/run.sh OUT build check sanitize peers
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, KernelgenError, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";
import { benchProblems } from "./problems.js";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId);

for (const { name, options, sanitized } of benchProblems) {
  for (const pass of ["forward", "backward"]) {
    const problem = defineProblem({ ...options, pass, training: true });
    const families = familiesFor(device, problem).filter((family) => (sanitized ?? family.name) === family.name);
    try {
      const { plan, family } = solvePlan(problem, device, families);
      const directory = join(out, `${sanitized === undefined ? "" : "small-"}${name}-${pass}`);
      mkdirSync(directory, { recursive: true });
      for (const file of generateFiles(plan, family)) {
        // What all kernels include lies once beside their folders.
        const isOwn = file.name.includes(`_${pass}`) || file.name === "plan.json";
        writeFileSync(join(isOwn ? directory : out, file.name), file.content);
      }
      console.log(
        `${name} ${pass}: ${plan.family}, ${plan.predictedMicrosecondsPerStep.toFixed(3)} µs a step predicted`,
      );
    } catch (error) {
      if (!(error instanceof KernelgenError)) throw error;
      console.log(`${name} ${pass}: left out: ${error.message}`);
    }
  }
}
