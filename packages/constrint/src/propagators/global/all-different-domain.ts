import { lowestBit } from "../../domain/bits.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { EXPLICIT_VALUES_LIMIT } from "../../engine/store.js";
import { explainByHallSet } from "../explanation/hall-set.js";
import { allDomains, explainByValues } from "../explanation/premises.js";
import { areAllDifferent } from "./all-different-values.js";
import { ValueRows } from "./value-rows.js";

/** What {@link AllDifferentDomain} notes of a place instead of a time of visit: its values lead to one that no place has. */
const REACHES_FREE = -1;

/**
 * xᵢ + sᵢ ≠ xⱼ + sⱼ for i ≠ j, by matching variables to values.
 *
 * A value is possible where some matching that covers all variables uses it. Given one such matching, let place i lead to place
 * j where xᵢ may take j's value. The places that lead to one which may take a free value can all free theirs, and each of them may
 * take those and the free ones. Of the others, i may take j's value in some matching exactly where i and j are strongly connected.
 *
 * Consistency: domain, where domains are explicit; of the others only bounds move; the terms of a variable that occurs twice are
 * taken as different ones. Variables that have more than 4096 values at
 * the first run are left out. Cost: sets are bits of words, so that w = ⌈values/32⌉ words hold one; O(n·w + m) where the matching
 * of the last run still holds, for n variables that are not fixed and the m values they have within their components, and O(n²·w)
 * in the worst case. A variable that is fixed leaves the graph in this subtree.
 *
 * Source: Régin, "A filtering algorithm for constraints of difference in CSPs", AAAI 1994.
 */
export class AllDifferentDomain implements Propagator {
  readonly name = "all different (domain)";
  readonly priority = Priority.expensive;
  readonly wakes = Events.values;
  private rows: ValueRows | undefined;
  /** The places that take part: those in the graph first, a sparse set whose size is reversible. */
  private places = new Int32Array(0);
  private graphCell = -1;
  private inGraph = 0;
  /** Whether removed values are gone for good, so that a fixed variable's value is no other's. */
  private allExplicit = false;
  private readonly hasRepeats: boolean;
  /** Whether this run moved a bound of a variable whose values are not kept one by one. */
  private movedBound = false;
  /** For each place the number of its matched value, for each value its place; −1 for none. Checked again at each run. */
  private readonly matched: Int32Array;
  private owner = new Int32Array(0);
  /** The place from which the search for an augmenting path came to a value. */
  private cameFrom = new Int32Array(0);
  private readonly path: Int32Array;
  // Sets of values: those of no place in the graph, those that a search has seen, those of places that were not visited yet, those
  // of places on the stack, and those that a component's places may take.
  private free = new Int32Array(0);
  private seen = new Int32Array(0);
  private unvisited = new Int32Array(0);
  private stacked = new Int32Array(0);
  private allowed = new Int32Array(0);
  // Tarjan's algorithm: when a place was visited (0: not yet), and the earliest place on the stack that it leads to.
  private readonly visited: Int32Array;
  private readonly lowLink: Int32Array;
  private readonly calls: Int32Array;
  /** The word of its row up to which a place has no unvisited value. */
  private readonly cursors: Int32Array;
  private readonly stack: Int32Array;
  /** 1 for a place that is alone in its component: this run fixes it. */
  private readonly isAlone: Uint8Array;

  /**
   * @param scope variables; one that occurs twice has different shifts
   * @param shifts the constant sᵢ added to each
   */
  constructor(
    readonly scope: readonly number[],
    private readonly shifts: readonly number[],
  ) {
    const n = scope.length;
    this.hasRepeats = new Set(scope).size < n;
    this.matched = new Int32Array(n).fill(-1);
    this.path = new Int32Array(n);
    this.visited = new Int32Array(n);
    this.lowLink = new Int32Array(n);
    this.calls = new Int32Array(n);
    this.cursors = new Int32Array(n);
    this.stack = new Int32Array(n);
    this.isAlone = new Uint8Array(n);
  }

  propagate(store: Store): Outcome {
    const rows = this.rows ?? this.build(store);
    // At the root a domain may yet become explicit.
    if (store.level === 0 && !this.allExplicit) this.allExplicit = this.scope.every((x) => store.isExplicit(x));
    this.inGraph = store.state.cells[this.graphCell]!;
    const before = store.changes;
    const { places, inGraph } = this;
    for (let k = 0; k < inGraph; k++) rows.read(store, places[k]!);
    if (!this.match(rows)) return Outcome.failed;
    this.movedBound = false;
    if (!this.filterReachingFree(store, rows) || !this.filterComponents(store, rows)) return Outcome.failed;
    this.leaveGraph(store);
    // A removal of a variable that occurs twice is news for its other place.
    if (this.movedBound || (this.hasRepeats && store.changes !== before)) return Outcome.changed;
    return this.areAllFixed(store) ? Outcome.entailed : Outcome.stable;
  }

