import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const command = fileURLToPath(new URL("../../packages/constrint/bin/constrint.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "constrint-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], input = ""): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    input,
    encoding: "utf8",
    cwd: folder,
  });
  return { code: status, out: stdout, err: stderr };
}

describe("constrint solve", () => {
  test("prints the first solution of a file", () => {
    writeFileSync(join(folder, "factors.constrint"), "A * B == 391; # two primes\n1 < A; A <= B\n");
    expect(run(["solve", "factors.constrint"])).toEqual({ code: 0, out: "satisfied\nA = 17, B = 23\n", err: "" });
  });

  test("prints all solutions from standard input", () => {
    const { code, out } = run(["solve", "-", "--all"], "A * B == 6; A <= B");
    expect([code, out]).toEqual([0, "A = 1, B = 6\nA = 2, B = 3\nsatisfied: 2 solutions, all there are\n"]);
  });

  test("--json prints one object", () => {
    const { code, out } = run(["solve", "-", "--all", "--json"], "A * B == 6; A <= B");
    const { statistics, ...answer } = JSON.parse(out) as { statistics: { nodes: number; solutions: number } };
    expect(code).toBe(0);
    expect(answer).toEqual({
      status: "satisfied",
      solutions: [
        { A: 1, B: 6 },
        { A: 2, B: 3 },
      ],
      complete: true,
    });
    expect(statistics.solutions).toBe(2);
    expect(out.trimEnd().includes("\n")).toBe(false);
  });

  test("--order decides which solution comes first", () => {
    const { out } = run(["solve", "-", "--json", "--order", "A:largest,B:smallest"], "B + A + C == 10");
    expect(JSON.parse(out).solutions).toEqual([{ B: 1, A: 8, C: 1 }]);
  });

  test("--minimize and --maximize, and objectives in the file", () => {
    const minimum = JSON.parse(run(["solve", "-", "--json", "--minimize", "A + B"], "A * B >= 50").out);
    expect([minimum.status, minimum.objective]).toEqual(["optimal", 15]); // 7·8 = 56; 14 reaches only 49
    const { out } = run(["solve", "-"], "A + B <= 9; maximize A * B");
    expect(out).toBe("optimal, objective 20\nA = 4, B = 5\n");
  });

  test("--limit bounds the solutions, and is not taken for the end", () => {
    const { code, out } = run(["solve", "-", "--limit", "2"], "A <= 5");
    expect([code, out]).toEqual([0, "A = 1\nA = 2\nsatisfied: 2 solutions\n"]);
    expect(JSON.parse(run(["solve", "-", "--limit", "2", "--json"], "A <= 5").out).complete).toBe(false);
  });

  test("no solution is exit code 1, and a limit is not unsatisfiable", () => {
    expect(run(["solve", "-"], "A == 4; 2 * A <= 7")).toEqual({ code: 1, out: "unsatisfiable\n", err: "" });
    const limited = run(["solve", "-", "--time-limit", "0", "--json"], "A * B == 7");
    expect([limited.code, JSON.parse(limited.out).status]).toEqual([1, "unknown"]);
  });

  const errors: [args: string[], input: string, message: RegExp][] = [
    [
      ["solve", "-"],
      "A == 1;\nA + == B",
      /^constrint: line 2, column 5: expected an expression, found "=="\n {2}2 \| A \+ == B\n {4}\| {5}\^\n$/,
    ],
    [["solve", "missing.constrint"], "", /^constrint: cannot read missing\.constrint: no such file\n$/],
    [["solve", "."], "", /cannot read \.: it is a directory/],
    [["solve"], "", /expected a FILE/],
    [[], "", /expected a command/],
    [["slove", "-"], "A == 1", /slove/],
    [["solve", "-", "--frobnicate"], "A == 1", /frobnicate/],
    [["solve", "-", "--order", "B:largest"], "A == 1", /no variable "B"/],
    [["solve", "-", "--order", "A:middle"], "A == 1", /"A:middle" is neither/],
    [["solve", "-", "--minimize", "A +"], "A == 1", /--minimize: line 1, column 4: expected an expression/],
    [["solve", "-", "--minimize", "B"], "A == 1", /variable of the model, found B/],
    [["solve", "-", "--minimize", "A", "--maximize", "A"], "A == 1", /give one of them/],
    [["solve", "-", "--minimize", "A", "--all"], "A == 1", /one answer/],
    [["solve", "-", "--limit", "-1"], "A == 1", /--limit/],
    [["solve", "-", "--limit", "1.5"], "A == 1", /1\.5 is not an integer/],
    [["solve", "-", "--time-limit", "soon"], "A == 1", /--time-limit/],
  ];
  test.each(errors)("%j is refused with exit code 2 and without a stack trace", (args, input, message) => {
    const { code, out, err } = run(args, input);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/ {4}at /);
    expect([code, out]).toEqual([2, ""]);
  });

  test("--help shows examples and exit codes", () => {
    const { code, out } = run(["solve", "--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:[\s\S]*--minimize[\s\S]*Exit codes: 0 solved/);
  });
});
