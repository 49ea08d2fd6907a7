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

/** The ten solved tilings of FlashRNN, by examples/flashrnn-tiling in processes of their own: the fewest of several runs. */
export function formatTilings(): string {
  const script = join(root, "examples/flashrnn-tiling/run.js");
  const runs = Array.from(
    { length: RUNS },
    () => JSON.parse(execFileSync(process.execPath, [script, "--json"], { encoding: "utf8" })) as Tiling[],
  );
  const lines = runs[0]!.map(({ problem, status, originalSeconds }, i) => {
    const milliseconds = Math.min(...runs.map((run) => run[i]!.milliseconds));
    const agrees = runs.every((run) => run[i]!.agrees) ? "yes" : "NO";
    return `| ${problem} | ${status} | ${agrees} | ${milliseconds.toFixed(1)} | ${originalSeconds} |`;
  });
  return [
    "## FlashRNN's tilings\n",
    "Forward and backward, first solution in its order or proof that there is none; the first row also pays for a cold process.\n",
    "| problem | answer | as listed | ms | original, s |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}
