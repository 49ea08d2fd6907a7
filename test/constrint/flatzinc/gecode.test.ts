import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const inPackage = (path: string): string =>
  fileURLToPath(new URL(`../../../packages/constrint/${path}`, import.meta.url));
const isInstalled = [["minizinc", "--version"] as const, ["fzn-gecode", "-help"] as const].every(
  ([command, argument]) => spawnSync(command, [argument]).error === undefined,
);
const MISSING = "minizinc and fzn-gecode are not installed (Debian packages minizinc, gecode)";
const folder = mkdtempSync(join(tmpdir(), "gecode-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Counts {
  readonly solutions: number;
  readonly nodes: number;
  readonly failures: number;
}

/** The statistics that a FlatZinc solver prints with -s. */
function countsOf(out: string): Counts {
  const entry = (name: string): number => Number(new RegExp(`%%%mzn-stat: ${name}=(\\d+)`).exec(out)?.[1]);
  return { solutions: entry("solutions"), nodes: entry("nodes"), failures: entry("failures") };
}

const queens = (n: number): string => `include "alldifferent.mzn"; int: n = ${n}; array[1..n] of var 1..n: q;
  constraint alldifferent(q) /\\ alldifferent([q[i] + i | i in 1..n]) /\\ alldifferent([q[i] - i | i in 1..n]);`;

/** Models, the arguments for all or the first solution, and where both propagate equally strongly. */
const MODELS: readonly (readonly [name: string, model: string, ...args: string[]])[] = [
  ["queens 40, first", `${queens(40)} solve :: int_search(q, first_fail, indomain_median) satisfy;`],
  ["queens 8, all", `${queens(8)} solve :: int_search(q, input_order, indomain_min) satisfy;`, "-a"],
  ["queens 8, all, by halves", `${queens(8)} solve :: int_search(q, first_fail, indomain_split) satisfy;`, "-a"],
  ["queens 8, largest first", `${queens(8)} solve :: int_search(q, largest, indomain_max) satisfy;`, "-a"],
  ["queens 8, regret", `${queens(8)} solve :: int_search(q, max_regret, indomain_reverse_split) satisfy;`, "-a"],
  ["queens 7, anti", `${queens(7)} solve :: int_search(q, anti_first_fail, indomain_median) satisfy;`, "-a"],
  [
    "Golomb ruler 6 by disequalities, optimum",
    `int: m = 6; array[1..m] of var 0..m*m: mark;
     array[1..(m*(m-1)) div 2] of var 1..m*m: d = [mark[j] - mark[i] | i in 1..m, j in i+1..m];
     constraint mark[1] = 0 /\\ forall(i in 1..m-1)(mark[i] < mark[i+1]);
     constraint forall(i, j in index_set(d) where i < j)(d[i] != d[j]);
     solve :: int_search(mark, input_order, indomain_min) minimize mark[m];`,
    "-a",
  ],
  [
    "magic squares of order 3, all",
    `include "alldifferent.mzn"; array[1..3,1..3] of var 1..9: x;
     constraint alldifferent(array1d(x));
     constraint forall(i in 1..3)(sum(j in 1..3)(x[i,j]) = 15 /\\ sum(j in 1..3)(x[j,i]) = 15);
     constraint sum(i in 1..3)(x[i,i]) = 15 /\\ sum(i in 1..3)(x[i,4-i]) = 15;
     solve :: int_search(array1d(x), smallest, indomain_min) satisfy;`,
    "-a",
  ],
  [
    "Latin square with holes, domain-consistent, first",
    `include "alldifferent.mzn"; int: n = 9; array[1..n,1..n] of var 1..n: x;
     constraint forall(i in 1..n)(x[i,i] = 1 /\\ x[i, i mod n + 1] = 3);
     constraint forall(i in 1..n)(alldifferent([x[i,j] | j in 1..n]) :: domain_propagation);
     constraint forall(i in 1..n)(alldifferent([x[j,i] | j in 1..n]) :: domain_propagation);
     solve :: int_search(array1d(x), first_fail, indomain_min) satisfy;`,
  ],
];

/** What both count for a model. */
function countsOfBoth(model: string, args: readonly string[]): { ours: Counts; gecode: Counts } {
  const source = join(folder, "model.mzn");
  const flat = join(folder, "model.fzn");
  writeFileSync(source, model);
  const solver = inPackage("share/minizinc/constrint.msc");
  const files = ["--fzn", flat, "--ozn", join(folder, "model.ozn")];
  const flattening = spawnSync("minizinc", ["--solver", solver, "-c", source, ...files], { encoding: "utf8" });
  expect([flattening.status, flattening.stderr]).toEqual([0, ""]);
  const run = (command: string, ...before: string[]): Counts =>
    countsOf(spawnSync(command, [...before, "-s", ...args, flat], { encoding: "utf8" }).stdout);
  const ours = run(process.execPath, inPackage("bin/fzn-constrint.js"));
  // Gecode knows this constraint, under its own name.
  const text = readFileSync(flat, "utf8").replaceAll("fzn_all_different_int", "gecode_all_different_int");
  writeFileSync(flat, text);
  return { ours, gecode: run("fzn-gecode") };
}

describe("the search tree is Gecode's, node by node", () => {
  test.for(MODELS)("%s", ([, model, ...args], context) => {
    if (!isInstalled) context.skip(MISSING);
    const { ours, gecode } = countsOfBoth(model, args);
    expect(gecode.nodes).toBeGreaterThan(10);
    expect(ours.solutions).toBe(gecode.solutions);
    // With an objective, one of the two may see at a node what the other sees at its two children.
    const allowed = model.includes("minimize") ? 2 : 0;
    expect(Math.abs(ours.nodes - gecode.nodes)).toBeLessThanOrEqual(allowed);
    expect(Math.abs(ours.failures - gecode.failures)).toBeLessThanOrEqual(allowed / 2);
  });
});

describe("the search tree is smaller than Gecode's, and has the same solutions", () => {
  test("Golomb ruler 7, optimum: distances between marks are sums of different numbers", (context) => {
    if (!isInstalled) context.skip(MISSING);
    const model = `include "alldifferent.mzn"; int: m = 7; array[1..m] of var 0..m*m: mark;
     array[1..(m*(m-1)) div 2] of var 1..m*m: d = [mark[j] - mark[i] | i in 1..m, j in i+1..m];
     constraint mark[1] = 0 /\\ forall(i in 1..m-1)(mark[i] < mark[i+1]) /\\ alldifferent(d);
     solve :: int_search(mark, input_order, indomain_min) minimize mark[m];`;
    const { ours, gecode } = countsOfBoth(model, ["-a"]);
    expect(ours.solutions).toBe(gecode.solutions);
    expect(ours.nodes).toBeLessThan(0.7 * gecode.nodes);
  });

  test("a·b·c = 720720 with a | b: only what squared divides the product is tried for a", (context) => {
    if (!isInstalled) context.skip(MISSING);
    const model = `var 1..1000: a; var 1..720720: b; var 1..720720: c; var 1..720720: p;
      constraint a * b = p /\\ int_times(p, c, 720720) /\\ b mod a = 0;
      solve :: int_search([a, b, c], input_order, indomain_max) satisfy;`;
    const { ours, gecode } = countsOfBoth(model, ["-a"]);
    expect(ours.solutions).toBe(gecode.solutions);
    expect(ours.nodes).toBeLessThan(0.7 * gecode.nodes);
  });
});
