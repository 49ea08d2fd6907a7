import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine } from "../../../packages/constrint/src/engine/engine.js";
import { Events } from "../../../packages/constrint/src/engine/events.js";
import { Outcome, Priority, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import type { Store } from "../../../packages/constrint/src/engine/store.js";
import { allDifferent, Model, VALUE_CHOICES, VARIABLE_CHOICES } from "../../../packages/constrint/src/index.js";
import {
  compileBranching,
  type ValueChoice,
  type VariableChoice,
} from "../../../packages/constrint/src/model/branching.js";
import type { Branching } from "../../../packages/constrint/src/search/branching/branching.js";
import {
  applyLeft,
  applyRight,
  type Decision,
  Split,
} from "../../../packages/constrint/src/search/branching/decision.js";
import { luby, restartCutoff } from "../../../packages/constrint/src/search/restarts.js";
import { fixedSeed } from "../random-model.js";

const VARIABLES = 5;

/** A propagator that only exists, to be counted and to be blamed. */
function bystander(scope: readonly number[]): Propagator {
  const propagate = (): Outcome => Outcome.stable;
  return { name: "bystander", scope, priority: Priority.constant, wakes: Events.fixed, propagate, holds: () => true };
}

interface Setting {
  readonly domains: readonly (readonly number[])[];
  readonly scopes: readonly (readonly number[])[];
  /** Indices of scopes whose propagator fails, in this order. */
  readonly failures: readonly number[];
  /** Values that are removed one after the other, as positions in the variable's domain. */
  readonly removals: readonly (readonly [variable: number, position: number])[];
}

const variable = fc.integer({ min: 0, max: VARIABLES - 1 });

const setting: fc.Arbitrary<Setting> = fc.record({
  domains: fc.array(
    fc.oneof(
      fc.uniqueArray(fc.integer({ min: -20, max: 60 }), { minLength: 1, maxLength: 40 }),
      // Some are kept as bounds and a stride only.
      fc.record({ low: fc.integer({ min: -9, max: 9 }), stride: fc.constantFrom(1, 3) }).map(({ low, stride }) => {
        return Array.from({ length: 5000 }, (_, i) => low + i * stride);
      }),
    ),
    { minLength: VARIABLES, maxLength: VARIABLES },
  ),
  scopes: fc.array(fc.uniqueArray(variable, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
  failures: fc.array(fc.nat({ max: 5 }), { maxLength: 8 }),
  removals: fc.array(fc.tuple(variable, fc.nat({ max: 60 })), { maxLength: 20 }),
});

interface Situation {
  readonly store: Store;
  readonly branching: Branching;
  /** The values that are left, by asking for each one. */
  readonly left: readonly (readonly number[])[];
  readonly degrees: readonly number[];
  readonly weights: readonly number[];
  readonly narrowings: readonly number[];
}

/** A store that a search could have left like this, and the choice, told of what happened. */
function situationFor({ domains, scopes, failures, removals }: Setting, choose: VariableChoice, value: ValueChoice) {
  const engine = new Engine();
  const { store } = engine;
  const model = new Model();
  const variables = domains.map((values, i) => model.int(`x${i}`, values));
  const sorted = domains.map((values) => [...values].sort((a, b) => a - b));
  for (const { domain } of variables) engine.addVariable(domain);
  const propagators = scopes.map(bystander);
  for (const propagator of propagators) engine.post(propagator);
  engine.makeExplicit();
  const compiled = { engine, numberOf: (x: (typeof variables)[number]) => variables.indexOf(x) };
  const [branching] = compileBranching(compiled, variables, [{ variables, choose, value }], 7);
  const weights = variables.map((_, x) => scopes.filter((scope) => scope.includes(x)).length);
  const degrees = [...weights];
  for (const failure of failures) {
    const propagator = propagators[failure % propagators.length]!;
    branching!.failed?.(propagator);
    for (const x of propagator.scope) weights[x]!++;
  }
  const narrowings = variables.map(() => 1);
  const remaining = sorted.map((values) => [...values]);
  store.push();
  for (const [x, position] of removals) {
    const values = remaining[x]!;
    if (values.length === 1) continue;
    // Inner values can be removed only where they are kept one by one.
    const at = store.isExplicit(x) ? position % values.length : position % 2 === 0 ? 0 : values.length - 1;
    expect(store.remove(x, values[at]!)).toBe(true);
    values.splice(at, 1);
    narrowings[x]!++;
  }
  return { store, branching: branching!, left: remaining, degrees, weights, narrowings } satisfies Situation;
}

/** What each choice of a variable makes as small as possible, by its definition. */
const MEASURES: Record<VariableChoice, (situation: Situation, x: number) => number> = {
  "input-order": (_, x) => x,
  "first-fail": ({ left }, x) => left[x]!.length,
  "anti-first-fail": ({ left }, x) => -left[x]!.length,
  smallest: ({ left }, x) => left[x]![0]!,
  largest: ({ left }, x) => -left[x]!.at(-1)!,
  occurrence: ({ degrees }, x) => -degrees[x]!,
  "most-constrained": ({ left, degrees }, x) => left[x]!.length - degrees[x]! / 1000,
  "max-regret": ({ left }, x) => left[x]![0]! - left[x]![1]!,
  "dom-wdeg": ({ left, weights }, x) => left[x]!.length / weights[x]!,
  activity: ({ left, narrowings }, x) => -narrowings[x]! / left[x]!.length,
};

describe("choices of a variable", () => {
  test.each(VARIABLE_CHOICES)("%s takes the first of the variables that its definition makes best", (choose) => {
    fc.assert(
      fc.property(setting, (recipe) => {
        const situation = situationFor(recipe, choose, "smallest");
        const { store, branching, left } = situation;
        const decision: Decision = { variable: -1, value: 0, split: Split.equal };
        const open = left.flatMap((values, x) => (values.length > 1 ? [x] : []));
        expect(branching.decide(store, decision)).toBe(open.length > 0);
        if (open.length === 0) return;
        const measures = open.map((x) => MEASURES[choose](situation, x));
        const best = open[measures.indexOf(Math.min(...measures))];
        expect(decision).toEqual({ variable: best, value: left[best!]![0], split: Split.atMost });
        // After backtracking to where more is open it decides the same as a fresh one.
        store.pop();
        expect(branching.decide(store, decision)).toBe(recipe.domains.some((values) => values.length > 1));
      }),
      { ...fixedSeed(), numRuns: 80 },
    );
  });
});

/** The values that the left side must leave, by the definition; undefined where any single value will do. */
const LEFT_SIDES: Record<
  ValueChoice,
  (values: readonly number[], isExplicit: boolean) => readonly number[] | undefined
> = {
  smallest: ([first]) => [first!],
  largest: (values) => [values.at(-1)!],
  median: (values, isExplicit) => single(values, values[Math.floor((values.length - 1) / 2)]!, isExplicit),
  middle: (values, isExplicit) => {
    const middle = (values[0]! + values.at(-1)!) / 2;
    const distances = values.map((value) => Math.abs(value - middle));
    return single(values, values[distances.indexOf(Math.min(...distances))]!, isExplicit);
  },
  split: (values) => values.filter((value) => value <= (values[0]! + values.at(-1)!) / 2),
  "reverse-split": (values) => values.filter((value) => value > (values[0]! + values.at(-1)!) / 2),
  interval: (values) => {
    const run = values.filter((value, i) => value - values[0]! === i);
    return run.length < values.length ? run : values.filter((value) => value <= (values[0]! + values.at(-1)!) / 2);
  },
  random: () => undefined,
};

/** A value alone, or all up to it where inner values cannot be taken out. */
function single(values: readonly number[], value: number, isExplicit: boolean): readonly number[] {
  return isExplicit || value === values[0] || value === values.at(-1)
    ? [value]
    : values.filter((other) => other <= value);
}

describe("choices of a value", () => {
  test.each(VALUE_CHOICES)("%s divides the values by its definition, and the sides share nothing", (value) => {
    fc.assert(
      fc.property(setting, (recipe) => {
        const { store, branching, left } = situationFor(recipe, "input-order", value);
        const decision: Decision = { variable: -1, value: 0, split: Split.equal };
        if (!branching.decide(store, decision)) return;
        const { variable: x, value: at, split } = decision;
        const values = left[x]!;
        const side = (apply: typeof applyLeft): number[] => {
          store.push();
          expect(apply(store, x, at, split)).toBe(true);
          const kept = values.filter((candidate) => store.has(x, candidate));
          store.pop();
          return kept;
        };
        const [first, second] = [side(applyLeft), side(applyRight)];
        expect([...first, ...second].sort((a, b) => a - b)).toEqual(values);
        expect(first).toEqual(LEFT_SIDES[value](values, store.isExplicit(x)) ?? first);
        expect(Math.min(first.length, second.length)).toBeGreaterThan(0);
        if (value === "random" && store.isExplicit(x)) expect(first).toHaveLength(1);
      }),
      { ...fixedSeed(), numRuns: 80 },
    );
  });

  test("random values are all tried equally often, and the seed decides which", () => {
    const firsts = Array.from({ length: 600 }, (_, seed) => {
      const m = new Model();
      const x = m.int("x", [2, 3, 5, 8, 13]);
      const options = { seed, branching: [{ variables: [x], value: "random" as const }] };
      expect(m.solve(options).solution).toEqual(m.solve(options).solution);
      return m.solve(options).solution!.x!;
    });
    for (const value of [2, 3, 5, 8, 13]) {
      const count = firsts.filter((first) => first === value).length;
      // 120 expected, with a standard deviation of 9.8.
      expect(Math.abs(count - 120)).toBeLessThan(40);
    }
  });
});

describe("branching of one's own", () => {
  const queens = (n: number) => {
    const m = new Model();
    const q = Array.from({ length: n }, (_, i) => m.int(`q${i}`, 1, n));
    m.add(allDifferent(q))
      .add(allDifferent(q.map((x, i) => x.plus(i))))
      .add(allDifferent(q.map((x, i) => x.minus(i))));
    return { m, q };
  };

  test("sees the domains and decides as the built-in choice that it imitates", () => {
    const { m, q } = queens(8);
    const builtIn = m.count({ branching: [{ variables: q, choose: "first-fail", value: "largest" }] });
    const own = m.count({
      branching: [
        (view) => {
          const open = view.variables.filter((x) => !view.isFixed(x));
          if (open.length === 0) return undefined;
          const variable = open.reduce((best, x) => (view.size(x) < view.size(best) ? x : best));
          expect(view.has(variable, view.min(variable))).toBe(true);
          return { variable, value: view.max(variable), split: "at-least" };
        },
      ],
    });
    expect([own.count, own.statistics.nodes]).toEqual([92, builtIn.statistics.nodes]);
  });

  test("may leave the rest to the next phase", () => {
    const { m, q } = queens(6);
    const [first] = m.solutions({
      branching: [
        (view) => (view.isFixed(q[0]!) ? undefined : { variable: q[0]!, value: 3 }),
        { variables: q, value: "largest" },
      ],
    });
    expect(first).toEqual({ q0: 3, q1: 6, q2: 2, q3: 5, q4: 1, q5: 4 }); // the only one with 3 in the first row
  });

  test.each([
    [{ value: 9 }, 'branching: "equal" 9 does not divide the values of x, 1 … 5'],
    [{ value: 5, split: "at-most" as const }, 'branching: "at-most" 5 does not divide the values of x, 1 … 5'],
    [{ value: 1, split: "at-least" as const }, 'branching: "at-least" 1 does not divide the values of x, 1 … 5'],
  ])("must divide a domain: %o", (decision, message) => {
    const m = new Model();
    const x = m.int("x", 1, 5);
    expect(() => m.solve({ branching: [() => ({ variable: x, ...decision })] })).toThrow(message);
  });

  test("unknown names are refused with those that exist", () => {
    const m = new Model();
    const variables = [m.int("x", 1, 5)];
    const choose = "dom/wdeg" as VariableChoice;
    expect(() => m.solve({ branching: [{ variables, choose }] })).toThrow(
      `branching: the choice of a variable "dom/wdeg" is none of ${VARIABLE_CHOICES.join(", ")}`,
    );
    expect(() => m.solve({ branching: [{ variables, value: "min" as ValueChoice }] })).toThrow(
      `branching: the choice of a value "min" is none of ${VALUE_CHOICES.join(", ")}`,
    );
    expect(() => m.solve({ branching: [{ variables: [new Model().int("x", 1, 2)] }] })).toThrow(/does not belong/);
  });
});

describe("restarts", () => {
  test("sequences", () => {
    // OEIS A182105
    expect(Array.from({ length: 15 }, (_, i) => luby(i + 1))).toEqual([1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]);
    const cutoffs = (options: Parameters<typeof restartCutoff>[0]) =>
      [1, 2, 3, 4].map((i) => restartCutoff(options, i));
    expect(cutoffs({ sequence: "luby", scale: 10 })).toEqual([10, 10, 20, 10]);
    expect(cutoffs({ sequence: "geometric", scale: 10, base: 2 })).toEqual([10, 20, 40, 80]);
    expect(cutoffs({ sequence: "linear", scale: 5 })).toEqual([5, 10, 15, 20]);
    expect(cutoffs({ sequence: "constant", scale: 7 })).toEqual([7, 7, 7, 7]);
  });

  test.each([
    [{ sequence: "lubi" as "luby" }, 'restarts: the sequence "lubi" is none of luby, geometric, linear, constant'],
    [{ sequence: "luby" as const, scale: 0 }, "restarts: scale 0 is not a number ≥ 1"],
    [{ sequence: "geometric" as const, base: 0.5 }, "restarts: base 0.5 is not a number ≥ 1"],
  ])("options are checked: %o", (restarts, message) => {
    expect(() => new Model().solve({ restarts })).toThrow(message);
    expect(() => new Model().solve({ seed: 0.5 })).toThrow("seed: 0.5 is not an integer");
  });

  test("with a constant cutoff of one failure nogoods alone complete the search, each solution once", () => {
    const m = new Model();
    const q = Array.from({ length: 7 }, (_, i) => m.int(`q${i}`, 1, 7));
    m.add(allDifferent(q))
      .add(allDifferent(q.map((x, i) => x.plus(i))))
      .add(allDifferent(q.map((x, i) => x.minus(i))));
    for (const value of VALUE_CHOICES) {
      const result = m.count({
        restarts: { sequence: "constant", scale: 1 },
        branching: [{ variables: q, choose: "dom-wdeg", value }],
      });
      expect([result.status, result.count]).toEqual(["complete", 40]); // OEIS A000170
      expect(result.statistics.restarts).toBeGreaterThan(5);
    }
  });

  test("the first solution stays the best in the order", () => {
    const m = new Model();
    const q = Array.from({ length: 12 }, (_, i) => m.int(`q${i}`, 1, 12));
    m.add(allDifferent(q))
      .add(allDifferent(q.map((x, i) => x.plus(i))))
      .add(allDifferent(q.map((x, i) => x.minus(i))));
    const restarted = m.solve({ restarts: { sequence: "luby", scale: 1 } });
    expect(restarted.solution).toEqual(m.solve().solution);
    expect(restarted.statistics.restarts).toBeGreaterThan(3);
  });

  test("the same seed gives the same search", () => {
    const search = (seed: number) => {
      const m = new Model();
      const q = Array.from({ length: 14 }, (_, i) => m.int(`q${i}`, 1, 14));
      m.add(allDifferent(q))
        .add(allDifferent(q.map((x, i) => x.plus(i))))
        .add(allDifferent(q.map((x, i) => x.minus(i))));
      const branching = [{ variables: q, choose: "activity", value: "random" }] as const;
      const { solution, statistics } = m.solve({ seed, branching, restarts: { sequence: "luby", scale: 2 } });
      const { seconds: _seconds, translationSeconds: _translation, ...counts } = statistics;
      return { solution, counts };
    };
    expect(search(3)).toEqual(search(3));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => JSON.stringify(search(seed).solution))).size).toBeGreaterThan(1);
  });
});
