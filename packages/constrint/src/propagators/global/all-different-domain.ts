import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { EXPLICIT_VALUES_LIMIT } from "../../engine/store.js";
import { explainByHallSet } from "../explanation/hall-set.js";
import { allDomains, explainByValues } from "../explanation/premises.js";
import { areAllDifferent } from "./all-different-values.js";
import { currentValues, ValueIndex } from "./value-index.js";

/**
 * xᵢ + sᵢ ≠ xⱼ + sⱼ for i ≠ j, by matching variables to values.
 *
 * A value is possible where some matching that covers all variables uses it. Given one such matching, let place i lead to place
 * j where xᵢ may take j's value, let i lead to the sink where it may take a value that is free, and the sink to all places: i may
 * take j's value in some matching exactly where i and j are strongly connected.
 *
 * Consistency: domain, where domains are explicit; of the others only bounds move. Variables that have more than 4096 values at
 * the first run are left out. Cost: O(n·m) for m values in all domains together in the worst case, O(m) where the matching of
 * the last run still holds.
 *
 * Source: Régin, "A filtering algorithm for constraints of difference in CSPs", AAAI 1994.
 */
export class AllDifferentDomain implements Propagator {
  readonly name = "all different (domain)";
  readonly priority = Priority.expensive;
  readonly wakes = Events.values;
  /** The places that take part. */
  private places: readonly number[] = [];
  private index: ValueIndex | undefined;
  /** For each place the number of its matched value, for each value its place; −1 for none. Checked again at each run. */
  private readonly matched: Int32Array;
  private owner = new Int32Array(0);
  /** The place from which the search for an augmenting path came to a value, valid where the stamp is current. */
  private cameFrom = new Int32Array(0);
  private stamps = new Float64Array(0);
  private stamp = 0;
  private readonly path: Int32Array;
  // Tarjan's algorithm; the sink has the number n.
  private readonly component: Int32Array;
  private readonly lowLink: Int32Array;
  private readonly visited: Int32Array;
  private readonly calls: Int32Array;
  private readonly cursors: Float64Array;
  private readonly stack: Int32Array;

  /**
   * @param scope distinct variables
   * @param shifts the constant sᵢ added to each
   */
  constructor(
    readonly scope: readonly number[],
    private readonly shifts: readonly number[],
  ) {
    const n = scope.length;
    this.matched = new Int32Array(n).fill(-1);
    this.path = new Int32Array(n);
    this.component = new Int32Array(n + 1);
    this.lowLink = new Int32Array(n + 1);
    this.visited = new Int32Array(n + 1);
    this.calls = new Int32Array(n + 1);
    this.cursors = new Float64Array(n + 1);
    this.stack = new Int32Array(n + 1);
  }

  propagate(store: Store): Outcome {
    const index = this.index ?? this.build(store);
    if (!this.match(store, index)) return Outcome.failed;
    this.connect(store, index);
    return this.filter(store, index);
  }

  private build(store: Store): ValueIndex {
    const { scope, shifts } = this;
    this.places = scope.flatMap((x, i) => (store.size(x) <= EXPLICIT_VALUES_LIMIT ? [i] : []));
    const all = this.places.flatMap((i) => [...currentValues(store, scope[i]!, shifts[i]!)]);
    this.index = new ValueIndex(all);
    this.owner = new Int32Array(this.index.count).fill(-1);
    this.cameFrom = new Int32Array(this.index.count);
    this.stamps = new Float64Array(this.index.count);
    return this.index;
  }

  /** Repairs the matching of the last run. */
  private match(store: Store, index: ValueIndex): boolean {
    const { scope, shifts, matched, owner } = this;
    for (const i of this.places) {
      const value = matched[i]!;
      if (value >= 0 && !store.has(scope[i]!, index.values[value]! - shifts[i]!)) {
        owner[value] = -1;
        matched[i] = -1;
      }
    }
    for (const i of this.places) if (matched[i]! < 0 && !this.augment(store, index, i)) return false;
    return true;
  }

