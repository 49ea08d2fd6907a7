// The original ConstrINT (Python) answers these wrongly, or not at all. Each entry is one of its known defects.
import { describe, expect, test } from "vitest";
import { Model, parseProgram } from "../../../packages/constrint/src/index.js";
import { asSortedText, enumerate } from "../random-model.js";

describe("defects of the original ConstrINT", () => {
  test("twenty solutions of a system that has 104 are twenty different ones, and 104 are found", () => {
    // x·y ≤ 32 over 1 … 20: Σ min(20, ⌊32/x⌋) by hand count below.
    const build = (): Model => {
      const m = new Model();
      const x = m.int("x", 1, 20);
      m.add(x.times(m.int("y", 1, 20)).le(32));
      return m;
    };
    const expected = Array.from({ length: 20 }, (_, i) => Math.min(20, Math.floor(32 / (i + 1)))).reduce(
      (a, b) => a + b,
    );
    const twenty = enumerate(build(), { limit: 20 });
    expect(twenty.status).toBe("limit");
    expect(new Set(asSortedText(twenty.solutions)).size).toBe(20);
    const all = enumerate(build());
    expect(all.status).toBe("complete");
    expect(new Set(asSortedText(all.solutions)).size).toBe(expected);
    expect(all.solutions.length).toBe(expected);
  });

  test("bounds of a product are divided with the right rounding", () => {
    expect(parseProgram("A == [4]; 2 * A <= 7").model.solve().status).toBe("unsatisfiable");
    expect(parseProgram("A == [3]; 2 * A <= 7").model.solve().solution).toEqual({ A: 3 });
  });

  test("a constant dividend is enforced", () => {
    expect(parseProgram("10 % B == 0; B == [3, 4]").model.solve().status).toBe("unsatisfiable");
    expect(parseProgram("10 % B == 0; B == [3, 4, 5]").model.solve().solution).toEqual({ B: 5 });
  });

  test("a product's divisors are decided at once", () => {
    const { model } = parseProgram("A == [10, 20]; C == [1, 2]; C * A % B == 0; B == [3, 7]");
    const { status, statistics } = model.solve();
    expect(status).toBe("unsatisfiable");
    expect(statistics.nodes).toBeLessThan(10);
  });

  test("91 is no prime", () => {
    const { model } = parseProgram("A * B == 91; A <= B");
    expect(enumerate(model).solutions).toEqual([
      { A: 1, B: 91 },
      { A: 7, B: 13 },
    ]);
  });

  test("brackets are real", () => {
    expect(parseProgram("C == 2 * (A + B); A == 3; B == 4").model.solve().solution).toEqual({ C: 14, A: 3, B: 4 });
    expect(parseProgram("C == 2 * A + B; A == 3; B == 4").model.solve().solution).toEqual({ C: 10, A: 3, B: 4 });
  });

  test("every variable of a solution is determined, mentioned in the order or not", () => {
    const { model } = parseProgram("A + B <= 3; C == [5, 6] | A == 7");
    for (const solution of model.solutions({ limit: 50 })) {
      expect(Object.keys(solution)).toEqual(["A", "B", "C"]);
      expect(Object.values(solution).every(Number.isSafeInteger)).toBe(true);
    }
  });

  test("syntax errors are thrown, not returned", () => {
    expect(() => parseProgram("A == ")).toThrow();
    expect(() => parseProgram("A B")).toThrow();
  });
});
