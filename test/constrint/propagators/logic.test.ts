import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outcome, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import { Divides } from "../../../packages/constrint/src/propagators/arithmetic/divides.js";
import { LinearEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-equal.js";
import { LinearLessEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-less-equal.js";
import { LinearNotEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-not-equal.js";
import { Product } from "../../../packages/constrint/src/propagators/arithmetic/product.js";
import { Disjunction } from "../../../packages/constrint/src/propagators/logic/disjunction.js";
import { buildStore, checkPropagator, forAllStores, smallDomain, snapshot } from "./harness.js";

const part = fc.record({
  kind: fc.constantFrom("equal", "atMost", "different", "divides", "product"),
  x: fc.nat(2),
  y: fc.nat(2),
  coefficient: fc.integer({ min: -3, max: 3 }).filter((a) => a !== 0),
  constant: fc.integer({ min: -6, max: 12 }),
});
type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;

const three = [smallDomain, smallDomain, smallDomain];
const disjunction = fc.array(fc.array(part, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 4 });

function build({ kind, x, y, coefficient, constant }: Part): Propagator {
  const terms: [number[], number[]] =
    x === y
      ? [[x], [coefficient]]
      : [
          [x, y],
          [1, coefficient],
        ];
  if (kind === "equal") return new LinearEqual(...terms, constant);
  if (kind === "atMost") return new LinearLessEqual(...terms, constant);
  if (kind === "different") return new LinearNotEqual(...terms, constant);
  return kind === "divides" ? new Divides(x, y) : new Product([x, y], (y + 1) % 3);
}

describe("disjunction", () => {
  test("against brute force", () => {
    forAllStores(three, disjunction, (testCase, branches) =>
      checkPropagator(testCase, () => new Disjunction(branches.map((branch) => branch.map(build)))),
    );
  });

  test("nested, against brute force", () => {
    forAllStores(
      three,
      fc.tuple(disjunction, disjunction, part),
      (testCase, [inner, outer, extra]) =>
        checkPropagator(testCase, () => {
          const nested = new Disjunction(inner.map((branch) => branch.map(build)));
          return new Disjunction([[nested, build(extra)], ...outer.map((branch) => branch.map(build))]);
        }),
      200,
    );
  });

  test("what all branches agree on is true", () => {
    const store = buildStore({ domains: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]], explicit: false, decisions: [] });
    const between = (low: number, high: number) => [
      new LinearLessEqual([0], [-1], -low),
      new LinearLessEqual([0], [1], high),
    ];
    expect(new Disjunction([between(2, 3), between(6, 7)]).propagate(store)).not.toBe(Outcome.failed);
    expect(snapshot(store)[0]).toEqual([2, 7, 1, 0, 6, [2, 3, 4, 5, 6, 7]]);
    store.makeExplicit(0);
    expect(new Disjunction([between(2, 3), between(6, 7)]).propagate(store)).not.toBe(Outcome.failed);
    expect(snapshot(store)[0]).toEqual([2, 7, 1, 0, 4, [2, 3, 6, 7]]);
  });
});
