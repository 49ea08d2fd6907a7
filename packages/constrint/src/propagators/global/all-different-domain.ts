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
 * the first run are left out. Cost: O(m) for the m values of the variables that are not fixed, where the matching of the last run
 * still holds, and O(n·m) in the worst case. A variable that is fixed leaves the graph in this subtree.
 *
 * Source: Régin, "A filtering algorithm for constraints of difference in CSPs", AAAI 1994.
 */
export class AllDifferentDomain implements Propagator {
  readonly name = "all different (domain)";
  readonly priority = Priority.expensive;
  readonly wakes = Events.values;
  private index: ValueIndex | undefined;
  /** The places that take part: those in the graph first, a sparse set whose size is reversible. */
  private places = new Int32Array(0);
  private graphCell = -1;
  private inGraph = 0;
  /** Whether removed values are gone for good, so that a fixed variable's value is no other's. */
  private allExplicit = false;
  /** The edges of a place in the graph: the numbers of its values, from `firstEdges[i]` to `endEdges[i]`. Read at each run. */
  private edges = new Int32Array(0);
  private readonly firstEdges: Int32Array;
  private readonly endEdges: Int32Array;
  private scratch = new Float64Array(0);
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
  private readonly cursors: Int32Array;
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
    this.firstEdges = new Int32Array(n);
    this.endEdges = new Int32Array(n);
    this.matched = new Int32Array(n).fill(-1);
    this.path = new Int32Array(n);
    this.component = new Int32Array(n + 1);
    this.lowLink = new Int32Array(n + 1);
    this.visited = new Int32Array(n + 1);
    this.calls = new Int32Array(n + 1);
    this.cursors = new Int32Array(n + 1);
    this.stack = new Int32Array(n + 1);
  }

  propagate(store: Store): Outcome {
    const index = this.index ?? this.build(store);
    if (store.level === 0) this.allExplicit = this.scope.every((x) => store.isExplicit(x));
    this.inGraph = store.state.cells[this.graphCell]!;
    this.readEdges(store, index);
    if (!this.match(store, index)) return Outcome.failed;
    this.connect();
    return this.filter(store, index);
  }

  private build(store: Store): ValueIndex {
    const { scope, shifts } = this;
    this.places = Int32Array.from(scope.flatMap((x, i) => (store.size(x) <= EXPLICIT_VALUES_LIMIT ? [i] : [])));
    this.graphCell = store.state.allocate(1, this.places.length);
    this.allExplicit = scope.every((x) => store.isExplicit(x));
    const values: number[] = [];
    for (const i of this.places) for (const value of currentValues(store, scope[i]!, shifts[i]!)) values.push(value);
    this.index = new ValueIndex(values);
    this.edges = new Int32Array(values.length);
    this.scratch = new Float64Array(EXPLICIT_VALUES_LIMIT);
    this.owner = new Int32Array(this.index.count).fill(-1);
    this.cameFrom = new Int32Array(this.index.count);
    this.stamps = new Float64Array(this.index.count);
    return this.index;
  }

  private readEdges(store: Store, index: ValueIndex): void {
    const { scope, shifts, places, edges, firstEdges, endEdges, scratch, inGraph } = this;
    let edge = 0;
    for (let k = 0; k < inGraph; k++) {
      const i = places[k]!;
      const shift = shifts[i]!;
      firstEdges[i] = edge;
      const count = store.copyValues(scope[i]!, scratch, 0);
      for (let at = 0; at < count; at++) edges[edge++] = index.of(scratch[at]! + shift);
      endEdges[i] = edge;
    }
  }

  /** Repairs the matching of the last run. */
  private match(store: Store, index: ValueIndex): boolean {
    const { scope, shifts, places, matched, owner, inGraph } = this;
    for (let k = 0; k < inGraph; k++) {
      const i = places[k]!;
      const value = matched[i]!;
      if (value >= 0 && !store.has(scope[i]!, index.values[value]! - shifts[i]!)) {
        owner[value] = -1;
        matched[i] = -1;
      }
    }
    for (let k = 0; k < inGraph; k++) if (matched[places[k]!]! < 0 && !this.augment(places[k]!)) return false;
    return true;
  }

  /** Finds place `start` a value, by breadth-first search for places that can move on to other values. */
  private augment(start: number): boolean {
    const { edges, firstEdges, endEdges, matched, owner, cameFrom, stamps, path } = this;
    const stamp = ++this.stamp;
    path[0] = start;
    for (let head = 0, tail = 1; head < tail; head++) {
      const i = path[head]!;
      const end = endEdges[i]!;
      for (let edge = firstEdges[i]!; edge < end; edge++) {
        const v = edges[edge]!;
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
  private connect(): void {
    const { places, firstEdges, component, lowLink, visited, calls, cursors, stack, inGraph } = this;
    const sink = this.scope.length;
    visited.fill(0);
    component.fill(-1);
    let time = 0;
    let stacked = 0;
    for (let k = 0; k < inGraph; k++) {
      const root = places[k]!;
      if (visited[root] !== 0) continue;
      let depth = 0;
      calls[0] = root;
      while (depth >= 0) {
        const node = calls[depth]!;
        if (visited[node] === 0) {
          visited[node] = lowLink[node] = ++time;
          stack[stacked++] = node;
          cursors[node] = node === sink ? 0 : firstEdges[node]!;
        }
        const next = node === sink ? this.afterSink(node) : this.afterPlace(node);
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
        if (depth >= 0 && lowLink[node]! < lowLink[calls[depth]!]!) lowLink[calls[depth]!] = lowLink[node]!;
      }
    }
  }

  /** The next unvisited successor of a place, or −1; notes those visited in its low link. */
  private afterPlace(i: number): number {
    const { edges, endEdges, cursors, owner, visited, component, lowLink } = this;
    const end = endEdges[i]!;
    let low = lowLink[i]!;
    let found = -1;
    let edge = cursors[i]!;
    while (edge < end && found < 0) {
      const j = owner[edges[edge++]!]!;
      const next = j < 0 ? this.scope.length : j;
      if (visited[next] === 0) found = next;
      else if (component[next]! < 0 && visited[next]! < low) low = visited[next]!;
    }
    cursors[i] = edge;
    lowLink[i] = low;
    return found;
  }

  private afterSink(sink: number): number {
    const { places, cursors, visited, component, lowLink, inGraph } = this;
    while (cursors[sink]! < inGraph) {
      const next = places[cursors[sink]!]!;
      cursors[sink]!++;
      if (visited[next] === 0) return next;
      if (component[next]! < 0 && visited[next]! < lowLink[sink]!) lowLink[sink] = visited[next]!;
    }
    return -1;
  }

  /** Removes the values of places in other components. */
  private filter(store: Store, index: ValueIndex): Outcome {
    const { scope, shifts, places, edges, firstEdges, endEdges, owner, component } = this;
    let outcome: Outcome = Outcome.stable;
    let { inGraph } = this;
    for (let k = inGraph - 1; k >= 0; k--) {
      const i = places[k]!;
      const x = scope[i]!;
      const own = component[i]!;
      const max = store.max(x);
      const end = endEdges[i]!;
      for (let edge = firstEdges[i]!; edge < end; edge++) {
        const j = owner[edges[edge]!]!;
        if (j < 0 || component[j] === own) continue;
        if (!store.remove(x, index.values[edges[edge]!]! - shifts[i]!)) return Outcome.failed;
      }
      // Where values are not kept one by one, the new largest value may be among those that could not be removed.
      if (!this.allExplicit && store.max(x) !== max) outcome = Outcome.changed;
      if (this.allExplicit && store.isFixed(x)) {
        inGraph--;
        places[k] = places[inGraph]!;
        places[inGraph] = i;
      }
    }
    // At the root a domain may yet become explicit.
    if (store.level > 0 && inGraph !== this.inGraph) store.state.set(this.graphCell, inGraph);
    for (const x of scope) if (!store.isFixed(x)) return outcome;
    return Outcome.entailed;
  }

  /** xᵢ ≠ v because of a Hall set: k other variables that have at most k values together, v among them. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { scope, shifts, places, index } = this;
    const { kind, variable } = consequence;
    if (index !== undefined) {
      const others = [...places].filter((i) => kind === undefined || scope[i] !== variable).sort((i, j) => i - j);
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
