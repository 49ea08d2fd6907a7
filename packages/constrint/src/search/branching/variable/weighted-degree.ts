import type { Engine } from "../../../engine/engine.js";
import type { Propagator } from "../../../engine/propagator.js";
import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/**
 * The smallest quotient of number of values and weighted degree first (dom/wdeg).
 *
 * A propagator weighs 1 plus the number of its failures; a variable's weighted degree is the weight of all propagators on it.
 * Kept as one sum for each variable, which a failure raises for the variables of one propagator.
 *
 * Source: Boussemart, Hemery, Lecoutre, Sais: Boosting systematic search by weighting constraints, ECAI 2004; propagators with a
 * single open variable count, too.
 */
export class WeightedDegree implements VariableScore {
  private readonly weights: Float64Array;

  constructor(engine: Engine) {
    this.weights = engine.degrees();
  }

  score(store: Store, x: number): number {
    return store.size(x) / this.weights[x]!;
  }

  failed(propagator: Propagator): void {
    for (const x of propagator.scope) this.weights[x]!++;
  }
}
