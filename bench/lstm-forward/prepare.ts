// Writes the kernels of the benchmark, with their check programs, for one device.
//
//   node bench/dist/lstm-forward/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU:  bash bench/lstm-forward/run.sh OUT sanitize peers
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, KernelgenError, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";
import { benchProblems } from "./problems.js";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId);
/** Cases are small enough to write only for the odd problem; the others draw fresh inputs where they run. */
const caseSeed = 1;

for (const { name, options, family: wanted, pins } of benchProblems) {
  const families = familiesFor(device).filter((family) => wanted === undefined || family.name === wanted);
  try {
    const { plan, family } = solvePlan(defineProblem(options), device, families, pins);
    const directory = join(out, name);
    mkdirSync(directory, { recursive: true });
    const isOdd = plan.problem.steps < 100;
    for (const file of generateFiles(plan, family, { caseSeed: isOdd ? caseSeed : undefined })) {
      writeFileSync(join(directory, file.name), file.content);
    }
    console.log(`${name}: ${plan.family}, ${plan.predictedMicrosecondsPerStep.toFixed(3)} µs a step predicted`);
  } catch (error) {
    if (!(error instanceof KernelgenError)) throw error;
    console.log(`${name}: left out: ${error.message}`);
  }
}
