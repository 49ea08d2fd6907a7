import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains, explainByValues, lacks } from "../explanation/premises.js";

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
  private fixedSuccessor(view: DomainView, i: number): number {
    const x = this.scope[i]!;
    return view.isFixed(x) ? view.min(x) + this.shifts[i]! : -1;
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

  /**
   * The end of a chain does not lead to its start because of the chain's successors. It fails because of a cycle or two equal
   * successors, or because some indices lead only to each other: those that 0 reaches, or those that do not reach 0.
   */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { variable } = consequence;
    const explained =
      consequence.kind === undefined
        ? this.explainCollision(before, premises) || this.explainSeparation(before, premises)
        : explainByValues(consequence, before, premises, (lost) => this.explainLoss(variable, lost, before, premises));
    if (!explained) allDomains(this.scope, premises);
  }

  private explainLoss(x: number, lost: number, before: DomainView, premises: Premises): boolean {
    const { scope, shifts } = this;
    const n = scope.length;
    for (let end = 0; end < n; end++) {
      if (scope[end] !== x) continue;
      const start = lost + shifts[end]!;
      if (start < 0 || start >= n || start === end) return true; // never a successor
      const chain: number[] = [];
      for (let at = start; at !== end && at >= 0 && chain.length < n - 2; ) {
        chain.push(at);
        at = this.fixedSuccessor(before, at);
        if (at === end) return this.writeFixed(chain, before, premises);
      }
    }
    return false;
  }

  /** Two fixed successors are equal, or fixed successors close a cycle that is too short. */
  private explainCollision(before: DomainView, premises: Premises): boolean {
    const n = this.scope.length;
    const predecessors = new Int32Array(n).fill(-1);
    for (let i = 0; i < n; i++) {
      const next = this.fixedSuccessor(before, i);
      if (next < 0 || next >= n) continue;
      if (predecessors[next]! >= 0) return this.writeFixed([i, predecessors[next]!], before, premises);
      predecessors[next] = i;
    }
    for (let start = 0; start < n; start++) {
      const cycle = [start];
      let at = this.fixedSuccessor(before, start);
      for (; at >= 0 && at !== start && cycle.length < n; at = this.fixedSuccessor(before, at)) cycle.push(at);
      if (at === start && cycle.length < n) return this.writeFixed(cycle, before, premises);
    }
    return false;
  }

  private writeFixed(indices: readonly number[], before: DomainView, premises: Premises): boolean {
    for (const i of indices) premises.equal(this.scope[i]!, before.min(this.scope[i]!));
    return true;
  }

  /** The indices that 0 reaches lead nowhere else, or those that do not reach 0 do: the fewer ones. */
  private explainSeparation(before: DomainView, premises: Premises): boolean {
    const { scope, shifts } = this;
    const n = scope.length;
    const all = scope.map((_, i) => i);
    const leads = (i: number, j: number): boolean => before.has(scope[i]!, j - shifts[i]!);
    const fromStart = reachableFrom0(n, leads);
    const toStart = reachableFrom0(n, (i, j) => leads(j, i));
    const separated = [all.filter((i) => fromStart.has(i)), all.filter((i) => !toStart.has(i))]
      .filter((indices) => indices.length > 0 && indices.length < n)
      .sort((a, b) => a.length - b.length)[0];
    if (separated === undefined) return false;
    const outside = all.filter((j) => !separated.includes(j));
    for (const i of separated) {
      const lost = outside.map((j) => j - shifts[i]!);
      lacks(scope[i]!, lost, before, premises);
    }
    return true;
  }

  holds(values: readonly number[]): boolean {
    return isCircuit(values.map((value, i) => value + this.shifts[i]!));
  }
}

function reachableFrom0(n: number, leads: (i: number, j: number) => boolean): ReadonlySet<number> {
  const found = new Set([0]);
  for (const i of found) for (let j = 0; j < n; j++) if (leads(i, j)) found.add(j);
  return found;
}