  private areAllFixed(store: Store): boolean {
    const { scope } = this;
    // A place that stayed in the graph is mostly not fixed.
    if (this.inGraph > 0 && !store.isFixed(scope[this.places[0]!]!)) return false;
    for (let i = 0; i < scope.length; i++) if (!store.isFixed(scope[i]!)) return false;
    return true;
  }

  private build(store: Store): ValueRows {
    const { scope, shifts } = this;
    this.places = Int32Array.from(scope.flatMap((x, i) => (store.size(x) <= EXPLICIT_VALUES_LIMIT ? [i] : [])));
    this.graphCell = store.state.allocate(1, this.places.length);
    this.allExplicit = scope.every((x) => store.isExplicit(x));
    const rows = new ValueRows(store, scope, shifts, this.places);
    const { count } = rows.index;
    this.owner = new Int32Array(count).fill(-1);
    this.cameFrom = new Int32Array(count);
    this.free = new Int32Array(rows.width);
    this.seen = new Int32Array(rows.width);
    this.unvisited = new Int32Array(rows.width);
    this.stacked = new Int32Array(rows.width);
    this.allowed = new Int32Array(rows.width);
    this.rows = rows;
    return rows;
  }

  /** Repairs the matching of the last run, and notes the values that are free. */
  private match(rows: ValueRows): boolean {
    const { places, matched, owner, free, inGraph } = this;
    free.fill(-1);
    let open = 0;
    for (let k = 0; k < inGraph; k++) {
      const i = places[k]!;
      const v = matched[i]!;
      if (v >= 0 && rows.has(i, v)) {
        removeBit(free, v);
        continue;
      }
      if (v >= 0) owner[v] = -1;
      matched[i] = -1;
      open++;
    }
    for (let k = 0; open > 0; k++) {
      if (matched[places[k]!]! >= 0) continue;
      if (!this.augment(rows, places[k]!)) return false;
      open--;
    }
    return true;
  }

  /** Finds place `start` a value, by breadth-first search for places that can move on to other values. */
  private augment(rows: ValueRows, start: number): boolean {
    const { words, width, firstWords, lastWords } = rows;
    const { matched, owner, cameFrom, seen, free, path } = this;
    seen.fill(0);
    path[0] = start;
    for (let head = 0, tail = 1; head < tail; head++) {
      const i = path[head]!;
      const row = width * i;
      const last = lastWords[i]!;
      for (let word = firstWords[i]!; word <= last; word++) {
        const bits = words[row + word]! & ~seen[word]!;
        if (bits === 0) continue;
        const found = bits & free[word]!;
        if (found !== 0) {
          const v = 32 * word + lowestBit(found);
          cameFrom[v] = i;
          removeBit(free, v);
          for (let next = v; ; ) {
            const place = cameFrom[next]!;
            const left = matched[place]!;
            matched[place] = next;
            owner[next] = place;
            if (place === start) return true;
            next = left;
          }
        }
        seen[word]! |= bits;
        for (let rest = bits; rest !== 0; rest &= rest - 1) {
          const v = 32 * word + lowestBit(rest);
          cameFrom[v] = i;
          path[tail++] = owner[v]!;
        }
      }
    }
    return false;
  }

  /** Treats the places that lead to a free value: they lose the values of those that do not. Marks the others as not visited. */
  private filterReachingFree(store: Store, rows: ValueRows): boolean {
    const { places, matched, visited, isAlone, unvisited, allowed, free, inGraph } = this;
    allowed.set(free);
    unvisited.fill(0);
    for (let k = 0; k < inGraph; k++) visited[places[k]!] = isAlone[places[k]!] = 0;
    let reaching = 0;
    for (let before = -1; before !== reaching; ) {
      before = reaching;
      for (let k = 0; k < inGraph; k++) {
        const i = places[k]!;
        if (visited[i] !== 0 || !meets(rows, i, allowed)) continue;
        visited[i] = REACHES_FREE;
        addBit(allowed, matched[i]!);
        reaching++;
      }
    }
    for (let k = 0; k < inGraph; k++) {
      const i = places[k]!;
      if (visited[i] === 0) addBit(unvisited, matched[i]!);
      else if (!this.keep(store, rows, i)) return false;
    }
    return true;
  }

  /** Treats each strongly connected component of the other places, found by Tarjan's algorithm without recursion. */
  private filterComponents(store: Store, rows: ValueRows): boolean {
    const { places, matched, owner, visited, lowLink, calls, cursors, stack, stacked, unvisited, inGraph } = this;
    stacked.fill(0);
    let time = 0;
    let stackSize = 0;
    for (let k = 0; k < inGraph; k++) {
      if (visited[places[k]!] !== 0) continue;
      let depth = 0;
      let next = places[k]!;
      while (depth >= 0) {
        if (next >= 0) {
          calls[depth] = next;
          visited[next] = lowLink[next] = ++time;
          cursors[next] = rows.firstWords[next]!;
          stack[stackSize++] = next;
          removeBit(unvisited, matched[next]!);
          addBit(stacked, matched[next]!);
        }
        const node = calls[depth]!;
        const v = this.nextUnvisited(rows, node);
        if (v >= 0) {
          depth++;
          next = owner[v]!;
          continue;
        }
        next = -1;
        const low = this.earliestOnStack(rows, node);
        if (low === visited[node]) {
          const end = stackSize;
          while (stack[--stackSize] !== node);
          if (!this.filterComponent(store, rows, stackSize, end)) return false;
        }
        depth--;
        if (depth >= 0 && low < lowLink[calls[depth]!]!) lowLink[calls[depth]!] = low;
      }
    }
    return true;
  }

