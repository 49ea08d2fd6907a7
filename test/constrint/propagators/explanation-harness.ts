import type { Consequence, DomainView, Premises } from "../../../packages/constrint/src/engine/explanation.js";
import { LiteralKind } from "../../../packages/constrint/src/engine/literal.js";
import { Outcome, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import { Store } from "../../../packages/constrint/src/engine/store.js";
import { buildStore, decide, type PropagatorCase, runToFixpoint, supports, valuesOf } from "./harness.js";

/** Of a bound that moved by more than one, so many weaker literals are asked for, too. */
const WEAKER_LITERALS = 2;

/** The domains of all variables at one moment, value by value. */
export class Snapshot implements DomainView {
  private readonly values: readonly (readonly number[])[];

  constructor(store: Store) {
    this.values = Array.from({ length: store.variableCount }, (_, x) => valuesOf(store, x));
  }

  min(x: number): number {
    return this.values[x]![0]!;
  }

  max(x: number): number {
    return this.values[x]!.at(-1)!;
  }

  isFixed(x: number): boolean {
    return this.values[x]!.length === 1;
  }

  has(x: number, value: number): boolean {
    return this.values[x]!.includes(value);
  }

  toString(): string {
    return this.values.map((values, x) => `x${x} ∈ {${values.join(" ")}}`).join(", ");
  }
}

interface Question {
  readonly consequence: Consequence;
  readonly before: Snapshot;
}

/**
 * A store that keeps every narrowing below the root level with the domains just before it, as a learning search would: what is
 * written down is what was asked of the store, not what the domain's own holes make of it. Congruences of variables that are not
 * explicit come from the root level only.
 */
class RecordingStore extends Store {
  readonly questions: Question[] = [];
  /** Narrowings of one level are recorded; those that a propagator tries out on a level of its own are not. */
  recordedLevel = 0;
  private inside = false;

  override setMin(x: number, bound: number): boolean {
    return this.record(x, () => super.setMin(x, bound), [LiteralKind.atLeast, bound]);
  }

  override setMax(x: number, bound: number): boolean {
    return this.record(x, () => super.setMax(x, bound), [LiteralKind.atMost, bound]);
  }

  override assign(x: number, value: number): boolean {
    return this.record(x, () => super.assign(x, value), [LiteralKind.atLeast, value], [LiteralKind.atMost, value]);
  }

  override remove(x: number, value: number): boolean {
    const asBound: [0 | 1, number][] = [];
    if (value === this.min(x)) asBound.push([LiteralKind.atLeast, value + 1]);
    if (value === this.max(x)) asBound.push([LiteralKind.atMost, value - 1]);
    return this.record(x, () => super.remove(x, value), [LiteralKind.notEqual, value], ...asBound);
  }

  override keepValuesOf(x: number, set: Int32Array, at: number): boolean {
    const values = valuesOf(this, x);
    const before = new Snapshot(this);
    const isRecorded = this.isRecording;
    const inside = this.inside;
    this.inside = true;
    const alive = super.keepValuesOf(x, set, at);
    this.inside = inside;
    if (isRecorded && alive) {
      for (const value of values) {
        if (!this.has(x, value)) this.ask({ kind: LiteralKind.notEqual, variable: x, value }, before);
      }
    }
    return alive;
  }

  override setCongruence(x: number, stride: number, offset: number): boolean {
    if (this.level > 0 && !this.isExplicit(x)) return true;
    return super.setCongruence(x, stride, offset);
  }

  /** Asks why the propagator failed, with the domains as they are. */
  recordFailure(): void {
    this.ask({ kind: undefined, variable: -1, value: 0 }, new Snapshot(this));
  }

  private get isRecording(): boolean {
    return this.level > 0 && this.level === this.recordedLevel && !this.inside;
  }

  private record(x: number, narrow: () => boolean, ...literals: (readonly [0 | 1 | 3, number])[]): boolean {
    if (!this.isRecording) return narrow();
    const before = new Snapshot(this);
    const changes = this.changes;
    this.inside = true;
    const alive = narrow();
    this.inside = false;
    if (alive && this.changes === changes) return alive;
    for (const [kind, value] of literals) {
      if (holdsEverywhere(kind, value, before, x)) continue;
      this.ask({ kind, variable: x, value }, before);
      for (let weaker = 1; weaker <= WEAKER_LITERALS && kind !== LiteralKind.notEqual; weaker++) {
        const weakerValue = kind === LiteralKind.atLeast ? value - weaker : value + weaker;
        if (holdsEverywhere(kind, weakerValue, before, x)) break;
        this.ask({ kind, variable: x, value: weakerValue }, before);
      }
    }
    return alive;
  }

  private ask(consequence: Consequence, before: Snapshot): void {
    this.questions.push({ consequence, before });
  }
}

function holdsEverywhere(kind: LiteralKind, value: number, view: DomainView, x: number): boolean {
  if (kind === LiteralKind.atLeast) return view.min(x) >= value;
  if (kind === LiteralKind.atMost) return view.max(x) <= value;
  return !view.has(x, value);
}

/** One premise: which values of a variable it allows, and how it reads. */
interface Premise {
  readonly variable: number;
  readonly text: string;
  allows(value: number): boolean;
}

/** Takes the premises down, and complains of those that were not true. */
class CheckedPremises implements Premises {
  readonly all: Premise[] = [];
  readonly untrue: string[] = [];

  constructor(private readonly before: Snapshot) {}

  atLeast(x: number, value: number): void {
    this.add(x, `x${x} ≥ ${value}`, this.before.min(x) >= value, (v) => v >= value);
  }

  atMost(x: number, value: number): void {
    this.add(x, `x${x} ≤ ${value}`, this.before.max(x) <= value, (v) => v <= value);
  }

  equal(x: number, value: number): void {
    const { before } = this;
    this.add(x, `x${x} = ${value}`, before.isFixed(x) && before.min(x) === value, (v) => v === value);
  }

  notEqual(x: number, value: number): void {
    this.add(x, `x${x} ≠ ${value}`, !this.before.has(x, value), (v) => v !== value);
  }

  domain(x: number): void {
    this.add(x, `domain of x${x}`, true, (v) => this.before.has(x, v));
  }

  private add(variable: number, text: string, isTrue: boolean, allows: (value: number) => boolean): void {
    if (!isTrue) this.untrue.push(text);
    this.all.push({ variable, text, allows });
  }
}

function describe(consequence: Consequence): string {
  const { kind, variable, value } = consequence;
  return kind === undefined ? "failure" : `x${variable} ${["≥", "≤", "=", "≠"][kind]} ${value}`;
}

function satisfies(consequence: Consequence, value: (x: number) => number): boolean {
  if (consequence.kind === undefined) return false;
  const actual = value(consequence.variable);
  if (consequence.kind === LiteralKind.atLeast) return actual >= consequence.value;
  if (consequence.kind === LiteralKind.atMost) return actual <= consequence.value;
  return actual !== consequence.value;
}

/** The premises that the propagator gives, or the default: all that is known of its variables. Throws unless all were true. */
export function explanation(propagator: Propagator, consequence: Consequence, before: Snapshot): readonly Premise[] {
  const premises = new CheckedPremises(before);
  if (propagator.explain) propagator.explain(consequence, before, premises);
  else for (const x of propagator.scope) premises.domain(x);
  if (premises.untrue.length > 0) {
    throw new Error(
      `${propagator.name}: ${describe(consequence)} is explained by ${premises.untrue.join(", ")}, which was not true: ${before}`,
    );
  }
  return premises.all;
}

/**
 * Checks why a propagator says that it narrowed a domain or failed: on a random store, after random decisions, the premises of
 * every narrowing below the root (and of weaker literals) were true just before it, and together with the constraint they leave
 * no assignment of the root's domains that violates it. All is asked after the descent, when the store is back at the root.
 *
 * @returns how many explanations were checked
 */
export function checkExplanations(testCase: PropagatorCase, build: (store: Store) => Propagator): number {
  const store = new RecordingStore();
  buildStore(testCase, store);
  const propagator = build(store);
  const solutions = supports(store, propagator);
  let alive = runToFixpoint(store, propagator) !== Outcome.failed;
  for (const decision of testCase.decisions) {
    if (!alive) break;
    store.push();
    decide(store, decision);
    store.recordedLevel = store.level;
    alive = runToFixpoint(store, propagator) !== Outcome.failed;
    if (!alive) store.recordFailure();
    store.recordedLevel = 0;
  }
  while (store.level > 0) store.pop();

  const places = new Map(propagator.scope.map((x, i) => [x, i]));
  for (const { consequence, before } of store.questions) {
    const premises = explanation(propagator, consequence, before);
    for (const values of solutions) {
      const value = (x: number): number => {
        const place = places.get(x);
        if (place === undefined)
          throw new Error(`${propagator.name}: a premise about x${x}, which is not in the scope`);
        return values[place]!;
      };
      if (!premises.every((premise) => premise.allows(value(premise.variable)))) continue;
      if (satisfies(consequence, value)) continue;
      throw new Error(
        `${propagator.name}: ${describe(consequence)} does not follow from ${premises.map((p) => p.text).join(", ") || "nothing"}: ` +
          `${propagator.scope.map((x, i) => `x${x} = ${values[i]}`).join(", ")} satisfies the constraint; before: ${before}`,
      );
    }
  }
  return store.questions.length;
}
