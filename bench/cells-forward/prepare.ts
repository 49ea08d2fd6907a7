// Writes the forward kernels of every cell and type, with their check programs, for one device.
//
//   node bench/dist/cells-forward/prepare.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU:  bash bench/cells-forward/run.sh OUT [sanitize]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { cells, defineProblem, familiesFor, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: prepare.js OUT [DEVICE]");
const device = findDevice(deviceId);

/** One small head for each block, one large head over all blocks, and one of which no size divides a tile. */
const sizes = [
  { family: "resident", headDim: 64, heads: 12, batch: 16, steps: 1024 },
  { family: "grid", headDim: 768, heads: 1, batch: 16, steps: 1024 },
  { family: "grid", headDim: 50, heads: 3, batch: 7, steps: 1024 },
] as const;

for (const cell of cells.keys()) {
  for (const dataType of ["bf16", "fp16", "fp32"]) {
    for (const { family: name, ...size } of sizes) {
      const families = familiesFor(device).filter((family) => family.name === name);
      const { plan, family } = solvePlan(defineProblem({ cell, dataType, ...size }), device, families);
      const directory = join(out, `${cell}-${dataType}-${size.headDim}x${size.heads}`);
      mkdirSync(directory, { recursive: true });
      for (const file of generateFiles(plan, family)) writeFileSync(join(directory, file.name), file.content);
      console.log(`${directory}: ${plan.family}, ${plan.predictedMicrosecondsPerStep.toFixed(3)} µs a step predicted`);
    }
  }
}
