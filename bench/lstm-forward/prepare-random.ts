// Writes kernels of random problems and random feasible tilings, to be checked on a GPU: most of them divide nothing.
//
//   node bench/dist/lstm-forward/prepare-random.js OUT COUNT SEED [DEVICE]      default device: h200
//
// Then, on a machine with that GPU:  bash bench/lstm-forward/run.sh OUT
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, type Pins, solveFamily } from "kernelgen";
import { generateFiles } from "kernelgen/node";

const [out, count, seed, deviceId = "h200"] = process.argv.slice(2);
if (out === undefined || count === undefined || seed === undefined) {
  throw new Error("usage: prepare-random.js OUT COUNT SEED [DEVICE]");
}
const device = findDevice(deviceId);

const cases = fc.record({
  options: fc.record({
    cell: fc.constant("lstm"),
    headDim: fc.oneof(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 131, max: 700 })),
    heads: fc.integer({ min: 1, max: 5 }),
    batch: fc.integer({ min: 1, max: 20 }),
    steps: fc.integer({ min: 1, max: 40 }),
    dataType: fc.constantFrom("bf16", "fp32"),
    stateOutput: fc.constantFrom("sequence", "last"),
  }),
  family: fc.constantFrom(...familiesFor(device)),
  pins: fc.record(
    { unitsPerThread: fc.constantFrom(1, 2), warpsAlongInner: fc.integer({ min: 1, max: 8 }) },
    { requiredKeys: [] },
  ),
});

let written = 0;
for (const { options, family, pins } of fc.sample(cases, { numRuns: 20 * Number(count), seed: Number(seed) })) {
  if (written === Number(count)) break;
  const problem = defineProblem(options);
  const { plan } = solveFamily(problem, device, family, pins as Pins);
  if (plan === undefined) continue;
  const { headDim, heads, batch, steps, dataType } = problem;
  const name = `${headDim}x${heads}-b${batch}-t${steps}-${dataType}-${family.name}-${written++}`;
  const directory = join(out, name);
  mkdirSync(directory, { recursive: true });
  for (const file of generateFiles(plan, family)) writeFileSync(join(directory, file.name), file.content);
  console.log(`${name}: ${JSON.stringify(plan.parameters)}`);
}
