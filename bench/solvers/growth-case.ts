// One case of growth.ts: node growth-case.js PROBLEM SIZE LIMIT_SECONDS prints its measurement as JSON.
import { readFileSync } from "node:fs";
import { allDifferent, Model, type SolveOptions } from "constrint";
import type { GrowthCase } from "./growth.js";

const [problem, sizeText, limitText] = process.argv.slice(2);
const size = Number(sizeText);
const limits: SolveOptions = { timeLimitSeconds: Number(limitText) };
const startedAt = performance.now();

/** A hierarchy of tiles: factor₁ · factor₂ · … · factorₙ = total, with the tile of every level a variable of its own. */
function tiling(levels: number, total: number): Model {
  const model = new Model();
  let tile = model.int("tile0", 1, 1);
  for (let level = 1; level <= levels; level++) {
    const factor = model.int(`factor${level}`, 1, total);
    const next = model.int(`tile${level}`, level === levels ? total : 1, total);
    model.add(tile.times(factor).eq(next)).add(next.divides(total));
    tile = next;
  }
  return model;
}

/** 720720 = 2⁴·3²·5·7·11·13. */
const TOTAL = 720_720;
const EXPONENTS = [4, 2, 1, 1, 1, 1];

/** In how many ways the exponents are distributed over the levels: ∏ C(e + levels − 1, levels − 1). */
function tilingCount(levels: number): number {
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
  return EXPONENTS.reduce((count, exponent) => count * choose(exponent + levels - 1, exponent), 1);
}

function solve(): { answer: string; nodes: number } {
  switch (problem) {
    case "queens": {
      const model = new Model();
      const queens = Array.from({ length: size }, (_, i) => model.int(`q${i}`, 1, size));
      const consistency = "value"; // what pays for queens, whose other values tell little
      model.add(allDifferent(queens, { consistency }));
      model.add(
        allDifferent(
          queens.map((q, i) => q.plus(i)),
          { consistency },
        ),
      );
      model.add(
        allDifferent(
          queens.map((q, i) => q.minus(i)),
          { consistency },
        ),
      );
      const branching = [{ variables: queens, choose: "first-fail", value: "median" }] as const;
      const { status, statistics } = model.solve({ ...limits, branching });
      return { answer: status, nodes: statistics.nodes };
    }
    case "tiling-first": {
      const { status, statistics } = tiling(size, TOTAL).solve(limits);
      return { answer: status, nodes: statistics.nodes };
    }
    case "tiling-all": {
      const { status, count, statistics } = tiling(size, TOTAL).count(limits);
      const expected = tilingCount(size);
      if (status === "complete" && count !== expected) throw new Error(`${count} tilings, not ${expected}`);
      return { answer: status === "complete" ? `all ${count}` : `${count} within the limit`, nodes: statistics.nodes };
    }
    default:
      throw new Error(`no such problem: ${problem}`);
  }
}

/**
 * The most memory this process has had, in MB. Not `process.resourceUsage().maxRSS`, which on Linux begins with what the process that started this one had.
 */
function peakMegabytes(): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return Math.round(Number(peak) / 1024);
}

const { answer, nodes } = solve();
const result: GrowthCase = {
  problem: problem!,
  size,
  answer,
  seconds: (performance.now() - startedAt) / 1000,
  nodes,
  megabytes: peakMegabytes(),
};
process.stdout.write(JSON.stringify(result));
