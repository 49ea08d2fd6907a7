import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatSeconds } from "./report.js";

/** What a process of growth-case.js prints. */
export interface GrowthCase {
  readonly problem: string;
  readonly size: number;
  readonly answer: string;
  readonly seconds: number;
  readonly nodes: number;
  readonly megabytes: number;
}

const CASES = {
  queens: [50, 100, 200, 400, 700, 1000],
  "tiling-first": [10, 30, 100, 300, 1000],
  "tiling-all": [2, 3, 4, 5],
} as const;

/** Time and memory as problems grow, each case in a process of its own. */
export async function growth(limitSeconds: number, log: (text: string) => void): Promise<readonly GrowthCase[]> {
  const cases: GrowthCase[] = [];
  for (const [problem, sizes] of Object.entries(CASES)) {
    for (const size of sizes) {
      const script = fileURLToPath(new URL("./growth-case.js", import.meta.url));
      const { stdout, stderr, status } = spawnSync(process.execPath, [script, problem, `${size}`, `${limitSeconds}`], {
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`${problem} ${size}: ${stderr}`);
      const result = JSON.parse(stdout) as GrowthCase;
      log(`${problem} ${size}: ${result.answer}, ${formatSeconds(result.seconds)} s, ${result.megabytes} MB`);
      cases.push(result);
    }
  }
  return cases;
}

export function formatGrowth(cases: readonly GrowthCase[]): string {
  const lines = cases.map(
    ({ problem, size, answer, seconds, nodes, megabytes }) =>
      `| ${problem} | ${size} | ${answer} | ${formatSeconds(seconds)} | ${nodes} | ${megabytes} |`,
  );
  return [
    "## Growth\n",
    "Each case in a process of its own, building the model included; memory: the process's most (an idle node has about 45 MB).",
    "queens n: the first solution. tiling: n levels, each a whole multiple of the one below, whose factors multiply to 720720; " +
      "first: the first solution, all: every solution, as many as the formula says.\n",
    "| problem | n | answer | s | nodes | MB |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}
