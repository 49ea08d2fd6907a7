import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { and, type IntVar, largest, Model, not, or } from "../../../../packages/constrint/src/index.js";
import { equalVariables } from "../../../../packages/constrint/src/model/compile/equal-variables.js";
import { asSortedText, bruteForce, enumerate, fixedSeed } from "../../random-model.js";

const domain = fc.uniqueArray(fc.integer({ min: -3, max: 5 }), { minLength: 1, maxLength: 6 });
const place = fc.nat(3);

describe("variables that must be equal", () => {
  test("share one, and the solutions are those of the constraints", () => {
    fc.assert(
      fc.property(
        fc.array(domain, { minLength: 4, maxLength: 4 }),
        fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 4 }),
        fc.tuple(place, place),
        fc.constantFrom("depth-first" as const, "learning" as const),
        (domains, pairs, [p, q], engine) => {
          const model = new Model();
          const xs = domains.map((values, i) => model.int(`x${i}`, values));
          const equal = pairs.map(([i, j]) => xs[i]!.eq(xs[j]!));
          model.add(and(...equal)).add(or(xs[p]!.plus(1).le(xs[q]!), xs[p]!.eq(xs[q]!.times(xs[q]!))));
          const { solutions } = enumerate(model, { engine });
          expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, domains)));
        },
      ),
      { ...fixedSeed(), numRuns: 400 },
    );
  });

  test("are found through chains, in conjunctions, and not in disjunctions or negations", () => {
    const model = new Model();
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((name, i) => model.int(name, i, 9)) as IntVar[];
    model
      .add(and(b!.eq(a!), c!.eq(b!)))
      .add(or(d!.eq(a!), d!.eq(e!)))
      .add(not(e!.ne(e!.plus(1))));
    const groups = equalVariables(model.constraints);
    expect(new Set(groups.keys())).toEqual(new Set([a, b, c]));
    for (const x of [a, b, c]) expect(groups.get(x!)!.domain).toMatchObject({ min: 2, max: 9 });
  });

  test("without a common value leave the model unsatisfiable", () => {
    const model = new Model();
    const a = model.int("a", 0, 2);
    const b = model.int("b", 3, 5);
    model.add(a.eq(b));
    expect(model.solve().status).toBe("unsatisfiable");
  });

  test("can both be named in an order", () => {
    const model = new Model();
    const a = model.int("a", 0, 7);
    const b = model.int("b", [1, 4, 9]);
    model.add(a.eq(b));
    expect(model.solve({ order: [largest(b), largest(a)] }).solution).toEqual({ a: 4, b: 4 });
  });
});

describe("a remainder that must be 0", () => {
  test("is divisibility by a divisor other than 0", () => {
    fc.assert(
      fc.property(domain, domain, fc.constantFrom("truncate" as const, "euclid" as const), (xs, ys, rounding) => {
        const model = new Model();
        const x = model.int("x", xs);
        const y = model.int("y", ys);
        model.add(x.modulo(y, rounding).eq(0));
        const expected = xs.flatMap((v) => ys.filter((w) => w !== 0 && v % w === 0).map((w) => ({ x: v, y: w })));
        expect(asSortedText(enumerate(model).solutions)).toEqual(asSortedText(expected));
      }),
      { ...fixedSeed(), numRuns: 300 },
    );
  });
});
