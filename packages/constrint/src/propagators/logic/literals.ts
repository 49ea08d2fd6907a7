import { Events } from "../../engine/events.js";
import type { DomainView, Premises } from "../../engine/explanation.js";
import { type Literal, LiteralKind } from "../../engine/literal.js";
import type { Store } from "../../engine/store.js";

/** The literal that holds exactly where this one does not. @internal */
export function negated({ kind, variable, value }: Literal): Literal {
  const shifted = kind === LiteralKind.atLeast ? value - 1 : kind === LiteralKind.atMost ? value + 1 : value;
  return { kind: (kind ^ 1) as LiteralKind, variable, value: shifted };
}

/** Whether a literal holds for its variable's value. @internal */
function literalHolds(kind: LiteralKind, bound: number, value: number): boolean {
  switch (kind) {
    case LiteralKind.atLeast:
      return value >= bound;
    case LiteralKind.atMost:
      return value <= bound;
    case LiteralKind.equal:
      return value === bound;
    case LiteralKind.notEqual:
      return value !== bound;
  }
}

/**
 * A list of literals in flat arrays: what a clause or a half-reified constraint is made of.
 *
 * @internal
 */
export class Literals {
  readonly length: number;
  readonly variables: readonly number[];
  private readonly kinds: Uint8Array;
  private readonly values: Float64Array;

  constructor(readonly list: readonly Literal[]) {
    this.length = list.length;
    this.variables = list.map(({ variable }) => variable);
    this.kinds = Uint8Array.from(list, ({ kind }) => kind);
    this.values = Float64Array.from(list, ({ value }) => value);
  }

  /** The events after which a literal that is open may be false. */
  get falsifiedBy(): number {
    return this.list.reduce((events, { kind }) => events | FALSIFIED_BY[kind], 0);
  }

  /** The events after which a literal that is open may be true. */
  get satisfiedBy(): number {
    return this.list.reduce((events, { kind }) => events | FALSIFIED_BY[(kind ^ 1) as LiteralKind], 0);
  }

  /** Whether literal i holds for all values that are left. */
  isTrue(view: DomainView, i: number): boolean {
    const x = this.variables[i]!;
    const value = this.values[i]!;
    switch (this.kinds[i]) {
      case LiteralKind.atLeast:
        return view.min(x) >= value;
      case LiteralKind.atMost:
        return view.max(x) <= value;
      case LiteralKind.equal:
        return view.min(x) === value && view.max(x) === value;
      default:
        return !view.has(x, value);
    }
  }

  /** Whether literal i holds for no value that is left. */
  isFalse(view: DomainView, i: number): boolean {
    const x = this.variables[i]!;
    const value = this.values[i]!;
    switch (this.kinds[i]) {
      case LiteralKind.atLeast:
        return view.max(x) < value;
      case LiteralKind.atMost:
        return view.min(x) > value;
      case LiteralKind.equal:
        return !view.has(x, value);
      default:
        return view.min(x) === value && view.max(x) === value;
    }
  }

  /** Makes literal i true, as far as the domain can: an inner value of a variable that is not explicit stays for now. */
  satisfy(store: Store, i: number): boolean {
    return narrow(store, this.kinds[i] as LiteralKind, this.variables[i]!, this.values[i]!);
  }

  /** Makes literal i false, likewise. */
  falsify(store: Store, i: number): boolean {
    const kind = this.kinds[i] as LiteralKind;
    const value = this.values[i]!;
    const bound = kind === LiteralKind.atLeast ? value - 1 : kind === LiteralKind.atMost ? value + 1 : value;
    return narrow(store, (kind ^ 1) as LiteralKind, this.variables[i]!, bound);
  }

  /** Writes down that literal i is true. */
  premise(i: number, premises: Premises): void {
    write(premises, this.kinds[i] as LiteralKind, this.variables[i]!, this.values[i]!);
  }

  /** Writes down that literal i is false. */
  negatedPremise(i: number, premises: Premises): void {
    const { kind, variable, value } = negated(this.list[i]!);
    write(premises, kind, variable, value);
  }

  holds(i: number, value: number): boolean {
    return literalHolds(this.kinds[i] as LiteralKind, this.values[i]!, value);
  }
}

/**
 * A value v that was removed because x ≠ v was found to be true leaves, where it was a bound, the next bound: x ≥ v + 1 follows
 * from x ≠ v and x ≥ v. Writes down that second part when the consequence asked for is such a bound.
 *
 * @internal
 */
export function explainRemovedBound(
  removed: number,
  kind: LiteralKind | undefined,
  variable: number,
  premises: Premises,
): void {
  if (kind === LiteralKind.atLeast) premises.atLeast(variable, removed);
  else if (kind === LiteralKind.atMost) premises.atMost(variable, removed);
}

const FALSIFIED_BY: Readonly<Record<LiteralKind, number>> = {
  [LiteralKind.atLeast]: Events.max,
  [LiteralKind.atMost]: Events.min,
  [LiteralKind.equal]: Events.values,
  [LiteralKind.notEqual]: Events.fixed,
};

function narrow(store: Store, kind: LiteralKind, x: number, value: number): boolean {
  switch (kind) {
    case LiteralKind.atLeast:
      return store.setMin(x, value);
    case LiteralKind.atMost:
      return store.setMax(x, value);
    case LiteralKind.equal:
      return store.assign(x, value);
    case LiteralKind.notEqual:
      return store.remove(x, value);
  }
}

function write(premises: Premises, kind: LiteralKind, x: number, value: number): void {
  if (kind === LiteralKind.atLeast) premises.atLeast(x, value);
  else if (kind === LiteralKind.atMost) premises.atMost(x, value);
  else if (kind === LiteralKind.equal) premises.equal(x, value);
  else premises.notEqual(x, value);
}
