import type { Engine } from "../../../engine/engine.js";
import type { EventSink, Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** What remains of an activity after each decision. */
const DECAY = 0.999;
/** Above this the activities are scaled down, which changes no comparison. */
const RESCALE_ABOVE = 1e100;

/**
 * The largest quotient of activity and number of values first.
 *
 * A variable's activity counts its narrowings; older ones count less, by {@link DECAY} for each decision. (The counts grow
 * instead of the old ones shrinking: the same up to a common factor.) All start with one, so that the first choices are first-fail.
 *
 * Source: Michel, Van Hentenryck: Activity-based search for black-box constraint programming solvers, CPAIOR 2012; here without
 * its probing phase.
 */
export class Activity implements VariableScore, EventSink {
  private readonly activities: Float64Array;
  private increment = 1;

  constructor(engine: Engine) {
    this.activities = new Float64Array(engine.store.variableCount).fill(1);
    engine.observe(this);
  }

  score(store: Store, x: number): number {
    return -this.activities[x]! / store.size(x);
  }

  notify(x: number): void {
    this.activities[x]! += this.increment;
  }

  decided(): void {
    this.increment /= DECAY;
    if (this.increment < RESCALE_ABOVE) return;
    const { activities } = this;
    for (let x = 0; x < activities.length; x++) activities[x]! /= this.increment;
    this.increment = 1;
  }
}
