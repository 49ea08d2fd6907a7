// Rechecks the plans of random problems on random devices by plain arithmetic that shares no code with the constraint model: the same tests as
// npm test runs, many more cases.
//
//   node bench/dist/nightly/recheck-plans.js [PAIRS] [SEED]      default: 5000 pairs, a fresh seed
//
// Runs test/kernelgen/plan/tiling.test.ts with RECHECK_PAIRS; ends with its exit code.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";

const [pairs = "5000", seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
console.log(`${pairs} pairs, FC_SEED=${seed}`);
const { status } = spawnSync("npx", ["vitest", "run", "test/kernelgen/plan/tiling.test.ts", "--no-color"], {
  stdio: "inherit",
  env: { ...process.env, RECHECK_PAIRS: pairs, FC_SEED: seed },
});
process.exitCode = status ?? 1;
