import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unionOf } from "../../../packages/constrint/src/domain/ranges.js";
import { type Literal, LiteralKind } from "../../../packages/constrint/src/engine/literal.js";
import { Outcome, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import { Divides } from "../../../packages/constrint/src/propagators/arithmetic/divides.js";
import { LinearEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-equal.js";
import { LinearLessEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-less-equal.js";
import { LinearNotEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-not-equal.js";
import { Product } from "../../../packages/constrint/src/propagators/arithmetic/product.js";
import { Clause } from "../../../packages/constrint/src/propagators/logic/clause.js";
import { Disjunction } from "../../../packages/constrint/src/propagators/logic/disjunction.js";
import { HalfReified } from "../../../packages/constrint/src/propagators/logic/half-reified.js";
import { Membership } from "../../../packages/constrint/src/propagators/logic/membership.js";
import { Parity } from "../../../packages/constrint/src/propagators/logic/parity.js";
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

const literal: fc.Arbitrary<Literal> = fc.record({
  kind: fc.constantFrom(LiteralKind.atLeast, LiteralKind.atMost, LiteralKind.equal, LiteralKind.notEqual),
  variable: fc.nat(3),
  value: fc.integer({ min: -6, max: 8 }),
});
const four = [...three, smallDomain];
/** No literal twice. */
const literals = (maxLength: number) =>
  fc.uniqueArray(literal, {
    minLength: 1,
    maxLength,
    selector: ({ kind, variable, value }) => `${kind} ${variable} ${value}`,
  });

describe("clause", () => {
  test("against brute force, with repeated variables", () => {
    forAllStores(four, literals(5), (testCase, clause) => checkPropagator(testCase, () => new Clause(clause)), 400);
  });

  test("is domain consistent for distinct variables on explicit domains", () => {
    const distinct = fc.uniqueArray(literal, { minLength: 1, maxLength: 4, selector: ({ variable }) => variable });
    forAllStores(
      four,
      distinct,
      (testCase, clause) => checkPropagator({ ...testCase, explicit: true }, () => new Clause(clause), "domain"),
      500,
    );
  });
});

describe("half-reified constraint", () => {
  test("against brute force, with repeated variables", () => {
    forAllStores(
      four,
      fc.tuple(literals(3), part),
      (testCase, [conditions, constraint]) =>
        checkPropagator(testCase, () => new HalfReified(conditions, build(constraint))),
      500,
    );
  });

  test("a condition becomes false as soon as the sum cannot hold", () => {
    const store = buildStore({
      domains: [
        [0, 1],
        [4, 5, 6],
        [4, 5, 6],
      ],
      explicit: false,
      decisions: [],
    });
    const condition = { kind: LiteralKind.atLeast, variable: 0, value: 1 };
    const reified = new HalfReified([condition], new LinearLessEqual([1, 2], [1, 1], 9));
    expect(reified.propagate(store)).toBe(Outcome.stable);
    store.push();
    store.setMin(2, 6);
    expect(reified.propagate(store)).toBe(Outcome.entailed);
    expect(store.max(0)).toBe(0);
    store.pop();
    store.assign(0, 1);
    reified.propagate(store);
    expect([store.max(1), store.max(2)]).toEqual([5, 5]);
  });
});

describe("parity", () => {
  test("is domain consistent", () => {
    const bit = fc.constantFrom([0], [1], [0, 1], [0, 1], [0, 1]);
    forAllStores([bit, bit, bit, bit], fc.tuple(fc.nat(4), fc.constantFrom(0, 1)), (testCase, [size, parity]) =>
      checkPropagator(testCase, () => new Parity([3, 0, 2, 1].slice(0, size), parity as 0 | 1), "domain"),
    );
  });
});

describe("membership", () => {
  const end = fc.integer({ min: -9, max: 12 });
  const ranges = fc
    .array(
      fc
        .tuple(fc.oneof(end, fc.constant(-Infinity)), fc.oneof(fc.nat(3), fc.constant(Infinity)))
        .map(([low, length]) => [low, low === -Infinity ? length : low + length] as const),
      { minLength: 1, maxLength: 4 },
    )
    .map(unionOf);

  test("is bounds consistent, and domain consistent on explicit domains", () => {
    forAllStores(
      [fc.uniqueArray(end, { minLength: 1, maxLength: 9 })],
      ranges,
      (testCase, set) => checkPropagator(testCase, () => new Membership(0, set), testCase.explicit ? "domain" : "none"),
      600,
    );
  });
});

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
