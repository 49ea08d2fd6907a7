import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../../packages/constrint/src/flatzinc/options.js";

const command = fileURLToPath(new URL("../../../packages/constrint/bin/fzn-constrint.js", import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.fzn`, import.meta.url));

function run(args: readonly string[], input = ""): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { input, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

const pairs = `var 1..3: x :: output_var; var bool: b :: output_var; constraint int_le_reif(x,2,b);
array [1..4] of var int: g :: output_array([0..1,1..2]) = [x,7,x,-1];
solve :: int_search([x],input_order,indomain_max,complete) satisfy;`;

const largest = `var 1..5: x :: output_var; var 1..4: y; constraint int_lin_le([1,2],[x,y],6);
solve :: int_search([x,y],input_order,indomain_min,complete) maximize x;`;

describe("fzn-constrint", () => {
  test("prints the first solution in the FlatZinc output format", () => {
    expect(run(["-"], pairs)).toEqual({
      code: 0,
      out: "x = 3;\nb = false;\ng = array2d(0..1, 1..2, [3, 7, 3, -1]);\n----------\n",
      err: "",
    });
  });

  test("-a prints all solutions and says that these are all; -f ignores the search annotation", () => {
    const values = (out: string): string[] => [...out.matchAll(/^x = (.*);$/gm)].map(([, value]) => value!);
    const all = run(["-a", "-"], pairs).out;
    expect([values(all), all.endsWith("----------\n==========\n")]).toEqual([["3", "2", "1"], true]);
    const free = values(run(["-a", "-f", "-"], pairs).out);
    expect(free).not.toEqual(["3", "2", "1"]);
    expect(free.sort()).toEqual(["1", "2", "3"]);
  });

  test("-n bounds the solutions, which are then not said to be all", () => {
    const { out } = run(["-n", "2", "-"], pairs);
    expect([out.match(/^-{10}$/gm)!.length, out.includes("=====")]).toEqual([2, false]);
    expect(run(["-n", "9", "-"], pairs).out.endsWith("==========\n")).toBe(true);
  });

  test("an optimum is printed and proved; -a and -n print the improvements", () => {
    const improvements = [1, 2, 3, 4].map((x) => `x = ${x};\n----------\n`);
    expect(run(["-"], largest).out).toBe(`${improvements[3]}==========\n`);
    expect(run(["-a", "-"], largest).out).toBe(`${improvements.join("")}==========\n`);
    expect(run(["-n", "2", "-"], largest).out).toBe(improvements.slice(0, 2).join(""));
  });

  test("=====UNSATISFIABLE===== and, where a limit was hit first, =====UNKNOWN=====", () => {
    const none = "var 1..3: x; constraint int_times(x,x,5); solve satisfy;";
    expect(run(["-"], none)).toEqual({ code: 0, out: "=====UNSATISFIABLE=====\n", err: "" });
    expect(run(["-"], "var {}: x; solve satisfy;").out).toBe("=====UNSATISFIABLE=====\n");
    expect(run(["-t", "0", fixture("queens-6")]).out).toBe("=====UNKNOWN=====\n");
    expect(run(["-t", "0", fixture("golomb-5")]).out).toBe("=====UNKNOWN=====\n");
  });

  test("-s prints statistics that MiniZinc reads", () => {
    const { out } = run(["-a", "-s", fixture("golomb-5")]);
    const [, statistics] = out.split("==========\n");
    const lines = statistics!.trimEnd().split("\n");
    expect(lines.at(-1)).toBe("%%%mzn-stat-end");
    const entries = Object.fromEntries(
      lines.slice(0, -1).map((line) => /^%%%mzn-stat: (\w+)=(.+)$/.exec(line)!.slice(1)),
    );
    expect(Number(entries.objective)).toBe(11); // the optimal ruler with 5 marks
    expect(Number(entries.solutions)).toBe(out.match(/^-{10}$/gm)!.length);
    expect(Number(entries.nodes)).toBeGreaterThan(0);
    expect(Number(entries.solveTime)).toBeGreaterThan(0);
  });

  test("-v says on standard error what is done and which search annotation is not followed", () => {
    const { out, err } = run(["-v", "-r", "7", fixture("queens-6")]);
    expect(err).toContain("variables");
    expect(out.endsWith("----------\n")).toBe(true);
    const replaced = run(["-v", "-"], pairs.replace("input_order,indomain_max", "impact,outdomain_min")).err;
    expect(replaced).toContain("impact (activity is used)");
    expect(replaced).toContain("outdomain_min (largest is used)");
  });

  test("--help", () => {
    const { code, out } = run(["--help"]);
    expect(code).toBe(0);
    for (const flag of ["-a", "-n", "-f", "-r", "-s", "-t", "-v"]) expect(out).toContain(` ${flag}, `);
  });

  test("errors are one message on standard error, and exit code 2", () => {
    expect(run(["-"], "var float: x; solve satisfy;")).toEqual({
      code: 2,
      out: "",
      err: "fzn-constrint: line 1, column 5: float variables are not supported: x\n  1 | var float: x; solve satisfy;\n    |     ^\n",
    });
    const missing = run(["no-such-file.fzn"]);
    expect([missing.code, missing.err]).toEqual([2, "fzn-constrint: cannot read no-such-file.fzn: no such file\n"]);
    expect(run(["-q", "-"]).code).toBe(2);
  });
});

describe("options", () => {
  test("flags may be combined and their values follow with or without a blank", () => {
    expect(parseOptions(["-as", "-n3", "-t", "500", "x.fzn"])).toMatchObject({
      file: "x.fzn",
      allSolutions: true,
      statistics: true,
      freeSearch: false,
      solutionLimit: 3,
      timeLimitMilliseconds: 500,
    });
  });

  test.each([
    [[], /expected one FILE/],
    [["a.fzn", "b.fzn"], /expected one FILE, .* found 2/],
    [["-x", "a.fzn"], /Unknown option '-x'/],
    [["--solutions", "a.fzn"], /Unknown option '--solutions'/],
    [["-node", "1", "a.fzn"], /--num-solutions: expected an integer ≥ 1, found "ode"/],
    [["-n", "0", "a.fzn"], /--num-solutions: expected an integer ≥ 1, found "0"/],
    [["-t", "1.5", "a.fzn"], /--time-limit: expected an integer ≥ 0, found "1.5"/],
    [["-r"], /argument missing/],
  ])("%j is refused", (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message);
  });
});
