import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains, explainByValues, lacks } from "../explanation/premises.js";

/** Whether forward[i] = j exactly where backward[j] = i. */
export function areInverse(forward: readonly number[], backward: readonly number[]): boolean {
  return (
    forward.length === backward.length &&
    forward.every((j, i) => backward[j] === i) &&
    backward.every((i, j) => forward[i] === j)
  );
}

/**
 * forward[i] = j exactly where backward[j] = i, both with entries in 0 … n − 1.
 *
 * Consistency: domain of each of these equivalences, where domains are explicit; that no two entries are equal is seen when one
 * is fixed. Cost: O(n) for each variable whose domain changed.
 */
export class Inverse implements Propagator {
  readonly name = "inverse";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  readonly scope: readonly number[];
  /** For each variable the size of its domain when it was last treated. */
  private firstSizeCell = -1;

  /**
   * @param forward variables, one for each index
   * @param forwardShifts constants added to each
   * @param backward as many variables
   * @param backwardShifts constants added to each
   */
  constructor(
    private readonly forward: readonly number[],
    private readonly forwardShifts: readonly number[],
    private readonly backward: readonly number[],
    private readonly backwardShifts: readonly number[],
  ) {
    this.scope = [...forward, ...backward];
  }

  propagate(store: Store): Outcome {
    const { forward, forwardShifts, backward, backwardShifts } = this;
    const n = forward.length;
    if (this.firstSizeCell < 0) this.firstSizeCell = store.state.allocate(2 * n, -1);
    if (!keepIndices(store, forward, forwardShifts) || !keepIndices(store, backward, backwardShifts))
      return Outcome.failed;
    for (let treated = false, first = true; treated || first; first = false) {
      treated = false;
      for (let k = 0; k < 2 * n; k++) {
        const size = store.size(this.scope[k]!);
        // At the root, a domain may have become explicit and is treated once a run at least.
        if (size === store.state.cells[this.firstSizeCell + k] && !(first && store.level === 0)) continue;
        store.state.set(this.firstSizeCell + k, size);
        treated = true;
        const agreed =
          k < n
            ? agree(store, forward[k]!, forwardShifts[k]!, k, backward, backwardShifts)
            : agree(store, backward[k - n]!, backwardShifts[k - n]!, k - n, forward, forwardShifts);
        if (!agreed) return Outcome.failed;
      }
    }
    for (const x of this.scope) if (!store.isFixed(x)) return Outcome.stable;
    return Outcome.entailed;
  }

  /** forward[i] ≠ j because backward[j] ≠ i, and the converse. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { forward, forwardShifts, backward, backwardShifts } = this;
    const explained =
      consequence.kind === undefined
        ? explainContradiction(forward, forwardShifts, backward, backwardShifts, before, premises) ||
          explainContradiction(backward, backwardShifts, forward, forwardShifts, before, premises)
        : explainByValues(
            consequence,
            before,
            premises,
            (lost) =>
              explainLoss(
                consequence.variable,
                lost,
                forward,
                forwardShifts,
                backward,
                backwardShifts,
                before,
                premises,
              ) ||
              explainLoss(
                consequence.variable,
                lost,
                backward,
                backwardShifts,
                forward,
                forwardShifts,
                before,
                premises,
              ),
          );
    if (!explained) allDomains(this.scope, premises);
  }

  holds(values: readonly number[]): boolean {
    const n = this.forward.length;
    return areInverse(
      values.slice(0, n).map((value, i) => value + this.forwardShifts[i]!),
      values.slice(n).map((value, j) => value + this.backwardShifts[j]!),
    );
  }
}

/** Variable + shift lies in 0 … n − 1. */
function keepIndices(store: Store, variables: readonly number[], shifts: readonly number[]): boolean {
  for (let i = 0; i < variables.length; i++) {
    const x = variables[i]!;
    if (!store.setMin(x, -shifts[i]!) || !store.setMax(x, variables.length - 1 - shifts[i]!)) return false;
  }
  return true;
}

/** x, the variable at index i, may be j only where the other side's variable at j may be i, and the converse. */
function agree(
  store: Store,
  x: number,
  shift: number,
  i: number,
  others: readonly number[],
  otherShifts: readonly number[],
): boolean {
  for (let j = 0; j < others.length; j++) {
    const value = j - shift;
    const otherValue = i - otherShifts[j]!;
    const possible = store.has(x, value);
    if (possible === store.has(others[j]!, otherValue)) continue;
    if (!(possible ? store.remove(x, value) : store.remove(others[j]!, otherValue))) return false;
  }
  return true;
}

/** x, at some index i, is not j because the other side's variable at j is not i. */
function explainLoss(
  x: number,
  value: number,
  variables: readonly number[],
  shifts: readonly number[],
  others: readonly number[],
  otherShifts: readonly number[],
  before: DomainView,
  premises: Premises,
): boolean {
  for (let i = 0; i < variables.length; i++) {
    if (variables[i] !== x) continue;
    const j = value + shifts[i]!;
    if (j < 0 || j >= others.length) return true; // never an index
    const otherValue = i - otherShifts[j]!;
    if (before.has(others[j]!, otherValue)) continue;
    lacks(others[j]!, [otherValue], before, premises);
    return true;
  }
  return false;
}

/** A variable is fixed to j, whose variable on the other side has lost the index. */
function explainContradiction(
  variables: readonly number[],
  shifts: readonly number[],
  others: readonly number[],
  otherShifts: readonly number[],
  before: DomainView,
  premises: Premises,
): boolean {
  for (let i = 0; i < variables.length; i++) {
    const x = variables[i]!;
    if (!before.isFixed(x)) continue;
    const j = before.min(x) + shifts[i]!;
    const other = others[j];
    if (other === undefined || before.has(other, i - otherShifts[j]!)) continue;
    premises.equal(x, before.min(x));
    lacks(other, [i - otherShifts[j]!], before, premises);
    return true;
  }
  return false;
}