  /** Finds place `start` a value, by breadth-first search for places that can move on to other values. */
  private augment(store: Store, index: ValueIndex, start: number): boolean {
    const { scope, shifts, matched, owner, cameFrom, stamps, path } = this;
    const stamp = ++this.stamp;
    path[0] = start;
    for (let head = 0, tail = 1; head < tail; head++) {
      const i = path[head]!;
      const x = scope[i]!;
      for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
        const v = index.of(value + shifts[i]!);
        if (stamps[v] === stamp) continue;
        stamps[v] = stamp;
        cameFrom[v] = i;
        if (owner[v]! >= 0) {
          path[tail++] = owner[v]!;
          continue;
        }
        for (let free = v; ; ) {
          const place = cameFrom[free]!;
          const left = matched[place]!;
          matched[place] = free;
          owner[free] = place;
          if (place === start) return true;
          free = left;
        }
      }
    }
    return false;
  }

  /** Numbers the strongly connected components, by Tarjan's algorithm without recursion. */
  private connect(store: Store, index: ValueIndex): void {
    const { scope, places, component, lowLink, visited, calls, cursors, stack } = this;
    const sink = scope.length;
    visited.fill(0);
    component.fill(-1);
    let time = 0;
    let stacked = 0;
    for (const root of places) {
      if (visited[root] !== 0) continue;
      let depth = 0;
      calls[0] = root;
      while (depth >= 0) {
        const node = calls[depth]!;
        if (visited[node] === 0) {
          visited[node] = lowLink[node] = ++time;
          stack[stacked++] = node;
          cursors[node] = node === sink ? 0 : store.min(scope[node]!);
        }
        const next = node === sink ? this.afterSink(node) : this.afterPlace(store, index, node);
        if (next >= 0) {
          calls[++depth] = next;
          continue;
        }
        if (lowLink[node] === visited[node]) {
          let member: number;
          do {
            member = stack[--stacked]!;
            component[member] = node;
          } while (member !== node);
        }
        depth--;
        if (depth >= 0) lowLink[calls[depth]!] = Math.min(lowLink[calls[depth]!]!, lowLink[node]!);
      }
    }
  }

  /** The next unvisited successor of a place, or −1; notes those visited in its low link. */
  private afterPlace(store: Store, index: ValueIndex, i: number): number {
    const { scope, shifts, cursors, owner } = this;
    const x = scope[i]!;
    for (let value = cursors[i]!; value !== Infinity; ) {
      const j = owner[index.of(value + shifts[i]!)]!;
      value = store.next(x, value);
      cursors[i] = value;
      const next = j < 0 ? scope.length : j;
      if (this.visited[next] === 0) return next;
      this.noteVisited(i, next);
    }
    return -1;
  }

  private afterSink(sink: number): number {
    const { places, cursors } = this;
    while (cursors[sink]! < places.length) {
      const next = places[cursors[sink]!]!;
      cursors[sink]!++;
      if (this.visited[next] === 0) return next;
      this.noteVisited(sink, next);
    }
    return -1;
  }

  private noteVisited(node: number, next: number): void {
    if (this.component[next]! < 0) this.lowLink[node] = Math.min(this.lowLink[node]!, this.visited[next]!);
  }

  /** Removes the values of places in other components. */
  private filter(store: Store, index: ValueIndex): Outcome {
    const { scope, shifts, owner, component } = this;
    let open = this.places.length < scope.length;
    let outcome: Outcome = Outcome.stable;
    for (const i of this.places) {
      const x = scope[i]!;
      if (store.isFixed(x)) continue;
      open = true;
      const max = store.max(x);
      for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
        const j = owner[index.of(value + shifts[i]!)]!;
        if (j >= 0 && component[j] !== component[i] && !store.remove(x, value)) return Outcome.failed;
      }
      // Where values are not kept one by one, the new largest value may be among those that could not be removed.
      if (store.max(x) !== max && !store.isExplicit(x)) outcome = Outcome.changed;
    }
    return open ? outcome : Outcome.entailed;
  }

  /** xᵢ ≠ v because of a Hall set: k other variables that have at most k values together, v among them. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { scope, shifts, places, index } = this;
    const { kind, variable } = consequence;
    if (index !== undefined) {
      const others = kind === undefined ? places : places.filter((i) => scope[i] !== variable);
      const shareValues = (taken: number | undefined): boolean =>
        explainByHallSet(scope, shifts, others, index, taken, before, premises);
      const explained =
        kind === undefined
          ? shareValues(undefined)
          : explainByValues(consequence, before, premises, (lost) =>
              shareValues(lost + shifts[scope.indexOf(variable)]!),
            );
      if (explained) return;
    }
    allDomains(scope, premises);
  }

  holds(values: readonly number[]): boolean {
    return areAllDifferent(values.map((value, i) => value + this.shifts[i]!));
  }
}
