import type { Engine } from "../../engine/engine.js";
import type { Consequence } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import type { Propagator } from "../../engine/propagator.js";
import { DECISION, type History, Narrowing, type PastView } from "./history.js";
import { type Nogoods, OBJECTIVE } from "./nogoods.js";
import type { PremiseStack } from "./premises.js";
import type { RecordingStore } from "./recording-store.js";

/**
 * Finds the premises of entries and of conflicts, by asking the propagator or learned nogood that caused them.
 *
 * @internal
 */
export class Explainer {
  private readonly history: History;
  private readonly view: PastView;
  private readonly consequence: { -readonly [K in keyof Consequence]: Consequence[K] } = {
    kind: undefined,
    variable: -1,
    value: 0,
  };

  constructor(
    private readonly engine: Engine,
    private readonly store: RecordingStore,
    private readonly nogoods: Nogoods,
    private readonly premises: PremiseStack,
  ) {
    this.history = store.history;
    this.view = store.pastView();
  }

  /** Pushes the premises of an entry that is no decision: why what is needed of it was true. */
  explainEntry(entry: number, needed: number): void {
    const { history, premises } = this;
    const x = history.variables[entry]!;
    const reason = history.reasons[entry]!;
    const outerTime = premises.time;
    premises.time = entry;
    if (history.kinds[entry] === Narrowing.hole) {
      this.ask(reason, LiteralKind.notEqual, x, needed, entry);
    } else {
      const isMin = history.kinds[entry] === Narrowing.min;
      const requested = history.requested[entry]!;
      if (history.removals[entry] === 1) {
        const removed = history.from[entry]!;
        this.ask(reason, LiteralKind.notEqual, x, removed, entry);
        if (isMin) premises.atLeast(x, removed);
        else premises.atMost(x, removed);
      } else if (isMin) this.ask(reason, LiteralKind.atLeast, x, Math.min(needed, requested), entry);
      else this.ask(reason, LiteralKind.atMost, x, Math.max(needed, requested), entry);
      // From the bound that was asked for, the domain's next value was further on.
      if (isMin && needed > requested) premises.missing(x, requested, needed - 1);
      if (!isMin && needed < requested) premises.missing(x, needed + 1, requested);
    }
    premises.time = outerTime;
  }

  /** Pushes the premises of the failure of a propagator that has just run. */
  explainFailure(propagator: Propagator, reason: number): void {
    const { store, premises, history } = this;
    const time = history.length;
    premises.time = time;
    const x = store.failedVariable;
    if (x < 0 || store.failedLevel !== store.level) {
      this.askPropagator(propagator, undefined, -1, 0, time);
      return;
    }
    this.explainFailedLiteral(store.failedKind, x, store.failedValue, reason);
  }

  /** Pushes why a literal that a propagator or nogood implies cannot be true. */
  explainFailedLiteral(kind: LiteralKind, x: number, value: number, reason: number): void {
    const { store, premises, history } = this;
    const time = history.length;
    premises.time = time;
    const min = store.min(x);
    const max = store.max(x);
    if (kind === LiteralKind.notEqual) {
      this.ask(reason, kind, x, value, time);
      premises.equal(x, value);
      return;
    }
    if (kind !== LiteralKind.atMost && value > min) this.ask(reason, LiteralKind.atLeast, x, value, time);
    if (kind !== LiteralKind.atLeast && value < max) this.ask(reason, LiteralKind.atMost, x, value, time);
    if (value > max) premises.atMost(x, value - 1);
    else if (value < min) premises.atLeast(x, value + 1);
    else if (kind === LiteralKind.equal) premises.notEqual(x, value);
    else if (kind === LiteralKind.atLeast) {
      premises.atMost(x, max);
      premises.missing(x, value, max);
    } else {
      premises.atLeast(x, min);
      premises.missing(x, min, value);
    }
  }

  private ask(reason: number, kind: Consequence["kind"], x: number, value: number, time: number): void {
    if (reason === DECISION || reason === OBJECTIVE) return;
    if (reason < OBJECTIVE) this.nogoods.explain(reason, this.premises);
    else this.askPropagator(this.engine.propagator(reason), kind, x, value, time);
  }

  private askPropagator(
    propagator: Propagator,
    kind: Consequence["kind"],
    variable: number,
    value: number,
    time: number,
  ): void {
    const { consequence, view, premises } = this;
    if (propagator.explain === undefined) {
      for (const x of propagator.scope) premises.domain(x);
      return;
    }
    consequence.kind = kind;
    consequence.variable = variable;
    consequence.value = value;
    view.time = time;
    propagator.explain(consequence, view, premises);
  }
}
