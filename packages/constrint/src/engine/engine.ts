import type { IntDomain } from "../domain/int-domain.js";
import { Outcome, type Propagator } from "./propagator.js";
import { PropagationQueue } from "./queue.js";
import { type EventSink, Store } from "./store.js";

/** How a run of all queued propagators ended. */
export const Fixpoint = {
  /** No propagator can narrow further. */
  reached: 0,
  /** A domain is empty or a constraint is false. */
  failed: 1,
  /** {@link Engine.interrupt} asked to stop; the store is sound but not at the fixpoint, and propagating again goes on. */
  interrupted: 2,
} as const;

export type Fixpoint = (typeof Fixpoint)[keyof typeof Fixpoint];

/** Between two questions to {@link Engine.interrupt}, this many propagators run. */
const INTERRUPT_INTERVAL = 64;

/**
 * The variables, the propagators that watch them, and propagation to the fixpoint.
 *
 * Propagators are added first; then `propagate` and the store's levels alternate as a search wants. Nothing is copied and
 * nothing is allocated while propagating.
 */
export class Engine {
  /** How many times a propagator has run. */
  propagations = 0;
  /** The propagator that failed last, or undefined. */
  failedPropagator: Propagator | undefined;
  /** Its number. */
  failedNumber = -1;
  /** Asked now and then while propagating; true stops. */
  interrupt: () => boolean = () => false;
  private readonly propagators: Propagator[] = [];
  private readonly queue = new PropagationQueue();
  private readonly subscriptions: Subscriptions;
  /** For each propagator, a cell of the store's state that is 1 once it is entailed. */
  private readonly entailedCells: number[] = [];
  private sealed = false;
  private untilInterrupt = INTERRUPT_INTERVAL;

  /** @param store the store to work on, without variables */
  constructor(readonly store: Store = new Store()) {
    this.subscriptions = new Subscriptions(this.queue);
    this.store.sink = this.subscriptions;
  }

  /** Adds a variable and returns its number. */
  addVariable(domain: IntDomain): number {
    this.sealed = false;
    return this.store.addVariable(domain);
  }

  /** Adds a variable without bounds, whose value a propagator determines. */
  addUnbounded(): number {
    this.sealed = false;
    return this.store.addUnbounded();
  }

  /** Adds a propagator, to run for the first time at the next `propagate`, and returns its number. Root level only. */
  post(propagator: Propagator): number {
    this.sealed = false;
    this.entailedCells.push(this.store.state.allocate(1, 0));
    return this.propagators.push(propagator) - 1;
  }

  /** Queues the propagator of this number, for one that watches events by an observer of its own. */
  wake(id: number): void {
    this.queue.add(id, this.propagators[id]!.priority);
  }

  /** The propagators so far, in the order in which they were posted. */
  get posted(): readonly Propagator[] {
    return this.propagators;
  }

  /** Runs the queued propagators until none is left, or one fails, or the interrupt says so. */
  propagate(): Fixpoint {
    for (;;) {
      const step = this.propagateNext();
      if (step !== undefined) return step;
    }
  }

  /** Runs the next queued propagator; undefined says that it has not failed and that others may be queued. */
  propagateNext(): Fixpoint | undefined {
    if (!this.sealed) this.seal();
    const { store, queue, entailedCells, subscriptions } = this;
    const id = queue.take();
    if (id < 0) return Fixpoint.reached;
    if (store.state.cells[entailedCells[id]!] === 1) return undefined;
    const propagator = this.propagators[id]!;
    this.propagations++;
    subscriptions.running = id;
    subscriptions.wokeRunning = false;
    store.cause = id;
    const outcome = propagator.propagate(store);
    store.cause = -1;
    subscriptions.running = -1;
    if (outcome === Outcome.failed) {
      this.failedPropagator = propagator;
      this.failedNumber = id;
      queue.clear();
      return Fixpoint.failed;
    }
    if (outcome === Outcome.entailed) store.state.set(entailedCells[id]!, 1);
    else if (outcome === Outcome.changed && subscriptions.wokeRunning) queue.add(id, propagator.priority);
    if (--this.untilInterrupt === 0) {
      this.untilInterrupt = INTERRUPT_INTERVAL;
      if (this.interrupt()) return Fixpoint.interrupted;
    }
    return undefined;
  }

