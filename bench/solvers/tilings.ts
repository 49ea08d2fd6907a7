import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./flatzinc-peer.js";

interface Tiling {
  readonly problem: string;
  readonly status: string;
  readonly agrees: boolean;
  readonly milliseconds: number;
  readonly originalSeconds: number;
}

interface TilingCount {
  readonly problem: string;
  readonly status: string;
  readonly count: number;
  readonly milliseconds: number;
}

const RUNS = 3;
/** The cases whose forward tilings are all counted: 64x12 and 768x1. */
const COUNTED_CASES = [1, 4];

/** FlashRNN's tilings by examples/flashrnn-tiling: the ten solved ones in one process and each in one of its own, and how many there are; the fewest of several runs. */
export function formatTilings(): string {
  const script = join(root, "examples/flashrnn-tiling/run.js");
  const run = <Row = Tiling>(...args: readonly string[]): readonly Row[] =>
    JSON.parse(execFileSync(process.execPath, [script, "--json", ...args], { encoding: "utf8" }));
  const together = Array.from({ length: RUNS }, () => run());
  const counts = COUNTED_CASES.map((number) => {
    const alone = Array.from({ length: RUNS }, () => run<TilingCount>("--all", "--case", String(number))[0]!);
    const { problem, status, count } = alone[0]!;
    const fewest = Math.min(...alone.map(({ milliseconds }) => milliseconds)).toFixed(0);
    return `| ${problem} | ${status === "complete" ? "all" : status} | ${count} | ${fewest} |`;
  });
  const lines = together[0]!.map(({ problem, status, originalSeconds }, i) => {
    const alone = Array.from({ length: RUNS }, () => run("--case", String(i + 1))[0]!);
    const inOne = together.map((rows) => rows[i]!);
    const fewest = (tilings: readonly Tiling[]): string =>
      Math.min(...tilings.map(({ milliseconds }) => milliseconds)).toFixed(1);
    const agrees = [...alone, ...inOne].every((tiling) => tiling.agrees) ? "yes" : "NO";
    return `| ${problem} | ${status} | ${agrees} | ${fewest(alone)} | ${fewest(inOne)} | ${originalSeconds} |`;
  });
  return [
    "## FlashRNN's tilings\n",
    "Forward and backward, first solution in its order or proof that there is none: each the first in a new process, and one after the other.\n",
    "| problem | answer | as listed | ms, new process | ms | original, s |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "\nAll tilings of the forward direction, in a new process:\n",
    "| problem | answer | tilings | ms |",
    "| --- | --- | --- | --- |",
    ...counts,
    "",
  ].join("\n");
}
