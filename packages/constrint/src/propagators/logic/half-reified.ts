import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { type Literal, LiteralKind } from "../../engine/literal.js";
import { Outcome, type Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainRemovedBound, Literals } from "./literals.js";

/** What a failure is called when its explanation is asked for. */
const FAILURE: Consequence = { kind: undefined, variable: -1, value: 0 };

/**
 * Where all the conditions hold, the constraint holds: ℓ₁ ∧ … ∧ ℓₖ ⇒ constraint.
 *
 * Once the conditions are true the constraint is propagated. Once all but one are, and the constraint says that it cannot hold,
 * the last one is made false. Consistency: that of the constraint's {@link Propagator.propagate} and {@link Propagator.decide}.
 * Cost: O(k) and that of one of these.
 */
export class HalfReified implements Propagator {
  readonly name: string;
  readonly priority: Priority;
  readonly wakes: number;
  readonly scope: readonly number[];
  readonly conditions: Literals;

  /** @param conditions no two of them the same */
  constructor(
    conditions: readonly Literal[],
    readonly constraint: Propagator,
  ) {
    this.conditions = new Literals(conditions);
    this.name = `half-reified ${constraint.name}`;
    this.priority = constraint.priority;
    this.scope = [...this.conditions.variables, ...constraint.scope];
    const removesValues = conditions.some(({ kind }) => kind === LiteralKind.equal);
    this.wakes = constraint.wakes | this.conditions.satisfiedBy | (removesValues ? Events.bounds : 0);
  }

  propagate(store: Store): Outcome {
    const { conditions, constraint } = this;
    // At the root the constraint has its chance to see how large its numbers can become.
    if (store.level === 0) constraint.decide?.(store);
    let open = -1;
    for (let i = 0; i < conditions.length; i++) {
      if (conditions.isTrue(store, i)) continue;
      if (conditions.isFalse(store, i)) return Outcome.entailed;
      if (open >= 0) return Outcome.stable;
      open = i;
    }
    if (open < 0) return constraint.propagate(store);
    const outcome = this.decideConstraint(store);
    if (outcome !== Outcome.failed) return outcome;
    if (!conditions.falsify(store, open)) return Outcome.failed;
    return conditions.isFalse(store, open) ? Outcome.entailed : Outcome.stable;
  }

  private decideConstraint(store: Store): Outcome {
    const { constraint } = this;
    if (constraint.decide !== undefined) return constraint.decide(store);
    for (const x of constraint.scope) if (!store.isFixed(x)) return Outcome.stable;
    return constraint.holds(constraint.scope.map((x) => store.min(x))) ? Outcome.entailed : Outcome.failed;
  }

  holds(values: readonly number[]): boolean {
    const { conditions, constraint } = this;
    for (let i = 0; i < conditions.length; i++) if (!conditions.holds(i, values[i]!)) return true;
    return constraint.holds(values.slice(conditions.length));
  }

  /** The conditions were true and the constraint narrowed; or all but one were, and the constraint could not hold. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { conditions, constraint } = this;
    let reason = consequence;
    for (let i = 0; i < conditions.length; i++) {
      if (conditions.isTrue(before, i)) {
        conditions.premise(i, premises);
        continue;
      }
      reason = FAILURE;
      const { kind, value } = conditions.list[i]!;
      if (kind === LiteralKind.equal) explainRemovedBound(value, consequence.kind, consequence.variable, premises);
    }
    if (constraint.explain !== undefined) constraint.explain(reason, before, premises);
    else for (const x of constraint.scope) premises.domain(x);
  }
}
