// Prints a list of random problems for `kernelgen generate --problems`: any cell, sizes that mostly divide nothing.
//
//   node bench/dist/correctness/random-problems.js COUNT SEED > problems.json
import fc from "fast-check";
import { cells } from "kernelgen";

const [count, seed] = process.argv.slice(2).map(Number);
if (!Number.isInteger(count) || !Number.isInteger(seed)) throw new Error("usage: random-problems.js COUNT SEED");

const problem = fc.record({
  cell: fc.constantFrom(...cells.keys()),
  headDim: fc.oneof(
    fc.integer({ min: 1, max: 64 }),
    fc.integer({ min: 65, max: 400 }),
    fc.integer({ min: 401, max: 1500 }),
  ),
  heads: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 7 })),
  batch: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 90 })),
});
const problems = fc.sample(fc.noBias(problem), { numRuns: count!, seed: seed! });
console.log(`[\n${problems.map((each) => `  ${JSON.stringify(each)}`).join(",\n")}\n]`);
