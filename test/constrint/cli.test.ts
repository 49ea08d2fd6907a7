import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test, vi } from "vitest";
import { main } from "../../packages/constrint/src/cli.js";

const command = fileURLToPath(new URL("../../packages/constrint/bin/constrint.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "constrint-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Stands for a file with the case's text. */
const FILE = "FILE";

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
    expect(out).toBe("optimal, objective 20\nA = 5, B = 4\n");
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
      ["solve", FILE],
      "A == 1;\nA + == B",
      /^constrint: line 2, column 5: expected an expression, found "=="\n {2}2 \| A \+ == B\n {4}\| {5}\^\n$/,
    ],
    [["solve", "missing.constrint"], "", /^constrint: cannot read missing\.constrint: no such file\n$/],
    [["solve", "."], "", /cannot read \.: it is a directory/],
    [["solve"], "", /expected a FILE/],
    [[], "", /expected a command/],
    [["slove", FILE], "A == 1", /unknown command "slove": did you mean "solve"\?/],
    [["solve", FILE, "--frobnicate"], "A == 1", /unknown option "--frobnicate" \(see constrint solve --help\)/],
    [["solve", FILE, "--minimise", "A"], "A == 1", /unknown option "--minimise": did you mean "--minimize"\?/],
    [["solve", FILE, "--order", "B:largest"], "A == 1", /no variable "B"/],
    [["solve", FILE, "--order", "A:middle"], "A == 1", /"A:middle" is neither/],
    [["solve", FILE, "--minimize", "A +"], "A == 1", /--minimize: line 1, column 4: expected an expression/],
    [["solve", FILE, "--minimize", "B"], "A == 1", /variable of the model, found B/],
    [["solve", FILE, "--minimize", "A", "--maximize", "A"], "A == 1", /give one of them/],
    [["solve", FILE, "--minimize", "A", "--all"], "A == 1", /one answer/],
    [["solve", FILE, "--limit", "-1"], "A == 1", /--limit/],
    [["solve", FILE, "--limit", "1.5"], "A == 1", /1\.5 is not an integer/],
    [["solve", FILE, "--time-limit", "soon"], "A == 1", /--time-limit/],
  ];
  // In this process: a process for each would take most of the time.
  test.each(errors)("%j is refused with exit code 2 and nothing on standard output", async (args, input, message) => {
    const file = join(folder, "refused.constrint");
    writeFileSync(file, input);
    const written = { out: "", err: "" };
    const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written.out += String(text);
      return true;
    });
    const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      written.err += String(text);
      return true;
    });
    const before = process.exitCode;
    try {
      await main(args.map((argument) => (argument === FILE ? file : argument)));
      expect(process.exitCode).toBe(2);
    } finally {
      process.exitCode = before;
      out.mockRestore();
      err.mockRestore();
    }
    expect(written.err).toMatch(message);
    expect(written.out).toBe("");
  });

  test("an error is one message without a stack trace", () => {
    expect(run(["solve", "-"], "A = 1")).toEqual({
      code: 2,
      out: "",
      err: 'constrint: line 1, column 3: expected a name, a number or an operator, found "=" (equality is written "==")\n  1 | A = 1\n    |   ^\n',
    });
  });

  test("--help shows examples and exit codes", () => {
    const { code, out } = run(["solve", "--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:[\s\S]*--minimize[\s\S]*Exit codes: 0 solved/);
  });
});
