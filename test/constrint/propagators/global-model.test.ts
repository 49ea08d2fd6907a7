import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AllDifferentConsistency,
  allDifferent,
  binPacking,
  circuit,
  constant,
  cumulative,
  element,
  globalCardinality,
  holds,
  inverse,
  lexLess,
  lexLessEqual,
  Model,
  max,
  not,
  regular,
  table,
} from "../../../packages/constrint/src/index.js";
import { buildExpression } from "../random-model.js";
import { forAllModels, operand } from "./global-harness.js";

describe("global constraints in models against brute force", () => {
  test("allDifferent", () => {
    forAllModels(
      fc.tuple(
        fc.array(operand, { maxLength: 4 }),
        fc.constantFrom<AllDifferentConsistency>("value", "bounds", "domain"),
      ),
      ([operands, consistency], variables) =>
        allDifferent(
          operands.map((recipe) => buildExpression(recipe, variables)),
          { consistency },
        ),
    );
  });

  test("element", () => {
    const numbers = fc.array(
      fc.integer({ min: -4, max: 7 }).map((value) => ({ op: "constant" as const, value })),
      { minLength: 1, maxLength: 5 },
    );
    const entries = fc.array(operand, { minLength: 1, maxLength: 4 });
    forAllModels(fc.tuple(fc.oneof(numbers, entries), operand, operand), ([array, index, result], variables) =>
      element(
        array.map((recipe) => buildExpression(recipe, variables)),
        buildExpression(index, variables),
        buildExpression(result, variables),
      ),
    );
  });

  test("table", () => {
    const recipe = fc.nat(3).chain((width) =>
      fc.tuple(
        fc.array(operand, { minLength: width, maxLength: width }),
        fc.array(fc.array(fc.integer({ min: -3, max: 6 }), { minLength: width, maxLength: width }), {
          maxLength: 40,
        }),
      ),
    );
    forAllModels(recipe, ([operands, rows], variables) =>
      table(
        operands.map((part) => buildExpression(part, variables)),
        rows,
      ),
    );
  });

  test("inverse", () => {
    const recipe = fc.nat(3).chain((width) => {
      const side = fc.array(operand, { minLength: width, maxLength: width });
      return fc.tuple(side, side);
    });
    forAllModels(recipe, (sides, variables) => {
      const [forward, backward] = sides.map((side) => side.map((part) => buildExpression(part, variables)));
      return inverse(forward!, backward!);
    });
  });

  test("circuit", () => {
    forAllModels(fc.array(operand, { maxLength: 4 }), (successors, variables) =>
      circuit(successors.map((recipe) => buildExpression(recipe, variables))),
    );
  });

  test("regular", () => {
    const state = fc.nat(2);
    const automaton = fc.record({
      stateCount: fc.constant(3),
      initial: state,
      accepting: fc.uniqueArray(state),
      transitions: fc.uniqueArray(fc.tuple(state, fc.integer({ min: -3, max: 6 }), state), {
        maxLength: 20,
        selector: ([from, value]) => 100 * from + value,
      }),
    });
    forAllModels(fc.tuple(fc.array(operand, { maxLength: 4 }), automaton), ([operands, dfa], variables) =>
      regular(
        operands.map((recipe) => buildExpression(recipe, variables)),
        dfa,
      ),
    );
  });

  test("globalCardinality", () => {
    const recipe = fc.record({
      items: fc.array(operand, { maxLength: 4 }),
      counted: fc.uniqueArray(fc.tuple(fc.integer({ min: -3, max: 5 }), operand), {
        maxLength: 3,
        selector: ([v]) => v,
      }),
      closed: fc.boolean(),
    });
    forAllModels(recipe, ({ items, counted, closed }, variables) =>
      globalCardinality(
        items.map((part) => buildExpression(part, variables)),
        counted.map(([value]) => value),
        counted.map(([, count]) => buildExpression(count, variables)),
        { closed },
      ),
    );
  });

  test("lexLess and lexLessEqual", () => {
    const recipe = fc.tuple(fc.array(fc.tuple(operand, operand), { maxLength: 4 }), fc.boolean());
    forAllModels(recipe, ([places, strict], variables) => {
      const left = places.map(([x]) => buildExpression(x, variables));
      const right = places.map(([, y]) => buildExpression(y, variables));
      return strict ? lexLess(left, right) : lexLessEqual(left, right);
    });
  });

  test("binPacking", () => {
    const recipe = fc.tuple(
      fc.array(fc.tuple(operand, fc.nat(4)), { maxLength: 4 }),
      fc.array(operand, { maxLength: 3 }),
    );
    forAllModels(recipe, ([items, loads], variables) =>
      binPacking(
        items.map(([bin]) => buildExpression(bin, variables)),
        items.map(([, size]) => size),
        loads.map((part) => buildExpression(part, variables)),
      ),
    );
  });

  test("cumulative", () => {
    const amount = fc.oneof(
      fc.integer({ min: 0, max: 4 }).map((value) => ({ op: "constant" as const, value })),
      operand,
    );
    const recipe = fc.tuple(
      fc.array(fc.record({ start: operand, duration: amount, demand: amount }), { maxLength: 4 }),
      amount,
    );
    forAllModels(recipe, ([tasks, capacity], variables) =>
      cumulative(
        tasks.map(({ start, duration, demand }) => ({
          start: buildExpression(start, variables),
          duration: buildExpression(duration, variables),
          demand: buildExpression(demand, variables),
        })),
        buildExpression(capacity, variables),
      ),
    );
  });
});

