import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, type TestContext, test } from "vitest";

const solver = fileURLToPath(new URL("../../../packages/constrint/share/minizinc/constrint.msc", import.meta.url));
const isInstalled = spawnSync("minizinc", ["--version"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "fzn-constrint-"));
afterAll(() => rmSync(folder, { recursive: true }));

function requireMiniZinc(context: TestContext): void {
  if (!isInstalled) context.skip("the command minizinc is not installed (Debian package minizinc)");
}

/** What `minizinc --solver constrint` prints for a model. */
function minizinc(model: string, args: readonly string[], solverFile = solver): string {
  const file = join(folder, "model.mzn");
  writeFileSync(file, model);
  const { stdout, stderr, status } = spawnSync("minizinc", ["--solver", solverFile, ...args, file], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

const solutionCount = (out: string): number => out.match(/^-{10}$/gm)?.length ?? 0;

/** Models and how many solutions they have. */
const COUNTED: readonly (readonly [name: string, model: string, count: number])[] = [
  [
    "queens 7",
    `include "alldifferent.mzn"; int: n = 7; array[1..n] of var 1..n: q;
     constraint alldifferent(q) /\\ alldifferent([q[i] + i | i in 1..n]) /\\ alldifferent([q[i] - i | i in 1..n]);
     solve :: int_search(q, first_fail, indomain_median) satisfy;`,
    40, // OEIS A000170
  ],
  [
    "Langford 7",
    `include "alldifferent.mzn"; int: n = 7; array[1..n] of var 1..2*n: p;
     constraint forall(k in 1..n)(p[k] + k + 1 <= 2*n) /\\ alldifferent([p[k] + (k+1)*s | k in 1..n, s in 0..1]);
     solve satisfy;`,
    52, // twice OEIS A014552: mirrored sequences are distinct
  ],
  [
    "Pythagorean triples to 50",
    `int: n = 50; var 1..n: a; var 1..n: b; var 1..n: c;
     constraint a < b /\\ b < c /\\ a*a + b*b = c*c;
     solve satisfy;`,
    countOfTriples(50),
  ],
  [
    "magic squares of order 3",
    `include "alldifferent.mzn"; array[1..3,1..3] of var 1..9: x;
     constraint alldifferent(array1d(x));
     constraint forall(i in 1..3)(sum(j in 1..3)(x[i,j]) = 15 /\\ sum(j in 1..3)(x[j,i]) = 15);
     constraint sum(i in 1..3)(x[i,i]) = 15 /\\ sum(i in 1..3)(x[i,4-i]) = 15;
     solve satisfy;`,
    8, // one, in its eight orientations
  ],
  [
    "boolean functions, reification, division and elements of arrays",
    `var -5..5: x; var -5..5: y; var bool: b; var 1..3: i; array[1..3] of var 0..1: a;
     constraint b <-> (x div 2 = y /\\ x mod 2 != 0);
     constraint (b xor x > y) /\\ (pow(x, 2) <= 9 \\/ not b);
     constraint a[i] = bool2int(abs(x) = max(y, 2)) /\\ sum(a) = 1 /\\ a[1] + a[2] in {0, 1};
     solve satisfy;`,
    countOfMixedModel(),
  ],
];

/** The solutions of the last model, counted by trying all values. */
function countOfMixedModel(): number {
  let count = 0;
  for (let x = -5; x <= 5; x++) {
    for (let y = -5; y <= 5; y++) {
      const b = Math.trunc(x / 2) === y && x % 2 !== 0;
      if (b === x > y || (b && x * x > 9)) continue;
      const element = Math.abs(x) === Math.max(y, 2) ? 1 : 0;
      // One of three zeros and ones is 1: a[i] = 1 for one position i, a[i] = 0 for the two others.
      for (let one = 1; one <= 3; one++) {
        for (let i = 1; i <= 3; i++) if ((i === one ? 1 : 0) === element) count++;
      }
    }
  }
  return count;
}

function countOfTriples(n: number): number {
  let count = 0;
  for (let a = 1; a <= n; a++)
    for (let b = a + 1; b <= n; b++) if (Number.isInteger(Math.hypot(a, b)) && Math.hypot(a, b) <= n) count++;
  return count;
}

describe("minizinc --solver constrint.msc", () => {
  test.for(COUNTED)("%s: all solutions", ([, model, count], context) => {
    requireMiniZinc(context);
    const out = minizinc(model, ["-a"]);
    expect(solutionCount(out)).toBe(count);
    expect(out.endsWith("----------\n==========\n")).toBe(true);
  });

  test("an optimum, its improvements and the statistics", (context) => {
    requireMiniZinc(context);
    const golomb = `include "alldifferent.mzn"; int: m = 6;
      array[1..m] of var 0..m*m: mark;
      array[1..(m*(m-1)) div 2] of var 1..m*m: d = [mark[j] - mark[i] | i in 1..m, j in i+1..m];
      constraint mark[1] = 0 /\\ forall(i in 1..m-1)(mark[i] < mark[i+1]) /\\ alldifferent(d);
      solve :: int_search(mark, input_order, indomain_min) minimize mark[m];
      output [show(mark[m]) ++ "\\n"];`;
    const out = minizinc(golomb, ["-a", "-s"]);
    const lengths = [...out.matchAll(/^\d+$/gm)].map(([length]) => Number(length));
    expect(lengths.at(-1)).toBe(17); // the optimal ruler with 6 marks
    expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => b - a));
    expect(out).toContain("==========");
    expect(out).toContain("%%%mzn-stat: objective=17");
  });

  test.for([
    `array[2..5] of var 2..5: next; constraint circuit(next);
     array[0..3] of var 2..5: f; array[2..5] of var 0..3: g; constraint inverse(f, g) /\\ f[0] = 3;
     array[1..4] of var 1..2: word; constraint regular(word, 2, 2, [|2,1|1,2|], 1, {2});`,
    `array[1..4] of var 0..3: x; array[2..4] of var 0..5: y; var bool: b;
     constraint lex_less(x, y) /\\ y[2] < 2 /\\ y[3] < 2 /\\ global_cardinality(x, [1,2], [y[2],y[3]]);
     constraint global_cardinality_low_up_closed(x, [0,1,2,3], [0,0,0,1], [2,2,2,2]);
     array[1..3] of var 0..2: bin; constraint bin_packing(5, bin, [2,3,4]);
     constraint bin_packing_capa([4,4], [bin[i] + 1 | i in 1..3], [1,2,3]);
     constraint (b <-> lex_lesseq([y[2],y[4]], [bin[1],bin[2]])) /\\ (b -> alldifferent(bin));`,
    `array[1..4] of var 0..4: s; var 2..3: capacity; constraint cumulative(s, [2,3,1,2], [1,2,1,2], capacity);
     constraint forall(i in 1..4)(s[i] + [2,3,1,2][i] <= 6);
     var bool: t; constraint t <-> table([s[1],s[2]], [|0,0|1,2|2,3|]); constraint table([s[3],s[4]], [|0,1|3,4|2,2|]);`,
    `array[1..3] of var 0..5: s; constraint disjunctive(s, [2,0,3]) /\\ disjunctive_strict(s, [1,0,2]);
     array[1..2] of var 0..2: d; constraint disjunctive([s[1],s[2]], d); var bool: b; constraint b <-> disjunctive(s, [1,1,1]);`,
  ])("native globals have the solutions of MiniZinc's own decompositions", (globals, context) => {
    requireMiniZinc(context);
    const decomposing = join(folder, "decomposing.msc");
    const executable = fileURLToPath(new URL("../../../packages/constrint/bin/fzn-constrint.js", import.meta.url));
    const settings = { id: "test.decomposing", name: "decomposing", version: "1", mznlib: folder, executable };
    writeFileSync(
      decomposing,
      JSON.stringify({ ...settings, supportsFzn: true, stdFlags: ["-a"], needsSolns2Out: true }),
    );
    const model = `include "globals.mzn"; ${globals} solve satisfy;`;
    const solutions = (out: string): string[] => out.split(/^-{10}$/m).map((part) => part.trim());
    const native = solutions(minizinc(model, ["-a"]));
    // The decompositions' own variables may repeat a solution of the model.
    const decomposed = solutions(minizinc(model, ["-a"], decomposing));
    expect(native.length).toBeGreaterThan(10);
    expect([...new Set(native)].sort()).toEqual([...new Set(decomposed)].sort());
  });

  test("a model without solutions", (context) => {
    requireMiniZinc(context);
    expect(minizinc("var 2..9: x; var 2..9: y; constraint x * y = 23; solve satisfy;", [])).toBe(
      "=====UNSATISFIABLE=====\n",
    );
  });

  test("float and set variables are refused by name", (context) => {
    requireMiniZinc(context);
    writeFileSync(join(folder, "float.mzn"), "var 0.0..1.0: x; constraint x * x = 0.5; solve satisfy;");
    const { stdout, stderr } = spawnSync("minizinc", ["--solver", solver, join(folder, "float.mzn")], {
      encoding: "utf8",
    });
    expect(stdout + stderr).toContain("float variables are not supported: x");
  });
});
