import { describe, expect, test } from "vitest";
import { constant, evaluate, holds, Model, product, SolverError, sum } from "../../../packages/constrint/src/index.js";
import { enumerate } from "../random-model.js";

const MAX = Number.MAX_SAFE_INTEGER;

describe("exactness to 2^53 − 1", () => {
  test("evaluation finds overflow instead of rounding", () => {
    const m = new Model();
    const x = m.int("x", 0, MAX);
    expect(evaluate(x.plus(1), { x: MAX - 1 })).toBe(MAX);
    expect(() => evaluate(x.plus(1), { x: MAX })).toThrow(SolverError);
    expect(() => evaluate(x.pow(2), { x: 2 ** 27 })).toThrow(/18014398509481984/);
    // The intermediate value is beyond the range, the result is not.
    expect(evaluate(x.times(x).minus(x.times(x)).plus(5), { x: MAX })).toBe(5);
    expect(() => evaluate(x, {})).toThrow(/x/);
    expect(() => evaluate(x, { x: 0.5 })).toThrow(/0.5/);
  });

  test("a check is exact however large the sides are", () => {
    const m = new Model();
    const x = m.int("x", 0, MAX);
    const y = m.int("y", 0, MAX);
    // (2^52)·(2^52) and (2^52 + 1)·(2^52 − 1) differ by one in 2^104, which doubles cannot tell.
    const big = { x: 2 ** 52, y: 2 ** 52 };
    expect(holds(x.plus(1).times(y.minus(1)).eq(x.times(y)), big)).toBe(false);
    expect(holds(x.plus(1).times(y.minus(1)).plus(1).eq(x.times(y)), big)).toBe(true);
    expect(holds(x.times(y).isMultipleOf(x), big)).toBe(true);
    expect(holds(x.times(y).plus(1).isMultipleOf(x), big)).toBe(false);
  });

  test("products beyond the range are compared exactly", () => {
    const m = new Model();
    const a = m.int("a", [2 ** 30, 2 ** 30 + 1]);
    const b = m.int("b", [2 ** 30 - 1, 2 ** 30]);
    m.add(a.times(b).le(a.times(a).minus(a)));
    // a·b ≤ a² − a ⇔ b ≤ a − 1
    expect(enumerate(m).solutions).toEqual([
      { a: 2 ** 30, b: 2 ** 30 - 1 },
      { a: 2 ** 30 + 1, b: 2 ** 30 - 1 },
      { a: 2 ** 30 + 1, b: 2 ** 30 },
    ]);
  });

  test("a product too large for a limit is no solution, one that need only be large is", () => {
    const large = () => {
      const m = new Model();
      return { m, xy: m.int("x", 2 ** 40, 2 ** 40 + 1).times(m.int("y", 2 ** 40, 2 ** 40 + 1)) };
    };
    const bounded = large();
    expect(bounded.m.add(bounded.xy.le(MAX)).solve().status).toBe("unsatisfiable");
    const open = large();
    expect(open.m.add(open.xy.ge(5)).count()).toMatchObject({ status: "complete", count: 4 });
    const negative = large();
    expect(negative.m.add(negative.xy.times(-1).le(-MAX)).count().count).toBe(4);
    const sumOfSuch = large();
    expect(sumOfSuch.m.add(sum([sumOfSuch.xy, product([-1, sumOfSuch.xy]), 3]).eq(3)).count().count).toBe(4);
  });

  test("linear sums beyond the range are exact", () => {
    const m = new Model();
    const x = m.int("x", MAX - 2, MAX);
    const y = m.int("y", MAX - 2, MAX);
    m.add(
      x
        .plus(y)
        .minus(x.times(1))
        .eq(MAX - 1),
    ).add(x.plus(y).ne(MAX - 1));
    expect(enumerate(m).solutions).toEqual([MAX - 2, MAX - 1, MAX].map((value) => ({ x: value, y: MAX - 1 })));
    const n = new Model();
    const u = n.int("u", -MAX, MAX);
    const v = n.int("v", -MAX, MAX);
    n.add(u.plus(v).eq(2 ** 53 - 1)).add(u.minus(v).eq(2 ** 53 - 3));
    expect(enumerate(n).solutions).toEqual([{ u: MAX - 1, v: 1 }]);
  });

  test("an objective beyond the range is an error, not a rounded number", () => {
    const m = new Model();
    const x = m.int("x", 2 ** 40, 2 ** 41);
    expect(() => m.maximize(x.times(x))).toThrow(SolverError);
    expect(m.minimize(x.times(3)).objective).toBe(3 * 2 ** 40);
  });

  test("numbers that are no integers are refused by name", () => {
    const m = new Model();
    expect(() => m.int("x", 0, 2 ** 53)).toThrow(/x.*9007199254740992/);
    expect(() => m.int("y", 0.5, 2)).toThrow(/y.*0\.5/);
    expect(() => m.int("z", [])).toThrow(/z.*empty/);
    expect(() => m.int("w", 3, 2)).toThrow(/w.*3.*2/);
    expect(() => constant(Number.NaN)).toThrow(/NaN/);
    expect(() => m.int("v", 1, 2).pow(-1)).toThrow(/-1/);
  });

  test("zero is never negative", () => {
    const m = new Model();
    const x = m.int("x", -1, 0);
    m.add(x.times(-3).eq(0));
    expect(Object.is(m.solve().solution?.x, 0)).toBe(true);
    expect(Object.is(evaluate(x.times(-3), { x: 0 }), 0)).toBe(true);
  });
});