describe("element", () => {
  test("refuses an empty array", () => {
    expect(() => element([], 0, 0)).toThrow(/empty/);
  });
});

describe("allDifferent", () => {
  test("refuses an unknown consistency", () => {
    expect(() => allDifferent([], { consistency: "strong" as AllDifferentConsistency })).toThrow(/strong/);
  });

  test.each(["value", "bounds", "domain"] as const)("%s: counts the ways to place 7 queens", (consistency) => {
    const model = new Model();
    const columns = Array.from({ length: 7 }, (_, i) => model.int(`q${i}`, 0, 6));
    for (const slope of [-1, 0, 1]) {
      model.add(
        allDifferent(
          columns.map((column, i) => column.plus(slope * i)),
          { consistency },
        ),
      );
    }
    expect(model.count().count).toBe(40);
  });

  test("pigeons and holes are refuted without search", () => {
    const model = new Model();
    model.add(allDifferent(Array.from({ length: 12 }, (_, i) => model.int(`p${i}`, 1, 11))));
    const result = model.solve();
    expect([result.status, result.statistics.nodes]).toEqual(["unsatisfiable", 1]);
  });
});

describe("table", () => {
  test("refuses rows of another length, and what is no integer", () => {
    expect(() => table([1, 2], [[1, 2], [3]])).toThrow("table: row 1 has 1 numbers for 2 operands");
    expect(() => table([1], [[0.5]])).toThrow(/0\.5 in row 0/);
  });
});

describe("inverse", () => {
  test("refuses arrays of different lengths", () => {
    expect(() => inverse([0], [0, 1])).toThrow("inverse: 1 operands one way, 2 the other");
  });

  test("of itself: the involutions of 5 indices", () => {
    const model = new Model();
    const pairs = Array.from({ length: 5 }, (_, i) => model.int(`x${i}`, 0, 4));
    model.add(inverse(pairs, pairs));
    expect(model.count().count).toBe(26);
  });
});

describe("circuit", () => {
  test("n nodes have (n − 1)! round trips", () => {
    const model = new Model();
    model.add(circuit(Array.from({ length: 6 }, (_, i) => model.int(`next${i}`, 1, 6).minus(1))));
    expect(model.count().count).toBe(120);
  });

  test("a bridge is seen without search", () => {
    const model = new Model();
    // From 3, 4 and 5 nothing leads back.
    const allowed = [
      [1, 2],
      [0, 2],
      [0, 1, 3],
      [4, 5],
      [3, 5],
      [3, 4],
    ];
    model.add(circuit(allowed.map((values, i) => model.int(`next${i}`, values))));
    const result = model.solve();
    expect([result.status, result.statistics.nodes]).toEqual(["unsatisfiable", 1]);
  });
});

