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

const RUNS = 3;

/** The ten solved tilings of FlashRNN, by examples/flashrnn-tiling: all in one process, and each in one of its own; the fewest of several runs. */
export function formatTilings(): string {
  const script = join(root, "examples/flashrnn-tiling/run.js");
  const run = (...args: readonly string[]): readonly Tiling[] =>
    JSON.parse(execFileSync(process.execPath, [script, "--json", ...args], { encoding: "utf8" }));
  const together = Array.from({ length: RUNS }, () => run());
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
    "",
  ].join("\n");
}
