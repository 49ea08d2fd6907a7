import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readFlatZinc } from "../../../packages/constrint/src/flatzinc/problem.js";
import { answers, combinations } from "./harness.js";

const read = (name: string): string => readFileSync(new URL(`./fixtures/${name}.fzn`, import.meta.url), "utf8");

/** The integers of an answer. */
const numbersIn = (answer: string): number[] =>
  [...answer.replaceAll(/array\dd\([^[]*/g, "").matchAll(/-?\d+/g)].map(([digits]) => Number(digits));

// The fixtures are what MiniZinc 2.6.4 makes of small models with this solver's library.
describe("whole models have the solutions that trying all values finds", () => {
  test("queens on a board of 6", () => {
    const boards = combinations(Array.from({ length: 6 }, () => [1, 2, 3, 4, 5, 6])).filter((queens) =>
      queens.every((row, i) =>
        queens.every((other, j) => i >= j || (row !== other && Math.abs(row - other) !== j - i)),
      ),
    );
    expect(boards.length).toBe(4);
    expect(answers(read("queens-6")).sort()).toEqual(
      boards.map((queens) => `q = array1d(1..6, [${queens.join(", ")}]);\n`).sort(),
    );
  });

  test("SEND + MORE = MONEY", () => {
    expect(answers(read("send-more-money"))).toEqual([
      "S = 9;\nE = 5;\nN = 6;\nD = 7;\nM = 1;\nO = 0;\nR = 8;\nY = 2;\n",
    ]);
  });

  test("a·b·c·d = 360 with a | b, c | d and a ≤ c", () => {
    const divisors = Array.from({ length: 360 }, (_, i) => i + 1).filter((k) => 360 % k === 0);
    const expected = combinations([divisors, divisors, divisors])
      .map(([a, b, c]) => [a!, b!, c!, 360 / (a! * b! * c!)] as const)
      .filter(([a, b, c, d]) => Number.isInteger(d) && b % a === 0 && d % c === 0 && a <= c);
    expect(expected.length).toBeGreaterThan(10);
    expect(answers(read("factors-360")).map(numbersIn)).toEqual(expected.map((factors) => [...factors]));
  });

  test("the shortest Golomb ruler with 5 marks", () => {
    const { model, goal, format } = readFlatZinc(read("golomb-5"));
    const { status, solution } = model[goal!.sense](goal!.expression);
    const marks = numbersIn(format(solution!));
    const distances = marks.flatMap((a, i) => marks.slice(i + 1).map((b) => b - a));
    expect([status, marks.at(-1), new Set(distances).size]).toEqual(["optimal", 11, 10]);
  });

  test("four jobs on two machines, with reified order, sets, elements and nested search annotations", () => {
    const { model, goal, phases, format } = readFlatZinc(read("two-machines"));
    const { status, solution, objective } = model[goal!.sense](goal!.expression);
    const { makespan, machine, start } = bestSchedule();
    expect([status, objective]).toEqual(["optimal", makespan]);
    const text = format(solution!);
    expect(text).toMatch(
      /^early = (true|false);\nmachine = array1d\(1\.\.4, \[.*\]\);\nstart = array1d\(1\.\.4, \[.*\]\);\n$/,
    );
    const values = numbersIn(text);
    expect(isSchedule(values.slice(0, 4), values.slice(4))).toBe(true);
    expect(isSchedule(machine, start)).toBe(true);
    expect(phases.map((phase) => [phase.variables.length, phase.variableChoice, phase.valueChoice])).toEqual([
      [1, "input_order", "indomain_max"],
      [4, "smallest", "indomain_min"],
    ]);
  });
});

const DURATION = [3, 2, 4, 2];

/** The constraints of the model from which two-machines.fzn was made. */
function isSchedule(machine: readonly number[], start: readonly number[]): boolean {
  for (let i = 0; i < 4; i++) {
    for (let j = i + 1; j < 4; j++) {
      if (machine[i] !== machine[j]) continue;
      if (start[i]! + DURATION[i]! > start[j]! && start[j]! + DURATION[j]! > start[i]!) return false;
    }
  }
  const early = start[2]! < 2;
  if (early && machine[2] !== 2) return false;
  if ((start[0]! % 2 === 1) === (start[1]! % 3 === 0)) return false;
  if (!machine.some((m, j) => m === 1 && start[j] === 0)) return false;
  return machine.reduce((cost, m) => cost + [5, 9][m - 1]!, 0) <= 30;
}

function bestSchedule(): { makespan: number; machine: number[]; start: number[] } {
  let best: { makespan: number; machine: number[]; start: number[] } | undefined;
  const starts = Array.from({ length: 8 }, (_, i) => i); // enough for the best: all jobs one after the other end at 11
  for (const machine of combinations([1, 2, 3, 4].map(() => [1, 2]))) {
    for (const start of combinations([1, 2, 3, 4].map(() => starts))) {
      const makespan = Math.max(...start.map((s, j) => s + DURATION[j]!));
      if (makespan >= (best?.makespan ?? Infinity) || !isSchedule(machine, start)) continue;
      best = { makespan, machine, start };
    }
  }
  return best!;
}
