import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  custom,
  Events,
  formatConstraint,
  formatProgram,
  Model,
  Outcome,
  or,
  Priority,
  type Propagator,
  type Store,
} from "../../../packages/constrint/src/index.js";
import { fixedSeed } from "../random-model.js";

/** x + y = 10 by bounds, as a user would write it against the documented interface. */
class TenTogether implements Propagator {
  readonly name = "ten together";
  readonly priority = Priority.constant;
  readonly wakes = Events.bounds;

  constructor(readonly scope: readonly number[]) {}

  propagate(store: Store): Outcome {
    const [x, y] = this.scope as [number, number];
    const before = store.changes;
    const alive =
      store.setMin(x, 10 - store.max(y)) &&
      store.setMax(x, 10 - store.min(y)) &&
      store.setMin(y, 10 - store.max(x)) &&
      store.setMax(y, 10 - store.min(x));
    if (!alive) return Outcome.failed;
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  holds([x, y]: readonly number[]): boolean {
    return x! + y! === 10;
  }
}

const tenTogether = {
  name: "ten together",
  holds: ([x, y]: readonly number[]): boolean => x! + y! === 10,
  propagator: (scope: readonly number[]): Propagator => new TenTogether(scope),
};

describe("a constraint of one's own", () => {
  test("needs no more than to say when it holds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.integer({ min: -6, max: 9 }), { minLength: 1, maxLength: 6 }), {
          minLength: 2,
          maxLength: 4,
        }),
        fc.integer({ min: 2, max: 5 }),
        fc.constantFrom("depth-first" as const, "learning" as const),
        (domains, modulus, engine) => {
          const holds = (values: readonly number[]): boolean =>
            values.reduce((total, value, i) => total + value * value * (i + 1), 0) % modulus === 1;
          const model = new Model();
          const xs = domains.map((values, i) => model.int(`x${i}`, values));
          // A repeated variable, and an operand that is an expression.
          const operands = [...xs, xs[0]!, xs[0]!.plus(3)];
          model.add(custom(operands, { name: "a residue", holds }));
          let expected = 0;
          const count = (prefix: readonly number[]): void => {
            const values = domains[prefix.length];
            if (values === undefined) expected += holds([...prefix, prefix[0]!, prefix[0]! + 3]) ? 1 : 0;
            else for (const value of values) count([...prefix, value]);
          };
          count([]);
          expect(model.count({ engine })).toMatchObject({ status: "complete", count: expected });
        },
      ),
      { ...fixedSeed(), numRuns: 200 },
    );
  });

  test("prunes with a propagator of its own", () => {
    const model = new Model();
    const x = model.int("x", 0, 100);
    const y = model.int("y", 7, 1000);
    model.add(custom([x, y], tenTogether));
    const { count, statistics } = model.count();
    expect(count).toBe(4); // x = 0 … 3
    expect(statistics.failures).toBe(0);
    expect(model.maximize(x, { engine: "learning" }).objective).toBe(3);
  });

  test("can be a branch, has a readable text, but none to read back", () => {
    const model = new Model();
    const x = model.int("x", 0, 3);
    const constraint = custom([x, x.plus(4)], tenTogether);
    model.add(or(constraint, x.eq(0)));
    expect([...model.solutions()]).toEqual([{ x: 0 }, { x: 3 }]);
    expect(formatConstraint(constraint)).toBe('"ten together"(x, x + 4)');
    expect(() => formatProgram({ model })).toThrow(
      "custom constraint ten together: has no text in the ConstrINT language",
    );
  });

  test("without a meaning is refused", () => {
    expect(() => custom([1], { name: "nothing" } as never)).toThrow(
      "custom constraint nothing: holds is not a function",
    );
  });
});
