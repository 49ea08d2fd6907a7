import fc from "fast-check";
import { expect } from "vitest";
import { valueSet } from "../../../packages/constrint/src/domain/int-domain.js";
import { Outcome, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import { Store } from "../../../packages/constrint/src/engine/store.js";
import { fixedSeed } from "../random-model.js";
import { checkExplanations } from "./explanation-harness.js";

/** A small set of integers, with gaps, negative numbers and zero. */
export const smallDomain: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.uniqueArray(fc.integer({ min: -12, max: 12 }), { minLength: 1, maxLength: 5 }),
  fc
    .tuple(fc.integer({ min: -8, max: 12 }), fc.integer({ min: 1, max: 6 }))
    .map(([low, size]) => Array.from({ length: size }, (_, i) => low + i)),
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 5 }))
    .map(([low, stride, size]) => Array.from({ length: size }, (_, i) => low + stride * i)),
);

/** A domain for the result of a product or power: larger numbers, too. */
export const resultDomain: fc.Arbitrary<readonly number[]> = fc.oneof(
  smallDomain,
  fc.uniqueArray(fc.integer({ min: -60, max: 100 }), { minLength: 1, maxLength: 12 }),
  fc.constant(Array.from({ length: 60 }, (_, i) => i - 20)),
);

/** Every value that a variable still has. */
export function valuesOf(store: Store, x: number): number[] {
  const values: number[] = [];
  for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) values.push(value);
  return values;
}

/** Everything the store says about its variables. */
export function snapshot(store: Store): unknown[] {
  return Array.from({ length: store.variableCount }, (_, x) => [
    store.min(x),
    store.max(x),
    store.stride(x),
    store.offset(x),
    store.size(x),
    valuesOf(store, x),
  ]);
}

export interface PropagatorCase {
  /** One domain for each variable. */
  readonly domains: readonly (readonly number[])[];
  /** Whether the store keeps the values one by one, or bounds and stride only. */
  readonly explicit: boolean;
  /** Narrowings on levels of their own. */
  readonly decisions: readonly Decision[];
}

/** Which variable, which side of its domain (or a value that it takes or loses), and how far in. */
export interface Decision {
  readonly variable: number;
  readonly side: "min" | "max" | "value" | "hole";
  readonly pick: number;
}

export function propagatorCase(
  domains: readonly fc.Arbitrary<readonly number[]>[],
  maxDecisions = 4,
): fc.Arbitrary<PropagatorCase> {
  return fc.record({
    domains: fc.tuple(...domains),
    explicit: fc.boolean(),
    decisions: fc.array(
      fc.record({
        variable: fc.nat(domains.length - 1),
        side: fc.constantFrom("min", "max", "value", "hole"),
        pick: fc.nat(100),
      }),
      { maxLength: maxDecisions },
    ),
  });
}

/** A store in which variable i has the values domains[i], or their hull where values are not kept one by one. */
export function buildStore({ domains, explicit }: PropagatorCase, store = new Store()): Store {
  for (const values of domains) {
    const x = store.addVariable(explicit ? valueSet(values) : { min: Math.min(...values), max: Math.max(...values) });
    if (explicit) store.makeExplicit(x);
    else arithmeticProgression(store, x, values);
  }
  return store;
}

function arithmeticProgression(store: Store, x: number, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const stride = sorted.length > 1 ? sorted[1]! - sorted[0]! : 1;
  if (sorted.every((value, i) => i === 0 || value - sorted[i - 1]! === stride))
    store.setCongruence(x, stride, sorted[0]!);
}

/** All assignments of the scope's variables from their current domains that the propagator's plain meaning accepts. */
export function supports(store: Store, propagator: Propagator): number[][] {
  const variables = [...new Set(propagator.scope)];
  const domains = variables.map((x) => valuesOf(store, x));
  const places = propagator.scope.map((x) => variables.indexOf(x));
  const found: number[][] = [];
  const values: number[] = propagator.scope.map(() => 0);
  const visit = (i: number): void => {
    if (i === variables.length) {
      if (propagator.holds(values)) found.push([...values]);
      return;
    }
    for (const value of domains[i]!) {
      places.forEach((place, at) => {
        if (place === i) values[at] = value;
      });
      visit(i + 1);
    }
  };
  visit(0);
  return found;
}

