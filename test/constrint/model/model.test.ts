import { describe, expect, test } from "vitest";
import {
  allDifferent,
  and,
  evaluate,
  type IntVar,
  iff,
  largest,
  Model,
  max,
  min,
  or,
  SolverError,
  smallest,
  sum,
} from "../../../packages/constrint/src/index.js";
import { enumerate } from "../random-model.js";

describe("what a model is made of", () => {
  test("bool is 0 or 1, and counts conditions", () => {
    const m = new Model();
    const [x, y] = [m.int("x", 0, 3), m.int("y", 0, 3)];
    const [isLarge, isEqual] = [m.bool("large"), m.bool("equal")];
    m.add(iff(isLarge.eq(1), x.ge(2)))
      .add(iff(isEqual.eq(1), x.eq(y)))
      .add(sum([isLarge, isEqual]).eq(1));
    const found = [...m.solutions()].map(({ x, y }) => `${x}${y}`);
    expect(found.toSorted()).toEqual(["00", "11", "20", "21", "23", "30", "31", "32"]);
  });

  test.each([
    ["sum(x, y)", (x: IntVar, y: IntVar) => sum(...([x, y] as unknown as [IntVar[]]))],
    ["allDifferent(x, y)", (x: IntVar, y: IntVar) => allDifferent(...([x, y] as unknown as [IntVar[]]))],
    ["int(name)", () => new Model().int(...(["z"] as unknown as [string, number[]]))],
  ])("%s is refused with a code", (_, make) => {
    const m = new Model();
    let thrown: unknown;
    try {
      make(m.int("x", 0, 1), m.int("y", 0, 1));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SolverError);
    expect((thrown as SolverError).message).toMatch(/not an array|neither two bounds nor a list/);
  });
});

describe("limits are told apart from unsatisfiable", () => {
  // Pigeons: one more variable than values, all different. Propagation alone does not see it.
  const pigeons = (count: number): Model => {
    const m = new Model();
    const holes = Array.from({ length: count }, (_, i) => m.int(`p${i}`, 1, count - 1));
    holes.forEach((x, i) => {
      for (const y of holes.slice(0, i)) m.add(x.ne(y));
    });
    return m;
  };

  test("nodes, failures, time and signal", () => {
    const m = pigeons(9);
    expect(m.solve({ nodeLimit: 50 }).status).toBe("unknown");
    expect(m.solve({ nodeLimit: 50 }).statistics.nodes).toBe(50);
    expect(m.solve({ failureLimit: 20 }).status).toBe("unknown");
    expect(m.solve({ timeLimitSeconds: 0 }).status).toBe("unknown");
    expect(m.solve({ signal: AbortSignal.abort() }).status).toBe("unknown");
    expect(m.count({ nodeLimit: 50 }).status).toBe("limit");
    expect(m.minimize(0, { nodeLimit: 50 }).status).toBe("unknown");
    expect(pigeons(6).solve().status).toBe("unsatisfiable");
    expect(pigeons(6).minimize(0).status).toBe("unsatisfiable");
  });

  test("a time limit ends a single long propagation", () => {
    const m = new Model();
    const x = m.int("x", 0, 2 ** 50);
    const y = m.int("y", 0, 2 ** 50);
    m.add(x.lt(y)).add(y.lt(x));
    const { status, statistics } = m.solve({ timeLimitSeconds: 0.05 });
    expect(status).toBe("unknown");
    expect(statistics.seconds).toBeLessThan(5);
  });

  test("a limit ends the translation of a large model", () => {
    const m = pigeons(200);
    const whole = m.solve({ nodeLimit: 1 }).statistics.translationSeconds!;
    const { status, statistics } = m.solve({ signal: AbortSignal.abort() });
    expect(status).toBe("unknown");
    expect(statistics.translationSeconds!).toBeLessThan(whole / 2);
  });

  test("an incumbent at a limit is satisfied, not optimal", () => {
    const m = new Model();
    const x = Array.from({ length: 8 }, (_, i) => m.int(`x${i}`, 0, 9));
    m.add(sum(x).ge(10));
    const result = m.minimize(sum(x.map((xi, i) => xi.times(xi).times(i + 1))), { nodeLimit: 30 });
    expect(result.status).toBe("satisfied");
    expect(result.solution).toBeDefined();
    expect(m.minimize(sum(x)).status).toBe("optimal");
  });

  test("limits that are no limits are refused", () => {
    const m = new Model();
    expect(() => m.solve({ nodeLimit: -1 })).toThrow(/nodeLimit: -1/);
    expect(() => m.solve({ timeLimitSeconds: Number.NaN })).toThrow(SolverError);
    expect(() => m.count({ limit: -3 })).toThrow(/limit: -3/);
  });
});

