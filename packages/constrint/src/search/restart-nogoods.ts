import type { Engine } from "../engine/engine.js";
import { Events } from "../engine/events.js";
import { Outcome, Priority, type Propagator } from "../engine/propagator.js";
import type { EventSink, Store } from "../engine/store.js";
import { DecisionList } from "./branching/decision-list.js";
import type { DecisionPath } from "./decision-path.js";

const NONE = -1;

/**
 * What the runs before a restart have refuted, so that no run looks there again: sets of decisions of which not all may hold.
 *
 * For every decision on the last path whose left side was refuted, that left side together with the left sides that held before
 * it is such a set (a reduced nld-nogood). Propagation makes the last decision of a set false when all others are true, woken
 * by two watched decisions of each set that are not true. Nothing here has to be undone when the search backtracks.
 *
 * Source: Lecoutre, Saïs, Tabary, Vidal: Recording and minimizing nogoods from restarts, JSAT 1, 2007.
 */
export class RestartNogoods implements Propagator, EventSink {
  readonly name = "nogoods of restarts";
  readonly priority = Priority.linear;
  readonly wakes = 0;
  /** Empty: it wakes itself, through {@link notify}, and its failures weigh on no variable. */
  readonly scope: readonly number[] = [];
  private readonly id: number;
  /** All decisions of all sets, set k at starts[k] … starts[k + 1] − 1, the two watched ones first. */
  private readonly decisions = new DecisionList();
  private readonly starts: number[] = [0];
  /** For each variable its first watch, where watch 2k + i is for decision i ∈ {0, 1} of set k. */
  private readonly firstWatches: Int32Array;
  /** For each watch the next one of the same variable. */
  private readonly nextWatches: number[] = [];
  // Variables that changed and whose watches are still to be looked at.
  private readonly changed: Int32Array;
  private readonly isChanged: Uint8Array;
  private changedCount = 0;
  private isRunning = false;

  constructor(private readonly engine: Engine) {
    const { variableCount } = engine.store;
    this.firstWatches = new Int32Array(variableCount).fill(NONE);
    this.changed = new Int32Array(variableCount);
    this.isChanged = new Uint8Array(variableCount);
    this.id = engine.post(this);
    engine.observe(this);
  }

  /** The number of sets kept. */
  get count(): number {
    return this.starts.length - 1;
  }

  /**
   * Adds what a path that is left has refuted; the store is back at the root. Returns false when that rules out everything.
   */
  record(path: DecisionPath): boolean {
    const { store } = this.engine;
    const lefts: number[] = [];
    for (let i = 0; i < path.length; i++) {
      if (!path.isRefuted(i)) lefts.push(i);
      else if (!this.add(store, path, lefts, i)) return false;
    }
    return true;
  }

  propagate(store: Store): Outcome {
    this.isRunning = true;
    while (this.changedCount > 0) {
      const x = this.changed[this.changedCount - 1]!;
      this.changedCount--;
      this.isChanged[x] = 0;
      if (!this.visit(store, x)) {
        this.isRunning = false;
        return Outcome.failed;
      }
    }
    this.isRunning = false;
    return Outcome.stable;
  }

  notify(x: number, events: number): void {
    if ((events & (Events.fixed | Events.bounds)) === 0) return;
    // While it runs, the list of the variable at hand is being rebuilt.
    if (this.firstWatches[x] === NONE && !this.isRunning) return;
    if (this.isChanged[x] === 0) {
      this.isChanged[x] = 1;
      this.changed[this.changedCount++] = x;
    }
    if (!this.isRunning) this.engine.wake(this.id);
  }

  /** Nogoods say nothing of the problem, only of where a search has been. */
  holds(): boolean {
    return true;
  }

  // ------------------------------------------------------------------------------------------------------------- private

  /** Adds one set, without the decisions that are true at the root. */
  private add(store: Store, path: DecisionPath, lefts: readonly number[], refuted: number): boolean {
    const { decisions } = this;
    const start = decisions.length;
    // The last decisions come first: they are the last to become true again, and the best to watch.
    for (let i = lefts.length; i >= 0; i--) {
      const from = i === lefts.length ? refuted : lefts[i]!;
      if (path.decisions.isFalse(store, from)) {
        decisions.length = start; // they never all hold
        return true;
      }
      if (path.decisions.isTrue(store, from)) continue;
      decisions.add(path.decisions.variables[from]!, path.decisions.values[from]!, path.decisions.split(from));
    }
    if (decisions.length === start) return false;
    if (decisions.length === start + 1) {
      decisions.length = start;
      return decisions.negate(store, start);
    }
    const set = this.count;
    this.starts.push(decisions.length);
    this.nextWatches.push(NONE, NONE);
    this.watch(2 * set, decisions.variables[start]!);
    this.watch(2 * set + 1, decisions.variables[start + 1]!);
    return true;
  }

  /** Looks at the sets that watch a decision on x. */
  private visit(store: Store, x: number): boolean {
    const { decisions } = this;
    let watch = this.firstWatches[x]!;
    this.firstWatches[x] = NONE;
    while (watch !== NONE) {
      const next = this.nextWatches[watch]!;
      const start = this.starts[watch >> 1]!;
      const watched = start + (watch & 1);
      const other = start + 1 - (watch & 1);
      if (!decisions.isTrue(store, watched) || decisions.isFalse(store, other)) {
        this.watch(watch, x);
      } else {
        const replacement = this.findNotTrue(store, start + 2, this.starts[(watch >> 1) + 1]!);
        if (replacement === NONE) {
          this.watch(watch, x);
          if (!decisions.negate(store, other)) {
            this.watchAll(next, x);
            return false;
          }
        } else {
          decisions.swap(watched, replacement);
          this.watch(watch, decisions.variables[watched]!);
        }
      }
      watch = next;
    }
    return true;
  }

  private findNotTrue(store: Store, from: number, to: number): number {
    for (let i = from; i < to; i++) if (!this.decisions.isTrue(store, i)) return i;
    return NONE;
  }

  private watch(watch: number, x: number): void {
    this.nextWatches[watch] = this.firstWatches[x]!;
    this.firstWatches[x] = watch;
  }

  private watchAll(first: number, x: number): void {
    for (let watch = first; watch !== NONE; ) {
      const next = this.nextWatches[watch]!;
      this.watch(watch, x);
      watch = next;
    }
  }
}
