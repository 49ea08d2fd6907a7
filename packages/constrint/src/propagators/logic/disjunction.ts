import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/**
 * At least one branch holds, where a branch is a conjunction of propagators.
 *
 * Consistency: constructive. Every branch that is not yet refuted is propagated to its own fixpoint on a level of its own,
 * which is closed again; what none of them leaves (beyond its bounds, or an explicit value) is removed. The last
 * branch is propagated in place. Cost: a propagation of each open branch a run.
 */
export class Disjunction implements Propagator {
  readonly name = "disjunction";
  readonly isDisjunctive = true;
  readonly priority = Priority.expensive;
  readonly wakes: number;
  readonly scope: readonly number[];
  /** The state's cell that is 1 once branch i is refuted: firstRefuted + i. Allocated at the first run. */
  private firstRefuted = -1;
  // What the branches propagated so far agree on, for each variable of the scope.
  private readonly unionMin: Float64Array;
  private readonly unionMax: Float64Array;
  /** The same for explicit values: the words of all variables of the scope, one after the other. */
  private unionWords = new Int32Array(0);

  constructor(readonly branches: readonly (readonly Propagator[])[]) {
    const all = branches.flat();
    this.scope = [...new Set(all.flatMap((propagator) => propagator.scope))];
    this.wakes = all.reduce((wakes, propagator) => wakes | propagator.wakes, 0);
    this.unionMin = new Float64Array(this.scope.length);
    this.unionMax = new Float64Array(this.scope.length);
  }

  propagate(store: Store): Outcome {
    if (this.firstRefuted < 0) this.firstRefuted = store.state.allocate(this.branches.length, 0);
    const before = store.changes;
    let open = 0;
    let last = -1;
    for (let i = 0; i < this.branches.length; i++) {
      if (this.isRefuted(store, i)) continue;
      open++;
      last = i;
    }
    if (open > 1) {
      open = 0;
      this.clearUnion(store);
      for (let i = 0; i < this.branches.length; i++) {
        if (this.isRefuted(store, i)) continue;
        const outcome = this.probe(store, i, open === 0);
        if (outcome === Outcome.entailed) return Outcome.entailed;
        if (outcome === Outcome.failed) {
          store.state.set(this.firstRefuted + i, 1);
          continue;
        }
        open++;
        last = i;
      }
    }
    if (open === 0) return Outcome.failed;
    if (open === 1) return propagateTogether(store, this.branches[last]!);
    if (!this.narrowToUnion(store)) return Outcome.failed;
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  private isRefuted(store: Store, branch: number): boolean {
    return store.state.cells[this.firstRefuted + branch] === 1;
  }

  /** Propagates a branch on a level of its own and adds the bounds it leaves to the union. */
  private probe(store: Store, branch: number, first: boolean): Outcome {
    const { scope, unionMin, unionMax } = this;
    const before = store.changes;
    store.push();
    const sink = store.sink;
    store.sink = silence;
    const outcome = propagateTogether(store, this.branches[branch]!);
    store.sink = sink;
    if (outcome !== Outcome.failed) {
      for (let i = 0; i < scope.length; i++) {
        const min = store.min(scope[i]!);
        const max = store.max(scope[i]!);
        if (first || min < unionMin[i]!) unionMin[i] = min;
        if (first || max > unionMax[i]!) unionMax[i] = max;
      }
      let word = 0;
      for (const x of scope) {
        const words = store.wordCount(x);
        if (words > 0) store.addValuesTo(x, this.unionWords, word);
        word += words;
      }
    }
    const narrowed = store.changes !== before;
    store.pop();
    store.changes = before; // the store is what it was
    // A branch that had to narrow something is not true for all values.
    return outcome === Outcome.entailed && narrowed ? Outcome.stable : outcome;
  }

  private clearUnion(store: Store): void {
    // Variables become explicit at the root level only, so this allocates a few times at most.
    let words = 0;
    for (const x of this.scope) words += store.wordCount(x);
    if (words === this.unionWords.length) this.unionWords.fill(0);
    else this.unionWords = new Int32Array(words);
  }

  private narrowToUnion(store: Store): boolean {
    let word = 0;
    for (let i = 0; i < this.scope.length; i++) {
      const x = this.scope[i]!;
      if (!store.setMin(x, this.unionMin[i]!) || !store.setMax(x, this.unionMax[i]!)) return false;
      const words = store.wordCount(x);
      if (words > 0 && !store.keepValuesOf(x, this.unionWords, word)) return false;
      word += words;
    }
    return true;
  }

  holds(values: readonly number[]): boolean {
    return this.branches.some((branch) =>
      branch.every((propagator) => propagator.holds(propagator.scope.map((x) => values[this.scope.indexOf(x)]!))),
    );
  }
}

const silence = { notify(): void {} };

/** Runs a conjunction's propagators until nothing changes. Entailed when all of them are. */
function propagateTogether(store: Store, propagators: readonly Propagator[]): Outcome {
  for (;;) {
    const before = store.changes;
    let entailed = true;
    for (const propagator of propagators) {
      const outcome = propagator.propagate(store);
      if (outcome === Outcome.failed) return Outcome.failed;
      if (outcome !== Outcome.entailed) entailed = false;
    }
    if (entailed) return Outcome.entailed;
    if (store.changes === before) return Outcome.stable;
  }
}
