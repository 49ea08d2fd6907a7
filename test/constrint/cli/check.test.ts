import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { constrint, testFolder } from "./run-command.js";

const command = fileURLToPath(new URL("../../../packages/constrint/bin/constrint.js", import.meta.url));
const { write } = testFolder();
const box = write(
  "box.constrint",
  `# a box
A == [1..9]; B == [1..9]; C == [1..9];
volume: A * B * C == 360;
A <= B; B <= C;
"whole tiles": C % (A - 2) == 0;
A == 3 | C == 9;
minimize A + B + C
`,
);
const solution = (values: string): string => write("solution.txt", values);

describe("constrint check", () => {
  test("says that a solution holds", async () => {
    const holds = { code: 0, out: "holds: 5 constraints, objective 22\n", err: "" };
    expect(await constrint("check", box, solution('{"A": 5, "B": 8, "C": 9}'))).toEqual(holds);
    expect(await constrint("check", box, solution("C = 9\nB = 8\nA = 5"))).toEqual(holds);
  });

  test("shows each violated constraint with its line and the numbers on both sides", async () => {
    const { code, out } = await constrint("check", box, solution("A = 5; B = 4; C = 10;"));
    expect(code).toBe(1);
    expect(out).toBe(`violated: 1 value outside the domain, 4 of 5 constraints
variable C: 10 is not in C == [1..9]
line 3, column 1: volume
  3 | volume: A * B * C == 360;
    | ^
  values: 200 == 360
line 4, column 1: A <= B
  4 | A <= B; B <= C;
    | ^
  values: 5 <= 4
line 5, column 1: whole tiles
  5 | "whole tiles": C % (A - 2) == 0;
    | ^
  values: 10 % 3 == 0 (it is 1)
line 6, column 1: A == 3 | C == 9
  6 | A == 3 | C == 9;
    | ^
  values: 5 == 3 | 10 == 9
`);
  });

  test("--json has the same for a program", async () => {
    const { code, out } = await constrint("check", box, solution('{"A": 5, "B": 4, "C": 10}'), "--json");
    expect(code).toBe(1);
    const report = JSON.parse(out);
    expect(report.status).toBe("violated");
    const [only] = report.solutions;
    expect(only.outside).toEqual([{ variable: "C", value: 10, domain: { min: 1, max: 9 } }]);
    expect(only.violations.slice(0, 3)).toEqual([
      {
        name: "volume",
        constraint: "A * B * C == 360",
        line: 3,
        column: 1,
        values: "200 == 360",
        sides: { left: 200, right: 360 },
      },
      { constraint: "A <= B", line: 4, column: 1, values: "5 <= 4", sides: { left: 5, right: 4 } },
      {
        name: "whole tiles",
        constraint: "C % A - 2 == 0",
        line: 5,
        column: 1,
        values: "10 % 3 == 0 (it is 1)",
        sides: { left: 10, right: 3 },
      },
    ]);
    expect(only.objective).toBe(19);
  });

  test("values beyond the exact range, divisors that are 0, and global constraints", async () => {
    const file = write(
      "odd.constrint",
      "A == [0..9007199254740991]; B == [0..9]; A * A == 1; 7 // B == 2; allDifferent(B, 2 * B, A); A == 1 => B == 2",
    );
    const { out } = await constrint("check", file, solution("A = 9007199254740991\nB = 0"));
    expect(out.match(/values: .*/g)).toEqual([
      "values: 81129638414606663681390495662081 == 1",
      "values: undefined (a divisor is 0) == 2",
      "values: allDifferent(0, 0, 9007199254740991)",
    ]);
    const json = JSON.parse((await constrint("check", file, solution("A = 9007199254740991, B = 0"), "--json")).out);
    expect(json.solutions[0].violations[0].sides).toEqual({ left: "81129638414606663681390495662081", right: 1 });
  });

  test("takes every output of constrint solve", async () => {
    const file = write("factors.constrint", "A * B == 36; A <= B; odd: A % 2 == 1");
    for (const options of [[], ["--all"], ["--json"], ["--all", "--json"], ["--maximize", "A"], ["--limit", "1"]]) {
      const { out } = await constrint("solve", file, ...options);
      const { code, out: verdict } = await constrint("check", file, solution(out));
      expect([code, verdict]).toEqual([0, expect.not.stringContaining("violated")]);
      expect(verdict.match(/holds/g)!.length).toBe(options.includes("--all") ? 2 : 1); // 1·36 and 3·12
    }
  });

  test("takes the output of FlatZinc, truth values included", async () => {
    const fzn = write(
      "small.fzn",
      `var 1..9: x :: output_var;
var bool: b :: output_var;
constraint int_le_reif(x, 3, b) :: mzn_constraint_name("is small");
constraint int_times(x, x, 49);
solve satisfy;
`,
    );
    expect(await constrint("check", fzn, solution("x = 7;\nb = false;\n----------\n==========\n"))).toMatchObject({
      code: 0,
    });
    const { code, out } = await constrint("check", fzn, solution("x = 7;\nb = true;\n----------\nx = 3;\nb = true;\n"));
    expect(code).toBe(1);
    expect(out).toContain("solution 1: violated: 1 of 2 constraints\nline 3, column 12: is small\n");
    expect(out).toContain("solution 2: violated: 1 of 2 constraints\nline 4, column 12: x * x == 49\n");
    expect(out).toContain("  values: 9 == 49\n");
  });

  test("reads the problem or the solution from standard input", () => {
    const pipe = (args: readonly string[], input: string) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { input, encoding: "utf8" });
      return { status, stdout, stderr };
    };
    const file = write("factors.constrint", "A * B == 35");
    expect(pipe(["check", file, "-"], "satisfied\nA = 5, B = 7\n")).toEqual({
      status: 0,
      stdout: "holds: 1 constraint\n",
      stderr: "",
    });
    expect(pipe(["check", "-", solution("A = 5, B = 8")], "A * B == 35").status).toBe(1);
  });

  const errors: readonly (readonly [solution: string, message: RegExp])[] = [
    ['{"A": 5, "B": 8}', /no value for C\n/],
    ['{"A": 5, "B": 8, "D": 9, "E": 1}', /no value for C; the problem has no variable D, E\n/],
    ['{"A": 5.5, "B": 8, "C": 9}', /variable A: the value 5\.5 is not an integer/],
    ['{"A": "5", "B": 8, "C": 9}', /variable A: the value "5" is not an integer/],
    ['{"A": 5, "B": 8, "C": }', /solution\.txt: .*JSON/],
    ["[1, 2]", /expected an object of values by name, found 1/],
    ['{"status": "unsatisfiable", "solutions": []}', /expected a solution, found none/],
    ["unsatisfiable\n", /line 1: expected NAME = value, found "unsatisfiable"/],
    ["", /expected a solution, found none/],
    ["A = 1; A = 2; B = 1; C = 1", /variable A: has two values, 1 and 2/],
    ["A = 1\nB : 2", /line 2: expected NAME = value, found "B : 2"/],
    ["A = 9007199254740992", /not an integer/],
  ];
  test.each(errors)("refuses the solution %j", async (text, message) => {
    const { code, out, err } = await constrint("check", box, solution(text));
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
  });

  test("refuses missing arguments and standard input twice", async () => {
    expect(await constrint("check", box)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected FILE SOLUTION/),
    });
    expect(await constrint("check", "-", "-")).toMatchObject({ code: 2, err: expect.stringMatching(/not both/) });
    expect(await constrint("check", box, "missing.json")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no such file/),
    });
  });

  test("--help shows examples and exit codes", async () => {
    const { out } = await constrint("check", "--help");
    expect(out).toMatch(/Examples:[\s\S]*solve box\.constrint --all \|[\s\S]*Exit codes: 0 the solution holds/);
  });
});
