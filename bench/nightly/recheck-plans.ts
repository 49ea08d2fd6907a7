// Rechecks the plans of random problems on random devices by plain arithmetic that shares no code with the constraint model, and for small
// ones finds the best tiling by trying all: the same tests as npm test runs, many more cases.
//
//   node bench/dist/nightly/recheck-plans.js OUT.jsonl [PAIRS [SEED]]      default: 5000 pairs, a fresh seed
//
// PAIRS are split into shards of 500 pairs of a device and a problem; every fourth also runs test/kernelgen/plan/optimum.test.ts. Each shard
// adds a line to OUT.jsonl as it is done, and a run that was stopped goes on where it was, with the seed of the file. Ends with 1 if a shard
// found a wrong plan: its line has the tests' output, with the counterexample and the seed that gives it again.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Shard {
  readonly shard: number;
  readonly seed: number;
  readonly pairs: number;
  readonly commit: string;
  readonly seconds: number;
  readonly right: boolean;
  /** Plans that were rechecked, by pass, family and type. */
  readonly plans: Readonly<Record<string, number>>;
  /** Where something is wrong: what the tests said. */
  readonly output?: string;
}

const shardPairs = 500;
/** Problems of each family, of which all tilings are tried. */
const trialRuns = 30;
const [out, pairs = "5000", givenSeed] = process.argv.slice(2);
if (out === undefined || !(Number(pairs) > 0)) throw new Error("usage: recheck-plans.js OUT.jsonl [PAIRS [SEED]]");
const done: Shard[] = existsSync(out)
  ? readFileSync(out, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Shard)
  : [];
const firstSeed = done.length > 0 ? done[0]!.seed - done[0]!.shard : Number(givenSeed ?? randomInt(2 ** 31));
const shardCount = Math.ceil(Number(pairs) / shardPairs);
const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout.trim();
/** Trying all tilings takes longer than solving: some shards do it. */
const testsOf = (shard: number): readonly string[] =>
  ["tiling", ...(shard % 4 === 0 ? ["optimum"] : [])].map((name) => `test/kernelgen/plan/${name}.test.ts`);

const directory = mkdtempSync(join(tmpdir(), "recheck-"));
try {
  for (let shard = 0; shard < shardCount; shard++) {
    if (done.some((one) => one.shard === shard)) continue;
    const seed = firstSeed + shard;
    const report = join(directory, "plans.json");
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync(
      "npx",
      ["vitest", "run", ...testsOf(shard), "--no-color", "--maxWorkers=1"],
      {
        encoding: "utf8",
        env: {
          ...process.env,
          RECHECK_PAIRS: String(shardPairs),
          RECHECK_REPORT: report,
          TRIAL_RUNS: String(trialRuns),
          FC_SEED: String(seed),
        },
      },
    );
    // Stopped from outside: the shard is for another run.
    if (status === null) process.exit(1);
    const right = status === 0;
    const line: Shard = {
      shard,
      seed,
      pairs: shardPairs,
      commit,
      seconds: Math.round((performance.now() - start) / 1000),
      right,
      plans: existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {},
      ...(!right && { output: stdout + stderr }),
    };
    rmSync(report, { force: true });
    done.push(line);
    appendFileSync(out, `${JSON.stringify(line)}\n`);
    const wrong = done.filter((one) => !one.right).length;
    console.error(`${done.length}/${shardCount} shards, ${wrong} with a wrong plan; the last took ${line.seconds} s`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
const total: Record<string, number> = {};
for (const { plans } of done)
  for (const [what, count] of Object.entries(plans)) total[what] = (total[what] ?? 0) + count;
console.log(
  `${done.length * shardPairs} pairs, seeds from ${firstSeed}; shards with a wrong plan: ${done.filter(({ right }) => !right).length}`,
);
for (const what of Object.keys(total).sort()) console.log(`  ${what}: ${total[what]}`);
process.exitCode = done.every(({ right }) => right) ? 0 : 1;
