import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains, explainByValues } from "../explanation/premises.js";

/** Whether no value occurs twice. */
export function areAllDifferent(values: readonly number[]): boolean {
  return new Set(values).size === values.length;
}

/**
 * xᵢ + sᵢ ≠ xⱼ + sⱼ for i ≠ j, by taking the value of a fixed variable from all others.
 *
 * Consistency: value. A value inside a domain that is not explicit stays until the variable is fixed. Cost: O(n) a run and O(n)
 * for each variable that became fixed; those already treated in this subtree are not looked at again.
 */
export class AllDifferentValues implements Propagator {
  readonly name = "all different (values)";
  readonly priority = Priority.linear;
  readonly wakes = Events.fixed;
  /** The variables' places, those not yet treated first: a sparse set, whose size is reversible. */
  private readonly places: Int32Array;
  private openCell = -1;
  private readonly hasRepeats: boolean;
  private allExplicit = false;

  /**
   * @param scope variables; one that occurs twice has different shifts
   * @param shifts the constant sᵢ added to each
   */
  constructor(
    readonly scope: readonly number[],
    private readonly shifts: readonly number[],
  ) {
    this.places = Int32Array.from(scope, (_, i) => i);
    this.hasRepeats = new Set(scope).size < scope.length;
  }

  /** Whether it is about the variables themselves, each of them once. */
  get isPlain(): boolean {
    return !this.hasRepeats && this.shifts.every((shift) => shift === 0);
  }

  propagate(store: Store): Outcome {
    const { scope, shifts, places } = this;
    if (this.openCell < 0) this.openCell = store.state.allocate(1, scope.length);
    const changesBefore = store.changes;
    const openBefore = store.state.cells[this.openCell]!;
    let open = openBefore;
    let untreated = open; // places[open … untreated − 1] are fixed, but still to be taken from the others
    for (;;) {
      open = store.moveFixedToEnd(scope, places, open);
      if (open === untreated) break;
      while (untreated > open) {
        untreated--;
        const i = places[untreated]!;
        const value = store.min(scope[i]!) + shifts[i]!;
        // A variable that is not explicit may have been fixed to a value that was taken from it.
        const end = store.isExplicit(scope[i]!) ? untreated : scope.length;
        for (let k = 0; k < end; k++) {
          const j = places[k]!;
          if (j !== i && !store.remove(scope[j]!, value - shifts[j]!)) return Outcome.failed;
        }
      }
    }
    if (open === 0) return Outcome.entailed;
    // At the root a domain may yet become explicit, and then all values have to be taken from it again.
    if (store.level === 0 && !this.allExplicit) this.allExplicit = scope.every((x) => store.isExplicit(x));
    if (open !== openBefore && (store.level > 0 || this.allExplicit)) store.state.set(this.openCell, open);
    // The second value to be taken from a variable that is not explicit may uncover the first one.
    return this.hasRepeats && store.changes !== changesBefore ? Outcome.changed : Outcome.stable;
  }

  /** xᵢ ≠ v because another variable is fixed to that value. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { scope, shifts } = this;
    const explained =
      consequence.kind === undefined
        ? this.explainFailure(before, premises)
        : explainByValues(consequence, before, premises, (lost) =>
            scope.some((x, i) => {
              if (x !== consequence.variable) return false;
              const value = lost + shifts[i]!;
              const j = scope.findIndex((y, k) => y !== x && before.isFixed(y) && before.min(y) + shifts[k]! === value);
              if (j >= 0) premises.equal(scope[j]!, value - shifts[j]!);
              return j >= 0;
            }),
          );
    if (!explained) allDomains(scope, premises);
  }

  /** Two variables are fixed to the same value. */
  private explainFailure(before: DomainView, premises: Premises): boolean {
    const { scope, shifts } = this;
    const places = new Map<number, number>();
    for (let i = 0; i < scope.length; i++) {
      const x = scope[i]!;
      if (!before.isFixed(x)) continue;
      const value = before.min(x) + shifts[i]!;
      const j = places.get(value);
      if (j !== undefined) {
        premises.equal(scope[j]!, value - shifts[j]!);
        premises.equal(x, value - shifts[i]!);
        return true;
      }
      places.set(value, i);
    }
    return false;
  }

  holds(values: readonly number[]): boolean {
    return areAllDifferent(values.map((value, i) => value + this.shifts[i]!));
  }
}
