import { Events } from "../../engine/events.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/** Whether following successors[i] from 0 leads through all indices and back to 0. */
export function isCircuit(successors: readonly number[]): boolean {
  let at = 0;
  for (let step = 1; step <= successors.length; step++) {
    at = successors[at] ?? -1;
    if (at === 0) return step === successors.length;
  }
  return successors.length === 0;
}

/**
 * successors[i] (variable + shift), as a map from 0 … n − 1 to itself, is one cycle through all indices. That no two successors
 * are equal is left to another propagator until all are fixed.
 *
 * A chain of fixed successors does not close before it holds all indices, and the graph of possible successors is strongly
 * connected.
 *
 * Consistency: these two rules, weaker than domain (which is NP-hard); decides full assignments. Cost: O(n + m) a run for m
 * possible successors.
 *
 * Source: Caseau, Laburthe, "Solving small TSPs with constraints", ICLP 1997; the connectivity test is Tarjan's.
 */
export class Circuit implements Propagator {
  readonly name = "circuit";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  private readonly hasPredecessor: Uint8Array;
  // Tarjan's algorithm.
  private readonly visited: Int32Array;
  private readonly lowLink: Int32Array;
  private readonly path: Int32Array;
  private readonly cursors: Float64Array;

  constructor(
    readonly scope: readonly number[],
    private readonly shifts: readonly number[],
  ) {
    const n = scope.length;
    this.hasPredecessor = new Uint8Array(n);
    this.visited = new Int32Array(n);
    this.lowLink = new Int32Array(n);
    this.path = new Int32Array(n);
    this.cursors = new Float64Array(n);
  }

  propagate(store: Store): Outcome {
    const { scope, shifts } = this;
    const n = scope.length;
    const before = store.changes;
    for (let i = 0; i < n; i++) {
      if (!store.setMin(scope[i]!, -shifts[i]!) || !store.setMax(scope[i]!, n - 1 - shifts[i]!)) return Outcome.failed;
      if (n > 1 && !store.remove(scope[i]!, i - shifts[i]!)) return Outcome.failed;
    }
    if (!this.keepChainsOpen(store) || !this.isStronglyConnected(store)) return Outcome.failed;
    if (store.changes !== before) return Outcome.changed;
    for (const x of scope) if (!store.isFixed(x)) return Outcome.stable;
    return Outcome.entailed;
  }

  /** The successor of an index if it is fixed, or −1. */
  private fixedSuccessor(store: Store, i: number): number {
    const x = this.scope[i]!;
    return store.isFixed(x) ? store.min(x) + this.shifts[i]! : -1;
  }

  /** The end of a chain does not lead to its start, unless the chain holds all indices; no cycle is shorter. */
  private keepChainsOpen(store: Store): boolean {
    const { hasPredecessor, scope, shifts } = this;
    const n = scope.length;
    hasPredecessor.fill(0);
    let fixed = 0;
    for (let i = 0; i < n; i++) {
      const next = this.fixedSuccessor(store, i);
      if (next < 0) continue;
      if (hasPredecessor[next] === 1) return false;
      hasPredecessor[next] = 1;
      fixed++;
    }
    let onChains = 0; // fixed successors on chains; the others are on cycles
    for (let start = 0; start < n; start++) {
      if (hasPredecessor[start] === 1) continue;
      let length = 0;
      let end = start;
      for (let next = this.fixedSuccessor(store, end); next >= 0; next = this.fixedSuccessor(store, end)) {
        end = next;
        length++;
      }
      onChains += length;
      if (length > 0 && length < n - 1 && !store.remove(scope[end]!, start - shifts[end]!)) return false;
      // The variable may be fixed now; its chain is followed in the next run.
      if (store.isFixed(scope[end]!)) return true;
    }
    return fixed === onChains || this.isFullCycle(store);
  }

  private isFullCycle(store: Store): boolean {
    let at = 0;
    let length = 0;
    do {
      at = this.fixedSuccessor(store, at);
      length++;
    } while (at > 0);
    return at === 0 && length === this.scope.length;
  }

  /** Whether every index can be reached from index 0 and leads back to it. */
  private isStronglyConnected(store: Store): boolean {
    const { scope, shifts, visited, lowLink, path, cursors } = this;
    const n = scope.length;
    if (n === 0) return true;
    visited.fill(0);
    let time = 1;
    visited[0] = lowLink[0] = time;
    cursors[0] = store.min(scope[0]!);
    for (let depth = 0; depth >= 0; ) {
      const node = path[depth]!;
      let child = -1;
      while (cursors[node] !== Infinity && child < 0) {
        const next = cursors[node]! + shifts[node]!;
        cursors[node] = store.next(scope[node]!, cursors[node]!);
        if (visited[next] === 0) child = next;
        else lowLink[node] = Math.min(lowLink[node]!, visited[next]!);
      }
      if (child >= 0) {
        visited[child] = lowLink[child] = ++time;
        cursors[child] = store.min(scope[child]!);
        path[++depth] = child;
        continue;
      }
      if (depth === 0) break;
      // A node from which no earlier one can be reached starts a component without index 0.
      if (lowLink[node] === visited[node]) return false;
      const parent = path[--depth]!;
      lowLink[parent] = Math.min(lowLink[parent]!, lowLink[node]!);
    }
    return time === n;
  }

  holds(values: readonly number[]): boolean {
    return isCircuit(values.map((value, i) => value + this.shifts[i]!));
  }
}