  /** A value of a place in the graph that was not visited, or −1. */
  private nextUnvisited(rows: ValueRows, i: number): number {
    const { cursors, unvisited } = this;
    const row = rows.width * i;
    const last = rows.lastWords[i]!;
    for (let word = cursors[i]!; word <= last; word++) {
      const bits = rows.words[row + word]! & unvisited[word]!;
      if (bits === 0) continue;
      cursors[i] = word;
      return 32 * word + lowestBit(bits);
    }
    cursors[i] = last + 1;
    return -1;
  }

  /** When the earliest place on the stack was visited to which place i leads by itself or by those it called. */
  private earliestOnStack(rows: ValueRows, i: number): number {
    const { owner, visited, stacked } = this;
    let low = this.lowLink[i]!;
    const row = rows.width * i;
    const last = rows.lastWords[i]!;
    for (let word = rows.firstWords[i]!; word <= last; word++) {
      for (let bits = rows.words[row + word]! & stacked[word]!; bits !== 0; bits &= bits - 1) {
        const time = visited[owner[32 * word + lowestBit(bits)]!]!;
        if (time < low) low = time;
      }
    }
    return low;
  }

  /** The places on the stack from `from` to before `end` are a component: they keep each other's values alone. */
  private filterComponent(store: Store, rows: ValueRows, from: number, end: number): boolean {
    const { stack, matched, stacked, allowed, isAlone } = this;
    allowed.fill(0);
    for (let at = from; at < end; at++) {
      const v = matched[stack[at]!]!;
      removeBit(stacked, v);
      addBit(allowed, v);
    }
    if (end - from === 1) isAlone[stack[from]!] = 1;
    for (let at = from; at < end; at++) if (!this.keep(store, rows, stack[at]!)) return false;
    return true;
  }

  /** Removes all values of a place but those that are allowed. */
  private keep(store: Store, rows: ValueRows, i: number): boolean {
    const { scope, shifts, allowed } = this;
    const x = scope[i]!;
    const max = store.max(x);
    const row = rows.width * i;
    const last = rows.lastWords[i]!;
    for (let word = rows.firstWords[i]!; word <= last; word++) {
      for (let bits = rows.words[row + word]! & ~allowed[word]!; bits !== 0; bits &= bits - 1) {
        const value = rows.index.values[32 * word + lowestBit(bits)]!;
        if (!store.remove(x, value - shifts[i]!)) return false;
      }
    }
    // Where values are not kept one by one, the new largest value may be among those that could not be removed.
    if (!this.allExplicit && store.max(x) !== max) this.movedBound = true;
    return true;
  }

  /** Takes the places that are fixed out of the graph: no other place has their value any more. */
  private leaveGraph(store: Store): void {
    if (!this.allExplicit) return;
    const { places, isAlone } = this;
    let { inGraph } = this;
    for (let k = inGraph - 1; k >= 0; k--) {
      const i = places[k]!;
      if (isAlone[i] === 0) continue;
      inGraph--;
      places[k] = places[inGraph]!;
      places[inGraph] = i;
    }
    if (inGraph !== this.inGraph) store.state.set(this.graphCell, inGraph);
  }

  /** xᵢ ≠ v because of a Hall set: k other variables that have at most k values together, v among them. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { scope, shifts, rows } = this;
    const { kind, variable } = consequence;
    if (rows !== undefined) {
      const places = [...this.places].sort((i, j) => i - j);
      const cannotMatch = (own: number, taken?: number): boolean =>
        explainByHallSet(
          scope,
          shifts,
          places.filter((i) => i !== own),
          rows.index,
          taken,
          before,
          premises,
        );
      const explained =
        kind === undefined
          ? cannotMatch(-1)
          : explainByValues(consequence, before, premises, (lost) =>
              places.some((i) => scope[i] === variable && cannotMatch(i, lost + shifts[i]!)),
            );
      if (explained) return;
    }
    allDomains(scope, premises);
  }

  holds(values: readonly number[]): boolean {
    return areAllDifferent(values.map((value, i) => value + this.shifts[i]!));
  }
}

/** Whether row i has a value of a set. */
function meets(rows: ValueRows, i: number, set: Int32Array): boolean {
  const row = rows.width * i;
  const last = rows.lastWords[i]!;
  for (let word = rows.firstWords[i]!; word <= last; word++)
    if ((rows.words[row + word]! & set[word]!) !== 0) return true;
  return false;
}

function addBit(set: Int32Array, v: number): void {
  set[v >> 5]! |= 1 << (v & 31);
}

function removeBit(set: Int32Array, v: number): void {
  set[v >> 5]! &= ~(1 << (v & 31));
}
