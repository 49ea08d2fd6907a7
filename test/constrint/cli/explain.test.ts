import { afterEach, describe, expect, test, vi } from "vitest";
import { constrint, testFolder } from "./run-command.js";

const { write } = testFolder();
const tiles = write(
  "tiles.constrint",
  `WIDTH == [1..64]; TILE == [8, 16];
WIDTH >= 2;
whole: WIDTH % TILE == 0;   # this one
\tWIDTH + TILE <= 90; WIDTH % 2 == 1;
TILE * WIDTH <= 5000
`,
);

afterEach(() => vi.restoreAllMocks());

describe("constrint explain", () => {
  test("shows the lines of a minimal conflicting subset", async () => {
    expect(await constrint("explain", tiles)).toEqual({
      code: 0,
      out: `unsatisfiable: 2 of 5 constraints conflict; without any one of them, the others have a solution
line 3, column 1: whole
  3 | whole: WIDTH % TILE == 0;   # this one
    | ^
line 4, column 22: WIDTH % 2 == 1
  4 | \tWIDTH + TILE <= 90; WIDTH % 2 == 1;
    | \t                    ^
within the domains WIDTH == [1..64]; TILE == [8, 16]
`,
      err: "",
    });
  });

  test("--json has the same for a program", async () => {
    const { code, out } = await constrint("explain", tiles, "--json");
    const { statistics, ...explanation } = JSON.parse(out);
    expect(code).toBe(0);
    expect(explanation).toEqual({
      status: "unsatisfiable",
      constraints: [
        { name: "whole", constraint: "WIDTH % TILE == 0", line: 3, column: 1 },
        { constraint: "WIDTH % 2 == 1", line: 4, column: 22 },
      ],
      minimal: true,
    });
    expect(statistics.checks).toBeGreaterThan(3);
  });

  test("a problem with a solution, and a limit, are exit code 1", async () => {
    const factors = write("factors.constrint", "A * B == 391; A <= B; A > 1");
    expect(await constrint("explain", factors)).toEqual({
      code: 1,
      out: "satisfied: the problem has a solution\n",
      err: "",
    });
    expect(JSON.parse((await constrint("explain", factors, "--json")).out)).toMatchObject({
      status: "satisfied",
      solution: { A: 17, B: 23 },
    });
    const limited = await constrint("explain", tiles, "--time-limit", "0");
    expect([limited.code, limited.out.split(":")[0]]).toEqual([1, "unknown"]);
  });

  test("a subset that a limit kept large is not called minimal", async () => {
    const pigeons = Array.from({ length: 9 }, (_, i) => `P${i}`);
    const different = pigeons.flatMap((p, i) => pigeons.slice(i + 1).map((q) => `${p} != ${q}`));
    const file = write("pigeons.constrint", [...pigeons.map((p) => `${p} == [1..8]`), ...different].join(";\n"));
    const startedAt = performance.now();
    const { out } = await constrint("explain", file, "--time-limit", "30");
    expect(performance.now() - startedAt).toBeLessThan(35_000);
    expect(out).toMatch(/^unsatisfiable: \d+ of 36 constraints conflict; (without|a limit)/);
  });

  test("FlatZinc: the constraints by their names in the model, or as text", async () => {
    const fzn = write(
      "model.fzn",
      `var 1..9: x;
var 1..9: y;
constraint int_le(x, 4) :: mzn_constraint_name("x is small");
constraint int_times(x, y, 35);
constraint int_lin_le([1,-1],[x,y],-1);
constraint int_lt(y, 7);
solve satisfy;
`,
    );
    const { code, out } = await constrint("explain", fzn);
    expect(code).toBe(0);
    expect(out).toContain("2 of 4 constraints conflict");
    expect(out).toContain("line 3, column 12: x is small\n  3 | constraint int_le(x, 4)");
    expect(out).toContain("line 4, column 12: x * y == 35\n");
  });

  test("progress is one line on a terminal, and nothing elsewhere", async () => {
    const isTTY = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 150));
    try {
      Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
      const { err } = await constrint("explain", tiles);
      const [before, ...shown] = err.split("\r\u001b[2K");
      expect([before, shown.pop()]).toEqual(["", ""]); // each text is written over the last, and the last removed
      expect(shown.length).toBeGreaterThan(3);
      for (const text of shown) expect(text).toMatch(/^\d+ subsets checked; the conflict is among \d constraints$/);
    } finally {
      if (isTTY === undefined) Reflect.deleteProperty(process.stderr, "isTTY");
      else Object.defineProperty(process.stderr, "isTTY", isTTY);
    }
    expect((await constrint("explain", tiles)).err).toBe("");
  });

  test("refuses what it cannot read", async () => {
    expect(await constrint("explain")).toMatchObject({ code: 2, err: expect.stringMatching(/expected a FILE/) });
    expect(await constrint("explain", tiles, "--time-limit", "-1")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--time-limit/),
    });
    const wrong = write("wrong.constrint", "A == 1;\nA + == 2");
    expect(await constrint("explain", wrong)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/line 2, column 5: expected an expression/),
    });
  });

  test("--help shows examples and exit codes", async () => {
    const { out } = await constrint("explain", "--help");
    expect(out).toMatch(/Examples:[\s\S]*explain model\.fzn[\s\S]*Exit codes: 0 unsatisfiable/);
  });
});
