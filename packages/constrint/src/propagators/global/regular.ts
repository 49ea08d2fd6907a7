import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains, lacks } from "../explanation/premises.js";
import { violates } from "../explanation/rows.js";
import { ValueIndex } from "./value-index.js";

/** A deterministic finite automaton over integers with the states 0 … stateCount − 1. */
export interface Automaton {
  readonly stateCount: number;
  readonly initial: number;
  readonly accepting: readonly number[];
  /** From a state, on a value, to a state; at most one for each state and value, and what is missing leads nowhere. */
  readonly transitions: readonly (readonly [from: number, value: number, to: number])[];
}

/** Whether an automaton ends in an accepting state after reading the values. */
export function accepts(automaton: Automaton, values: readonly number[]): boolean {
  let state: number | undefined = automaton.initial;
  for (const value of values) {
    state = automaton.transitions.find(([from, on]) => from === state && on === value)?.[2];
    if (state === undefined) return false;
  }
  return automaton.accepting.includes(state);
}

/**
 * The word x₁ … xₙ, each variable plus a shift, is accepted by a deterministic finite automaton.
 *
 * The automaton is unfolded over the n places. A pass forward finds the states that can be reached before each place, a pass
 * backward those of them that lead to acceptance, and a value stays where it leads from one such state to another.
 *
 * Consistency: domain for distinct variables where domains are explicit; of others the bounds. Cost: O(n·d·q) a run for domains
 * of d values and q states.
 *
 * Source: Pesant, "A regular language membership constraint for finite sequences of variables", CP 2004.
 */
export class Regular implements Propagator {
  readonly name = "regular";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  private readonly stateCount: number;
  private readonly index: ValueIndex;
  /** The next state from state q on value number v at q·count + v, or −1. */
  private readonly next: Int32Array;
  private readonly isAccepting: Uint8Array;
  /** For each place, 0 … n, and state: whether some prefix leads to it, and later whether some suffix leads on, too. */
  private readonly alive: Uint8Array;

  constructor(
    readonly scope: readonly number[],
    private readonly shifts: readonly number[],
    private readonly automaton: Automaton,
  ) {
    const { stateCount, transitions, accepting } = automaton;
    this.stateCount = stateCount;
    this.index = ValueIndex.from(transitions.map(([, value]) => value));
    this.next = new Int32Array(stateCount * this.index.count).fill(-1);
    for (const [from, value, to] of transitions) this.next[from * this.index.count + this.index.of(value)] = to;
    this.isAccepting = new Uint8Array(stateCount);
    for (const state of accepting) this.isAccepting[state] = 1;
    this.alive = new Uint8Array((scope.length + 1) * stateCount);
  }

