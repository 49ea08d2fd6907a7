// Writes check programs of scans and of loops over time, one thread for a channel, to find from how many steps on a scan is the faster.
//
//   node bench/dist/scan/crossover.js OUT [DEVICE]      default device: h200
//
// Then, on a machine with that GPU and nvcc:
//
//   cd OUT && for d in */; do (cd $d && nvcc -O3 -std=c++17 -arch=native -o check ./*_check.cu &&
//     for t in 16 32 64 128 256 1024 4096 16384; do ./check time $t; done); done
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, type Pins, solvePlan } from "kernelgen";
import { generateFiles } from "kernelgen/node";

const [out, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: crossover.js OUT [DEVICE]");
const device = findDevice(deviceId);
const sizes = { wide: { headDim: 1536, batch: 8 }, narrow: { headDim: 64, batch: 1 } } as const;
/** All lanes of a warp lie along the channels, and a block has one warp: none is left to lie along time. */
const loop: Pins = { channelLanes: 32, warps: 1, chained: 0 };
const ways: Readonly<Record<string, { readonly steps: number; readonly pins: Pins }>> = {
  loop: { steps: 4096, pins: loop },
  loop_from_memory: { steps: 4096, pins: { ...loop, channelsPerThread: 1, stages: 0, stepsPerThread: 16 } },
  scan_256: { steps: 256, pins: {} },
  scan_65536: { steps: 65_536, pins: {} },
};

for (const cell of ["mingru", "minlstm"]) {
  for (const [sizeName, size] of Object.entries(sizes)) {
    for (const [way, { steps, pins }] of Object.entries(ways)) {
      const name = `${way}_${cell}_${sizeName}`;
      const problem = defineProblem({ cell, dataType: "fp32", ...size, steps });
      const { plan, family } = solvePlan(problem, device, familiesFor(device), pins);
      mkdirSync(join(out, name), { recursive: true });
      for (const file of generateFiles(plan, family, { name })) writeFileSync(join(out, name, file.name), file.content);
    }
  }
}