describe("the model", () => {
  test("is not changed by solving, and can be extended", () => {
    const m = new Model();
    const x = m.int("x", 1, 10);
    expect(m.count().count).toBe(10);
    expect(m.count().count).toBe(10);
    m.add(x.isMultipleOf(3), "threes");
    expect(enumerate(m).solutions.map(({ x: value }) => value)).toEqual([3, 6, 9]);
    expect(m.constraints[0]?.name).toBe("threes");
  });

  test("without variables or constraints", () => {
    expect(new Model().solve()).toMatchObject({ status: "satisfied", solution: {} });
    expect(new Model().add(or()).solve().status).toBe("unsatisfiable");
    expect(new Model().add(and()).count().count).toBe(1);
  });

  test("solutions are frozen plain records in the order of declaration", () => {
    const m = new Model();
    m.int("b", 2, 2);
    m.int("a", 1, 1);
    const { solution } = m.solve({ order: [largest(m.variable("a")!), smallest(m.variable("b")!)] });
    expect(Object.keys(solution!)).toEqual(["b", "a"]);
    expect(Object.isFrozen(solution)).toBe(true);
  });

  test("expressions and constraints are frozen and told apart by kind", () => {
    const m = new Model();
    const x = m.int("x", 1, 5);
    const nodes = [
      x,
      x.plus(1),
      x.times(2),
      x.pow(2),
      max([x, 3]),
      min([x, 3]),
      x.le(3),
      x.divides(6),
      or(x.eq(1)),
      and(),
    ];
    expect(nodes.map(({ kind }) => kind)).toEqual([
      "variable",
      "sum",
      "product",
      "power",
      "max",
      "min",
      "comparison",
      "divides",
      "or",
      "and",
    ]);
    expect(nodes.every(Object.isFrozen)).toBe(true);
  });

  test("names are checked", () => {
    const m = new Model();
    m.int("x", 1, 2);
    expect(() => m.int("x", 1, 2)).toThrow(/x: exists already/);
    expect(() => m.int("", 1, 2)).toThrow(SolverError);
    const stranger = new Model().int("x", 1, 2);
    expect(() => m.add(stranger.le(1))).toThrow(/x: does not belong/);
    expect(() => m.minimize(stranger)).toThrow(/x: does not belong/);
    expect(() => m.solve({ order: [largest(stranger)] })).toThrow(/x: does not belong/);
    expect(() => m.solve({ order: [largest(m.variable("x")!), smallest(m.variable("x")!)] })).toThrow(/twice/);
  });

  test("a variable may have any name", () => {
    const m = new Model();
    m.int("__proto__", 3, 3);
    m.int("constructor", 4, 4);
    const { solution } = m.solve();
    expect(Object.entries(solution!)).toEqual([
      ["__proto__", 3],
      ["constructor", 4],
    ]);
    expect(evaluate(m.variable("__proto__")!, solution!)).toBe(3);
  });

  test("equal subexpressions are solved once: the tree stays that of the plain unknowns", () => {
    const m = new Model();
    const x = m.int("x", 1, 30);
    const y = m.int("y", 1, 30);
    m.add(x.times(y).eq(360)).add(y.times(x).plus(x).ge(375)).add(x.times(y).times(2).le(720));
    expect(enumerate(m).solutions).toEqual([15, 18, 20, 24, 30].map((value) => ({ x: value, y: 360 / value })));
  });

  test("what is no constraint, operand or order is named", () => {
    const m = new Model();
    const x = m.int("x", 1, 3);
    const misuse: readonly (readonly [() => unknown, string])[] = [
      [() => m.add(x as never), "constraint (the variable x): not made by eq, le, divides, and, or, …"],
      [() => m.add(x.plus(1) as never), "constraint (of kind sum): not made by eq, le, divides, and, or, …"],
      [() => x.plus("1" as never), 'operand "1": neither an integer nor an expression'],
      [() => m.solve({ order: [x as never] }), "order: (the variable x) is not made by smallest or largest"],
    ];
    for (const [use, message] of misuse) expect(use).toThrow(expect.objectContaining({ name: "SolverError", message }));
  });
});