  /** The propagator of this number, see {@link Store.cause}. */
  propagator(id: number): Propagator {
    return this.propagators[id]!;
  }

  /** For each variable, the number of propagators that have it in their scope. */
  degrees(): Float64Array {
    const degrees = new Float64Array(this.store.variableCount);
    for (const { scope } of this.propagators) for (const x of new Set(scope)) degrees[x]!++;
    return degrees;
  }

  /** Tells an observer, too, of every event from now on. */
  observe(observer: EventSink): void {
    const { sink } = this.store;
    this.store.sink = {
      notify(variable, events) {
        sink.notify(variable, events);
        observer.notify(variable, events);
      },
    };
  }

  /** Forgets what is queued, for a level that is about to be closed. */
  clearQueue(): void {
    this.queue.clear();
  }

  /** Keeps the values of every variable one by one where there are no more than the limit. Root level only. */
  makeExplicit(limit?: number): void {
    for (let x = 0; x < this.store.variableCount; x++) this.store.makeExplicit(x, limit);
  }

  /** Queues every propagator, as after a change to how domains are kept. */
  queueAll(): void {
    const { propagators, queue } = this;
    for (let id = 0; id < propagators.length; id++) queue.add(id, propagators[id]!.priority);
  }

  private seal(): void {
    this.queue.clear();
    this.queue.reserve(this.propagators.length);
    this.subscriptions.rebuild(this.store.variableCount, this.propagators);
    this.queueAll();
    this.sealed = true;
  }
}

// An entry of the subscriptions: a propagator's number, its priority and the events that wake it, in one word.
const EVENT_BITS = 5; // see Events
const PRIORITY_BITS = 2;
const PRIORITY_MASK = 2 ** PRIORITY_BITS - 1;
const NUMBER_SHIFT = EVENT_BITS + PRIORITY_BITS;

/**
 * Which propagators each variable's events wake, as one flat array: for variable x, the entries from `starts[x]` to
 * `starts[x + 1]`.
 *
 * @internal
 */
class Subscriptions implements EventSink {
  /** The propagator that is running, or −1: its own narrowings do not queue it, but are noted. */
  running = -1;
  wokeRunning = false;
  private starts = new Int32Array(1);
  private entries = new Int32Array(0);
  private readonly queue: PropagationQueue;

  constructor(queue: PropagationQueue) {
    this.queue = queue;
  }

  rebuild(variableCount: number, propagators: readonly Propagator[]): void {
    // Counts each variable's entries, then puts them where its part of the array begins.
    const starts = new Int32Array(variableCount + 1);
    this.forEachEntry(propagators, variableCount, (x) => {
      starts[x + 1]!++;
    });
    for (let x = 0; x < variableCount; x++) starts[x + 1]! += starts[x]!;
    const ends = starts.slice();
    const entries = new Int32Array(starts[variableCount]!);
    this.forEachEntry(propagators, variableCount, (x, entry) => {
      entries[ends[x]!++] = entry;
    });
    this.starts = starts;
    this.entries = entries;
  }

  /** Visits one entry for each variable of each propagator's scope, or each place where these have events of their own. */
  private forEachEntry(
    propagators: readonly Propagator[],
    variableCount: number,
    visit: (x: number, entry: number) => void,
  ): void {
    const lastSeenBy = new Int32Array(variableCount).fill(-1);
    for (let id = 0; id < propagators.length; id++) {
      const { scope, priority, wakes, wakesEach } = propagators[id]!;
      const entry = (id << NUMBER_SHIFT) | (priority << EVENT_BITS);
      for (let i = 0; i < scope.length; i++) {
        const x = scope[i]!;
        if (wakesEach === undefined && lastSeenBy[x] === id) continue;
        lastSeenBy[x] = id;
        visit(x, entry | (wakesEach === undefined ? wakes : wakesEach[i]!));
      }
    }
  }

  notify(variable: number, events: number): void {
    const { entries, running } = this;
    const end = this.starts[variable + 1]!;
    for (let i = this.starts[variable]!; i < end; i++) {
      const entry = entries[i]!;
      if ((entry & events) === 0) continue;
      const propagator = entry >> NUMBER_SHIFT;
      if (propagator === running) this.wokeRunning = true;
      else this.queue.add(propagator, (entry >> EVENT_BITS) & PRIORITY_MASK);
    }
  }
}