  propagate(store: Store): Outcome {
    const { scope, shifts, alive, stateCount, index } = this;
    const n = scope.length;
    const before = store.changes;
    this.goForward(store);
    let accepted = false;
    for (let state = 0; state < stateCount; state++) {
      alive[n * stateCount + state]! &= this.isAccepting[state]!;
      if (alive[n * stateCount + state] === 1) accepted = true;
    }
    if (!accepted) return Outcome.failed;
    let open = false;
    for (let i = n - 1; i >= 0; i--) {
      const x = scope[i]!;
      const shift = shifts[i]!;
      this.goBackward(store, i);
      let smallest = Infinity;
      let largest = -Infinity;
      for (let v = 0; v < index.count; v++) {
        const value = index.values[v]! - shift;
        if (!store.has(x, value)) continue;
        if (!this.isSupported(i, v)) {
          if (!store.remove(x, value)) return Outcome.failed;
          continue;
        }
        if (smallest === Infinity) smallest = value;
        largest = value;
      }
      if (!store.setMin(x, smallest) || !store.setMax(x, largest)) return Outcome.failed;
      if (store.isExplicit(x)) {
        for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
          if (index.of(value + shift) < 0 && !store.remove(x, value)) return Outcome.failed;
        }
      }
      if (!store.isFixed(x)) open = true;
    }
    if (store.changes !== before) return Outcome.changed;
    return open ? Outcome.stable : Outcome.entailed;
  }

  /** Marks the states that can be reached. */
  private goForward(store: Store): void {
    const { scope, shifts, alive, stateCount, index, next } = this;
    alive.fill(0);
    alive[this.automaton.initial] = 1;
    for (let i = 0; i < scope.length; i++) {
      const here = i * stateCount;
      const there = here + stateCount;
      for (let v = 0; v < index.count; v++) {
        if (!store.has(scope[i]!, index.values[v]! - shifts[i]!)) continue;
        for (let state = 0; state < stateCount; state++) {
          if (alive[here + state] === 0) continue;
          const to = next[state * index.count + v]!;
          if (to >= 0) alive[there + to] = 1;
        }
      }
    }
  }

  /** Unmarks the states before place i that lead to no marked state after it. */
  private goBackward(store: Store, i: number): void {
    const { scope, shifts, alive, stateCount, index, next } = this;
    const here = i * stateCount;
    const there = here + stateCount;
    for (let state = 0; state < stateCount; state++) {
      if (alive[here + state] === 0) continue;
      alive[here + state] = 0;
      for (let v = 0; v < index.count; v++) {
        const to = next[state * index.count + v]!;
        if (to < 0 || alive[there + to] === 0 || !store.has(scope[i]!, index.values[v]! - shifts[i]!)) continue;
        alive[here + state] = 1;
        break;
      }
    }
  }

  /** Whether value number v leads from a marked state before place i to one after it. */
  private isSupported(i: number, v: number): boolean {
    const { alive, stateCount, index, next } = this;
    const here = i * stateCount;
    for (let state = 0; state < stateCount; state++) {
      if (alive[here + state] === 0) continue;
      const to = next[state * index.count + v]!;
      if (to >= 0 && alive[here + stateCount + to] === 1) return true;
    }
    return false;
  }

  /**
   * The values that are missing and without which an accepted word would violate the consequence: going back from the accepting
   * states, a value of a place is a premise if it would lead from a state that can be reached to one that leads on.
   */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { scope, shifts, stateCount, index, next } = this;
    const n = scope.length;
    const allows = (i: number, v: number): boolean =>
      consequence.kind === undefined ||
      scope[i] !== consequence.variable ||
      violates(consequence, index.values[v]! - shifts[i]!);
    const has = (i: number, v: number): boolean => before.has(scope[i]!, index.values[v]! - shifts[i]!);
    const reached = Array.from({ length: n + 1 }, () => new Uint8Array(stateCount));
    reached[0]![this.automaton.initial] = 1;
    for (let i = 0; i < n; i++) {
      for (let v = 0; v < index.count; v++) {
        if (!allows(i, v) || !has(i, v)) continue;
        for (let state = 0; state < stateCount; state++) {
          const to = next[state * index.count + v]!;
          if (reached[i]![state] === 1 && to >= 0) reached[i + 1]![to] = 1;
        }
      }
    }
    let leading = this.isAccepting;
    for (let i = n - 1; i >= 0; i--) {
      const leadsOn = new Uint8Array(stateCount);
      const lost: number[] = [];
      for (let v = 0; v < index.count; v++) {
        if (!allows(i, v)) continue;
        const from: number[] = [];
        for (let state = 0; state < stateCount; state++) {
          const to = next[state * index.count + v]!;
          if (to >= 0 && leading[to] === 1) from.push(state);
        }
        if (!has(i, v) && from.some((state) => reached[i]![state] === 1)) lost.push(index.values[v]! - shifts[i]!);
        else for (const state of from) leadsOn[state] = 1;
      }
      lacks(scope[i]!, lost, before, premises);
      leading = leadsOn;
    }
    if (leading[this.automaton.initial] === 1) allDomains(scope, premises);
  }

  holds(values: readonly number[]): boolean {
    return accepts(
      this.automaton,
      values.map((value, i) => value + this.shifts[i]!),
    );
  }
}
