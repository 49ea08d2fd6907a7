import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LiteralKind } from "../../../packages/constrint/src/engine/literal.js";
import type { Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import { Absolute } from "../../../packages/constrint/src/propagators/arithmetic/absolute.js";
import { Divides } from "../../../packages/constrint/src/propagators/arithmetic/divides.js";
import { Division } from "../../../packages/constrint/src/propagators/arithmetic/division.js";
import { Maximum } from "../../../packages/constrint/src/propagators/arithmetic/maximum.js";
import { Minimum } from "../../../packages/constrint/src/propagators/arithmetic/minimum.js";
import { Power } from "../../../packages/constrint/src/propagators/arithmetic/power.js";
import { Product } from "../../../packages/constrint/src/propagators/arithmetic/product.js";
import { AllDifferentBounds } from "../../../packages/constrint/src/propagators/global/all-different-bounds.js";
import { AllDifferentDomain } from "../../../packages/constrint/src/propagators/global/all-different-domain.js";
import { AllDifferentValues } from "../../../packages/constrint/src/propagators/global/all-different-values.js";
import { BinPacking } from "../../../packages/constrint/src/propagators/global/bin-packing.js";
import { Circuit } from "../../../packages/constrint/src/propagators/global/circuit.js";
import { ElementConstant } from "../../../packages/constrint/src/propagators/global/element-constant.js";
import { ElementVariable } from "../../../packages/constrint/src/propagators/global/element-variable.js";
import { GlobalCardinality } from "../../../packages/constrint/src/propagators/global/global-cardinality.js";
import { Inverse } from "../../../packages/constrint/src/propagators/global/inverse.js";
import { Lexicographic } from "../../../packages/constrint/src/propagators/global/lexicographic.js";
import { Regular } from "../../../packages/constrint/src/propagators/global/regular.js";
import { Table } from "../../../packages/constrint/src/propagators/global/table.js";
import { fixedSeed } from "../random-model.js";
import { checkExplanations, explanation, Snapshot } from "./explanation-harness.js";
import { buildStore, propagatorCase } from "./harness.js";

const range = (low: number, high: number): number[] => Array.from({ length: high - low + 1 }, (_, i) => low + i);
/** Variables of a constraint, some of them twice, and constants to add to them that differ where the variable is the same. */
const REPEATED = [0, 1, 0, 2, 1, 3];
const repeatedShifts = (random: readonly number[]): number[] => {
  const [a, b, c, d, e, f] = random.map((value) => value % 3);
  return [a!, b!, a! + 1 + c!, d!, b! - 1 - e!, f!];
};
const zeros = (count: number): number[] => Array(count).fill(0);

interface Subject {
  readonly domains: readonly (readonly number[])[];
  build(random: readonly number[]): Propagator;
}

/** Wide domains, so that it is the decisions that narrow. The random numbers are 0 … 5. */
const subjects: Record<string, Subject> = {
  product: { domains: [range(-4, 6), range(-3, 7), range(-20, 40)], build: () => new Product([0, 1], 2) },
  "product of three": {
    domains: [range(0, 4), range(-2, 4), range(1, 4), range(-10, 30)],
    build: () => new Product([0, 1, 2], 3),
  },
  power: { domains: [range(-5, 6), range(-130, 220)], build: ([e]) => new Power(0, 2 + (e! % 2), 1) },
  divides: { domains: [range(-5, 9), range(-12, 20)], build: () => new Divides(0, 1) },
  division: {
    domains: [range(-7, 9), range(-3, 4), range(-9, 9), range(-3, 3)],
    build: ([r]) => new Division(0, 1, 2, 3, r! % 2 === 0 ? "truncate" : "euclid"),
  },
  "absolute value": { domains: [range(-9, 7), range(-2, 12)], build: () => new Absolute(0, 1) },
  maximum: { domains: [range(0, 5), range(1, 6), range(-2, 7), range(-1, 8)], build: () => new Maximum([0, 1, 2], 3) },
  minimum: { domains: [range(0, 5), range(1, 6), range(-2, 7), range(-1, 8)], build: () => new Minimum([0, 1, 2], 3) },
  element: { domains: [range(-1, 6), range(-1, 6)], build: (random) => new ElementConstant(0, 0, random, 1) },
  "element of variables": {
    domains: [range(0, 2), range(0, 9), range(0, 4), range(2, 7), range(5, 9)],
    build: () => new ElementVariable(0, 0, [2, 3, 4], 1),
  },
  table: {
    domains: [range(0, 5), range(0, 5), range(0, 5)],
    build: (random) =>
      new Table(
        [0, 1, 2],
        random.map((a, i) => [a, random[(i + 3) % random.length]!, random[(i + 7) % random.length]!]),
      ),
  },
  "all different by values": {
    domains: Array(5).fill(range(0, 3)),
    build: (random) => new AllDifferentValues([0, 1, 2, 3, 4], random.slice(0, 5)),
  },
  "all different by bounds": {
    domains: Array(5).fill(range(0, 3)),
    build: (random) =>
      new AllDifferentBounds(
        [0, 1, 2, 3, 4],
        random.slice(0, 5).map((value) => value % 2),
      ),
  },
  "all different by matching": {
    domains: Array(5).fill(range(0, 4)),
    build: (random) =>
      new AllDifferentDomain(
        [0, 1, 2, 3, 4],
        random.slice(0, 5).map((value) => value % 2),
      ),
  },
  "all different by values, with variables that occur twice": {
    domains: Array(4).fill(range(0, 4)),
    build: (random) => new AllDifferentValues(REPEATED, repeatedShifts(random)),
  },
  "all different by bounds, with variables that occur twice": {
    domains: Array(4).fill(range(0, 4)),
    build: (random) => new AllDifferentBounds(REPEATED, repeatedShifts(random)),
  },
  "all different by matching, with variables that occur twice": {
    domains: Array(4).fill(range(0, 4)),
    build: (random) => new AllDifferentDomain(REPEATED, repeatedShifts(random)),
  },
  "global cardinality": {
    domains: [...Array(4).fill(range(0, 3)), range(0, 2), range(1, 4)],
    build: () => new GlobalCardinality([0, 1, 2, 3], zeros(4), [1, 2], [4, 5]),
  },
  "bin packing": {
    domains: [...Array(4).fill(range(0, 2)), range(0, 6), range(2, 7), range(0, 4)],
    build: (random) => new BinPacking([0, 1, 2, 3], zeros(4), random.slice(0, 4), [4, 5, 6]),
  },
  inverse: { domains: Array(6).fill(range(0, 2)), build: () => new Inverse([0, 1, 2], zeros(3), [3, 4, 5], zeros(3)) },
  circuit: { domains: Array(5).fill(range(0, 4)), build: () => new Circuit([0, 1, 2, 3, 4], zeros(5)) },
  regular: {
    domains: Array(5).fill(range(0, 2)),
    build: (random) =>
      new Regular([0, 1, 2, 3, 4], zeros(5), {
        stateCount: 4,
        initial: 0,
        accepting: [0, 1],
        transitions: random.slice(0, 10).map((to, k) => [k % 4, Math.floor(k / 4), to % 4] as const),
      }),
  },
  "lexicographic order": {
    domains: Array(6).fill(range(0, 3)),
    build: ([strict]) => new Lexicographic([0, 1, 2], [3, 4, 5], strict! % 2 === 0),
  },
};

describe("explanations follow, and were true, for", () => {
  test.each(Object.entries(subjects))("%s", (_name, { domains, build }) => {
    let questions = 0;
    const random = fc.array(fc.nat(5), { minLength: 14, maxLength: 14 });
    fc.assert(
      fc.property(
        propagatorCase(
          domains.map((values) => fc.constant(values)),
          7,
        ),
        random,
        (testCase, numbers) => {
          questions += checkExplanations(testCase, () => build(numbers));
        },
      ),
      { ...fixedSeed(), numRuns: 100 },
    );
    expect(questions).toBeGreaterThan(50);
  });
});

/** The premises for x ≥ v, x ≤ v or x ≠ v, as text, where all domains but those given are free. */
function reasons(
  domains: readonly (readonly number[])[],
  propagator: Propagator,
  kind: 0 | 1 | 3 | undefined,
  variable = -1,
  value = 0,
): string {
  const store = buildStore({ domains, explicit: true, decisions: [] });
  return explanation(propagator, { kind, variable, value }, new Snapshot(store))
    .map(({ text }) => text)
    .sort()
    .join(", ");
}

describe("explanations are weak", () => {
  test("of a product the bounds that are needed, each as far out as can be", () => {
    const domains = [range(2, 3), range(3, 4), range(0, 50)];
    expect(reasons(domains, new Product([0, 1], 2), LiteralKind.atMost, 2, 20)).toBe("x0 ≤ 5, x1 ≤ 4, x1 ≥ 0");
    expect(reasons(domains, new Product([0, 1], 2), LiteralKind.atLeast, 2, 4)).toBe("x0 ≥ 2, x1 ≥ 2");
  });

  test("of a maximum one large operand, or a bound that is no lower than it must be", () => {
    const domains = [range(0, 5), range(3, 9), range(0, 20)];
    expect(reasons(domains, new Maximum([0, 1], 2), LiteralKind.atLeast, 2, 2)).toBe("x1 ≥ 2");
    expect(reasons(domains, new Maximum([0, 1], 2), LiteralKind.atMost, 2, 15)).toBe("x0 ≤ 15, x1 ≤ 15");
    expect(reasons([range(0, 5), range(0, 9), range(8, 9)], new Maximum([0, 1], 2), LiteralKind.atLeast, 1, 7)).toBe(
      "x0 ≤ 6, x2 ≥ 7",
    );
  });

  test("of all different a Hall interval or set, whatever else is narrow", () => {
    const domains = [range(1, 2), range(1, 2), range(1, 9), [5], [7, 9]];
    const scope = [0, 1, 2, 3, 4];
    const hall = "x0 ≤ 2, x0 ≥ 1, x1 ≤ 2, x1 ≥ 1";
    expect(reasons(domains, new AllDifferentBounds(scope, zeros(5)), LiteralKind.atLeast, 2, 3)).toBe(
      `${hall}, x2 ≥ 1`,
    );
    const matching = new AllDifferentDomain(scope, zeros(5));
    matching.propagate(buildStore({ domains, explicit: true, decisions: [] }));
    expect(reasons(domains, matching, LiteralKind.notEqual, 2, 2)).toBe(hall);
    expect(reasons(domains, matching, LiteralKind.notEqual, 2, 5)).toBe("x3 ≤ 5, x3 ≥ 5");
  });

  test("of a bin the largest items", () => {
    const packing = new BinPacking([0, 1, 2], zeros(3), [5, 1, 3], [3, 4]);
    const domains = [[0], [0], [0], range(0, 9), range(0, 9)];
    expect(reasons(domains, packing, LiteralKind.atLeast, 3, 7)).toBe("x0 = 0, x2 = 0");
    expect(reasons(domains, packing, LiteralKind.atMost, 4, 4)).toBe("x0 ≠ 1");
  });
});
