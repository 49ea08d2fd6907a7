import { describe, expect, test } from "vitest";
import { constrint, testFolder } from "./run-command.js";

const { write } = testFolder();
const queens = Array.from({ length: 6 }, (_, i) => `Q${i}`);
const file = write(
  "queens.constrint",
  `${queens.map((q) => `${q} == [1..6]`).join("; ")};
allDifferent(${queens.join(", ")});
allDifferent(${queens.map((q, i) => `${q} + ${i}`).join(", ")});
allDifferent(${queens.map((q, i) => `${q} - ${i}`).join(", ")})`,
);

describe("the search options of constrint solve", () => {
  test.each([
    ["--engine", "depth-first"],
    ["--engine", "learning"],
    ["--choose", "first-fail", "--value", "largest"],
    ["--choose", "dom-wdeg", "--restarts", "luby:2"],
    ["--choose", "activity", "--restarts", "geometric"],
    ["--value", "random", "--seed", "7"],
  ])("%s %s … find all four solutions of 6 queens", async (...options) => {
    const { code, out } = await constrint("solve", file, "--all", "--json", ...options);
    expect(code).toBe(0);
    const { solutions, complete } = JSON.parse(out);
    expect([solutions.length, complete]).toEqual([4, true]); // OEIS A000170
  });

  test("a seed decides a random search, and the limits end one", async () => {
    const firsts = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const options = ["solve", file, "--value", "random", "--seed", String(seed)];
      const { out } = await constrint(...options);
      expect((await constrint(...options)).out).toBe(out);
      firsts.add(out);
    }
    expect(firsts.size).toBeGreaterThan(1);
    for (const limit of ["--node-limit", "--failure-limit", "--time-limit"]) {
      expect(await constrint("solve", file, limit, "0")).toMatchObject({ code: 1, out: "unknown\n" });
    }
  });

  test("a search option that means nothing is refused", async () => {
    const refused = async (...options: string[]): Promise<string> => {
      const { code, out, err } = await constrint("solve", file, ...options);
      expect([code, out]).toEqual([2, ""]);
      return err;
    };
    expect(await refused("--restarts", "often")).toMatch(/--restarts: expected one of luby.*found "often"/);
    expect(await refused("--restarts", "luby:0")).toMatch(/found "luby:0"/);
    expect(await refused("--choose", "best")).toMatch(/choose.*"best"/s);
    expect(await refused("--engine", "fast")).toMatch(/engine.*"fast"/s);
    expect(await refused("--seed", "0.5")).toMatch(/--seed: 0\.5 is not an integer/);
    expect(await refused("--node-limit", "-1")).toMatch(/--node-limit/);
  });
});