/** Narrows a domain by a decision, which leaves at least one value. */
export function decide(store: Store, { variable, side, pick }: Decision): boolean {
  const values = valuesOf(store, variable);
  const value = values[pick % values.length]!;
  if (side === "value") return store.assign(variable, value);
  if (side === "hole") return values.length === 1 || store.remove(variable, value);
  return side === "min" ? store.setMin(variable, value) : store.setMax(variable, value);
}

export function runToFixpoint(store: Store, propagator: Propagator): Outcome {
  for (let run = 0; run < 200; run++) {
    const outcome = propagator.propagate(store);
    if (outcome !== Outcome.changed) return outcome;
  }
  throw new Error(`${propagator.name} does not come to a fixpoint`);
}

/** Consistency levels that a propagator may promise, beside never losing a solution. */
export type Promise = "none" | "bounds" | "domain";

/**
 * Checks a propagator on a store against brute force: no solution is lost, failure and entailment are right, a full
 * assignment is decided, `stable` is a fixpoint, after a random descent every level is restored exactly, and what was narrowed is
 * explained.
 */
export function checkPropagator(
  testCase: PropagatorCase,
  build: (store: Store) => Propagator,
  promise: Promise = "none",
): void {
  const store = buildStore(testCase);
  const propagator = build(store);
  const variables = [...new Set(propagator.scope)];
  const propagateAndCompare = (): boolean => {
    const before = supports(store, propagator);
    checkDecision(store, propagator, before);
    const outcome = runToFixpoint(store, propagator);
    if (outcome === Outcome.failed) {
      expectSame(before, []);
      return false;
    }
    const lost = before.filter((values) => !propagator.scope.every((x, i) => store.has(x, values[i]!)));
    expectSame(lost, []);
    const total = variables.reduce((product, x) => product * store.size(x), 1);
    if (outcome === Outcome.entailed || total === 1) expectSame(before.length, total);
    if (outcome === Outcome.stable) {
      const settled = snapshot(store);
      expectSame(propagator.propagate(store) === Outcome.failed, false);
      expectSame(snapshot(store), settled);
    }
    if (promise !== "none") {
      for (const x of variables) {
        const supported = new Set(before.map((values) => values[propagator.scope.indexOf(x)]!));
        const left = valuesOf(store, x);
        const promised = promise === "domain" ? left : [left[0]!, left.at(-1)!];
        expectSame(
          promised.filter((value) => !supported.has(value)),
          [],
        );
      }
    }
    return true;
  };
  let alive = propagateAndCompare();
  const restore: unknown[][] = [];
  for (const decision of testCase.decisions) {
    if (!alive) break;
    restore.push(snapshot(store));
    store.push();
    expectSame(decide(store, decision), true);
    alive = propagateAndCompare();
  }
  for (const expected of restore.reverse()) {
    store.pop();
    expectSame(snapshot(store), expected);
  }
  checkExplanations(testCase, build);
}

/** What a propagator decides without narrowing is right, and it decides a full assignment. */
function checkDecision(store: Store, propagator: Propagator, solutions: readonly (readonly number[])[]): void {
  if (propagator.decide === undefined) return;
  const settled = snapshot(store);
  const decision = propagator.decide(store);
  expectSame(snapshot(store), settled);
  const total = [...new Set(propagator.scope)].reduce((product, x) => product * store.size(x), 1);
  if (decision === Outcome.failed) expectSame(solutions, []);
  if (decision === Outcome.entailed) expectSame(solutions.length, total);
  if (total === 1) expectSame(decision === Outcome.stable, false);
}

/** Vitest's `expect` takes far longer than the comparison, and these are millions: it is left to report what differs. */
function expectSame(actual: unknown, expected: unknown): void {
  if (!isSame(actual, expected)) expect(actual).toEqual(expected);
}

/** Whether numbers, or nested arrays of them, are the same; 0 and −0 are not. */
function isSame(actual: unknown, expected: unknown): boolean {
  if (!Array.isArray(actual) || !Array.isArray(expected)) return Object.is(actual, expected);
  return actual.length === expected.length && actual.every((item, i) => isSame(item, expected[i]));
}

/** Runs a property over random stores with one variable for each of the domains. */
export function forAllStores<T>(
  domains: readonly fc.Arbitrary<readonly number[]>[],
  extra: fc.Arbitrary<T>,
  check: (testCase: PropagatorCase, extra: T) => void,
  numRuns = 300,
): void {
  fc.assert(fc.property(propagatorCase(domains), extra, check), { ...fixedSeed(), numRuns });
}
