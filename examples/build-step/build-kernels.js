// A build step: solves the tiling of an application's kernels and writes their sources, so that what ships needs no solver.
// An application calls it from its package.json:  "prebuild": "node build-kernels.js"
//
//   node examples/build-step/build-kernels.js OUT
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";

const out = process.argv[2] ?? "generated";
const kernels = [
  { device: "webgpu-default", options: { cell: "lstm", headDim: 64, heads: 2, steps: 128, dataType: "fp32" } },
  { device: "h200", options: { cell: "lstm", headDim: 64, heads: 12, batch: 16, dataType: "bf16" } },
];

for (const { device: id, options } of kernels) {
  const device = findDevice(id);
  const { plan, family } = solvePlan(defineProblem(options), device, familiesFor(device));
  const directory = join(out, id);
  mkdirSync(directory, { recursive: true });
  for (const file of generateFiles(plan, family)) writeFileSync(join(directory, file.name), file.content);
  console.log(
    `${directory}: ${plan.family}, plan ${plan.hash}, ${plan.predictedMicrosecondsPerStep.toFixed(2)} µs a step predicted`,
  );
}
