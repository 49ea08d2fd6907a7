import type { Engine } from "../../../engine/engine.js";
import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The fewest values first; of equally many, the most propagators on it. */
export class MostConstrained implements VariableScore {
  /** For each variable a number in [0, 1), the smaller the more propagators: it decides between equal sizes only. */
  private readonly tieBreakers: Float64Array;

  constructor(engine: Engine) {
    const degrees = engine.degrees();
    const most = degrees.reduce((a, b) => Math.max(a, b), 0);
    this.tieBreakers = degrees.map((degree) => (most - degree) / (most + 1));
  }

  score(store: Store, x: number): number {
    return store.size(x) + this.tieBreakers[x]!;
  }
}
