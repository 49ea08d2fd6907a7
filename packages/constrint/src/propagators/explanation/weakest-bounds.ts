import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, type Propagator } from "../../engine/propagator.js";
import { Store } from "../../engine/store.js";
import { atLeast, atMost } from "./premises.js";

/** A box of bounds as an explanation: whether the constraint together with low[i] ≤ xᵢ ≤ high[i] implies what is to be explained. */
export type BoxTest = (low: Float64Array, high: Float64Array) => boolean;

/** How often the test is asked at most for each bound that is moved outward. */
const QUESTIONS_PER_BOUND = 16;

/**
 * Explains by bounds alone, and weakens them one after the other as far as they still imply the consequence: first it leaves
 * out all that are not needed, the consequence's own variable first, then it moves the others outward by bisection.
 *
 * The test is asked a limited number of times for each bound, which then may stay tighter than need be. It should be monotone; where it is not, the bounds may be
 * tighter than need be, but they always pass the test.
 *
 * @returns false, without premises, where the bounds in `before` do not imply the consequence
 * @internal
 */
export function explainByWeakestBounds(
  variables: readonly number[],
  own: number,
  before: DomainView,
  premises: Premises,
  implies: BoxTest,
): boolean {
  const n = variables.length;
  const low = Float64Array.from(variables, (x) => before.min(x));
  const high = Float64Array.from(variables, (x) => before.max(x));
  if (!implies(low, high)) return false;
  const needed: [bounds: Float64Array, i: number, outward: number][] = [];
  const ownFirst = variables
    .map((_, i) => i)
    .sort((i, j) => Number(variables[j] === own) - Number(variables[i] === own));
  for (const i of ownFirst) {
    if (!canDrop(low, i, -Infinity, low, high, implies)) needed.push([low, i, -1]);
    if (!canDrop(high, i, Infinity, low, high, implies)) needed.push([high, i, 1]);
  }
  for (const [bounds, i, outward] of needed) {
    const tight = bounds[i]!;
    // The bound `tight + outward·sufficient` is enough, `tight + outward·excessive` is too weak.
    let sufficient = 0;
    let excessive = 1;
    let questions = QUESTIONS_PER_BOUND;
    const suffices = (distance: number): boolean => {
      questions--;
      bounds[i] = tight + outward * distance;
      return implies(low, high);
    };
    while (questions > 0 && suffices(excessive)) {
      sufficient = excessive;
      excessive *= 4;
    }
    while (questions > 0 && excessive - sufficient > 1) {
      const middle = sufficient + Math.floor((excessive - sufficient) / 2);
      if (suffices(middle)) sufficient = middle;
      else excessive = middle;
    }
    bounds[i] = tight + outward * sufficient;
  }
  for (let i = 0; i < n; i++) {
    atLeast(premises, variables[i]!, low[i]!);
    atMost(premises, variables[i]!, high[i]!);
  }
  return true;
}

function canDrop(
  bounds: Float64Array,
  i: number,
  nothing: number,
  low: Float64Array,
  high: Float64Array,
  implies: BoxTest,
): boolean {
  const tight = bounds[i]!;
  if (tight === nothing) return true;
  bounds[i] = nothing;
  if (implies(low, high)) return true;
  bounds[i] = tight;
  return false;
}

/** How often a propagator is run to see whether a box implies a consequence. */
const RUNS = 2;

/**
 * Explains a propagator of bounds by the propagator itself: a second one of the same kind is run on boxes of bounds in a store of
 * its own, to find the weakest that lead to the consequence. For constraints without a formula that is cheaper.
 *
 * @internal
 */
export class BoundsExplainer {
  private readonly store = new Store();
  private readonly propagator: Propagator;
  /** The distinct variables; number i of them is variable i of the store. */
  private readonly variables: readonly number[];

  /** @param rebuild makes the propagator again, with each variable x replaced by `rename(x)` */
  constructor(scope: readonly number[], rebuild: (rename: (x: number) => number) => Propagator) {
    this.variables = [...new Set(scope)];
    for (const _ of this.variables) this.store.addUnbounded();
    this.propagator = rebuild((x) => this.variables.indexOf(x));
  }

  /** @returns false, without premises, where bounds alone do not imply the consequence */
  explain(consequence: Consequence, before: DomainView, premises: Premises): boolean {
    return explainByWeakestBounds(this.variables, consequence.variable, before, premises, (low, high) => {
      const { store } = this;
      store.push(); // below the root, where nothing is found that the search did not find
      const implied = this.narrow(low, high, consequence);
      store.pop();
      return implied;
    });
  }

  private narrow(low: Float64Array, high: Float64Array, { kind, variable, value }: Consequence): boolean {
    const { store, propagator } = this;
    for (let i = 0; i < low.length; i++) {
      if (!store.setMin(i, low[i]!) || !store.setMax(i, high[i]!)) return true;
    }
    let outcome: Outcome = Outcome.changed;
    for (let run = 0; run < RUNS && outcome === Outcome.changed; run++) outcome = propagator.propagate(store);
    if (outcome === Outcome.failed) return true;
    if (kind === undefined) return false;
    const x = this.variables.indexOf(variable);
    if (kind === LiteralKind.atLeast) return store.min(x) >= value;
    if (kind === LiteralKind.atMost) return store.max(x) <= value;
    return !store.has(x, value);
  }
}
