import { ceilRoot, floorRoot, isExact, lowerBound, power, upperBound } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";
import { BoundsExplainer } from "../explanation/weakest-bounds.js";

/**
 * result = base^exponent for a fixed exponent ≥ 2.
 *
 * Consistency: bounds; at the root level also domain, where base or result keeps its values one by one. Cost: O(1) a run.
 */
export class Power implements Propagator {
  readonly name = "power";
  readonly priority = Priority.constant;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];

  private explainer: BoundsExplainer | undefined;

  constructor(
    readonly base: number,
    readonly exponent: number,
    readonly result: number,
  ) {
    this.scope = [base, result];
  }

  propagate(store: Store): Outcome {
    const before = store.changes;
    const grows = this.exponent % 2 === 1 || store.min(this.base) >= 0;
    if (!(grows ? this.propagateGrowing(store) : this.propagateEven(store))) return Outcome.failed;
    if (store.changes === before && store.isFixed(this.base) && store.isFixed(this.result)) return Outcome.entailed;
    if (store.level === 0 && !this.propagateValues(store)) return Outcome.failed;
    if (store.changes === before || (grows && store.level > 0 && this.boundsAgree(store))) return Outcome.stable;
    return Outcome.changed;
  }

  /** Whether each bound of the result is the power of the base's. */
  private boundsAgree(store: Store): boolean {
    const { base, exponent, result } = this;
    return (
      power(store.min(base), exponent) === store.min(result) && power(store.max(base), exponent) === store.max(result)
    );
  }

  /** Odd powers grow everywhere, even ones from 0 on. */
  private propagateGrowing(store: Store): boolean {
    const { base, exponent, result } = this;
    if (!store.setMin(result, lowerBound(power(store.min(base), exponent)))) return false;
    if (!store.setMax(result, upperBound(power(store.max(base), exponent)))) return false;
    const low = store.min(result);
    const high = store.max(result);
    return (
      store.setMin(base, low >= 0 ? ceilRoot(low, exponent) : -floorRoot(-low, exponent)) &&
      store.setMax(base, high >= 0 ? floorRoot(high, exponent) : -ceilRoot(-high, exponent))
    );
  }

  /** Even powers depend on the base's size only. */
  private propagateEven(store: Store): boolean {
    const { base, exponent, result } = this;
    let min = store.min(base);
    let max = store.max(base);
    const smallest = min > 0 ? min : max < 0 ? -max : 0;
    const largest = Math.max(-min, max);
    if (!store.setMin(result, lowerBound(power(smallest, exponent)))) return false;
    if (!store.setMax(result, upperBound(power(largest, exponent)))) return false;
    const low = ceilRoot(store.min(result), exponent);
    const high = floorRoot(store.max(result), exponent);
    if (!store.setMin(base, -high) || !store.setMax(base, high)) return false;
    // The result's bounds are powers, also where a negative base keeps the base's bounds from showing it.
    if (!store.setMin(result, lowerBound(power(low, exponent)))) return false;
    if (!store.setMax(result, upperBound(power(high, exponent)))) return false;
    // Sizes below `low` are impossible: a bound inside −low < base < low moves to the far side.
    min = store.min(base);
    max = store.max(base);
    if (min > -low && !store.setMin(base, low)) return false;
    return max >= low || store.setMax(base, -low);
  }

  private propagateValues(store: Store): boolean {
    const { base, exponent, result } = this;
    if (store.isExplicit(base)) {
      const powers: number[] = [];
      for (let value = store.min(base); value !== Infinity; value = store.next(base, value)) {
        const valuePower = power(value, exponent);
        if (!isExact(valuePower)) return true;
        if (store.has(result, valuePower)) powers.push(valuePower);
        else if (!store.remove(base, value)) return false;
      }
      return store.restrictTo(result, Float64Array.from(new Set(powers)).sort());
    }
    return true;
  }

  /** The weakest bounds of base or result that move the other. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    this.explainer ??= new BoundsExplainer(
      this.scope,
      (rename) => new Power(rename(this.base), this.exponent, rename(this.result)),
    );
    if (!this.explainer.explain(consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds([base, result]: readonly number[]): boolean {
    return BigInt(base!) ** BigInt(this.exponent) === BigInt(result!);
  }
}