describe("regular", () => {
  const automaton = {
    stateCount: 2,
    initial: 0,
    accepting: [0, 1],
    transitions: [
      [0, 0, 0],
      [0, 1, 1],
      [1, 0, 0],
    ],
  } as const;

  test("words without two ones in a row are counted by Fibonacci's numbers", () => {
    const model = new Model();
    model.add(
      regular(
        Array.from({ length: 12 }, (_, i) => model.int(`bit${i}`, 0, 1)),
        automaton,
      ),
    );
    const { count, statistics } = model.count();
    expect(count).toBe(377);
    expect(statistics.failures).toBe(0); // no dead end
  });

  test("refuses unknown states, two ways from a state, and what is no integer", () => {
    expect(() => regular([], { ...automaton, initial: 2 })).toThrow("regular: state 2 is none of 0 … 1");
    expect(() => regular([], { ...automaton, stateCount: Number.NaN })).toThrow(/NaN/);
    expect(() =>
      regular([], {
        ...automaton,
        transitions: [
          [0, 7, 0],
          [0, 7, 1],
        ],
      }),
    ).toThrow("two transitions from state 0 on 7");
    expect(() => regular([], { ...automaton, transitions: [[0, 0.5, 0]] })).toThrow(/value 0\.5/);
  });
});

describe("globalCardinality", () => {
  test("finds the magic series of length 7", () => {
    const model = new Model();
    const series = Array.from({ length: 7 }, (_, i) => model.int(`s${i}`, 0, 7));
    model.add(globalCardinality(series, [0, 1, 2, 3, 4, 5, 6], series, { closed: true }));
    expect([...model.solutions()].map((solution) => Object.values(solution))).toEqual([[3, 2, 1, 1, 0, 0, 0]]);
  });

  test("refuses other numbers of counts, and repeated values", () => {
    expect(() => globalCardinality([], [1, 2], [0])).toThrow("globalCardinality: 1 counts for 2 values");
    expect(() => globalCardinality([], [1, 1], [0, 0])).toThrow("globalCardinality: the value 1 occurs twice");
  });
});

describe("lexLess", () => {
  test("refuses arrays of different lengths", () => {
    expect(() => lexLess([1], [])).toThrow("lexicographic order: 1 operands on the left, 0 on the right");
  });
});

describe("binPacking", () => {
  test("the smallest largest load of 8 items in 3 bins", () => {
    const sizes = [7, 6, 5, 5, 4, 4, 3, 2];
    const model = new Model();
    const bins = sizes.map((_, i) => model.int(`bin${i}`, 0, 2));
    const loads = [0, 1, 2].map((bin) => model.int(`load${bin}`, 0, 36));
    model.add(binPacking(bins, sizes, loads));
    expect(model.minimize(max(loads)).objective).toBe(12);
  });

  test("refuses negative sizes and other numbers of sizes", () => {
    expect(() => binPacking([0], [-1], [0])).toThrow(/the size -1 /);
    expect(() => binPacking([0], [], [0])).toThrow("binPacking: 0 sizes for 1 items");
    expect(() => binPacking([0, 0], [Number.MAX_SAFE_INTEGER, 1], [0])).toThrow(/total size/);
  });
});

describe("cumulative", () => {
  test("the shortest schedule of 6 tasks", () => {
    // Total work 2·3 + 3·2 + 2·2 + 1·4 + 4·1 + 2·1 = 26 on a capacity of 4 takes at least 7.
    const tasks = [
      [2, 3],
      [3, 2],
      [2, 2],
      [1, 4],
      [4, 1],
      [2, 1],
    ] as const;
    const model = new Model();
    const starts = tasks.map((_, i) => model.int(`start${i}`, 0, 20));
    model.add(
      cumulative(
        tasks.map(([duration, demand], i) => ({ start: starts[i]!, duration, demand })),
        4,
      ),
    );
    expect(model.minimize(max(starts.map((start, i) => start.plus(tasks[i]![0])))).objective).toBe(7);
  });
});

describe("global constraints", () => {
  test("have no negation, and say so", () => {
    expect(() => not(circuit([0]))).toThrow("not: the constraint circuit has no negation");
  });

  test("are frozen, and belong to the model of their variables", () => {
    const x = new Model().int("x", 0, 1);
    const constraint = table([x], [[1]]);
    expect([constraint, constraint.operands, constraint.rows, constraint.rows[0]].every(Object.isFrozen)).toBe(true);
    expect(() => new Model().add(constraint)).toThrow("variable x: does not belong to this model");
  });

  test("do not hold where something is divided by 0", () => {
    const model = new Model();
    const x = model.int("x", 0, 2);
    const constraint = allDifferent([constant(6).dividedBy(x), 3]);
    model.add(constraint);
    expect([0, 1, 2].map((value) => holds(constraint, { x: value }))).toEqual([false, true, false]);
    expect([...model.solutions()]).toEqual([{ x: 1 }]);
  });
});
