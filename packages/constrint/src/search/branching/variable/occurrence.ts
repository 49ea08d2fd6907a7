import type { Engine } from "../../../engine/engine.js";
import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The most propagators on it first. */
export class Occurrence implements VariableScore {
  private readonly degrees: Float64Array;

  constructor(engine: Engine) {
    this.degrees = engine.degrees();
  }

  score(_store: Store, x: number): number {
    return -this.degrees[x]!;
  }
}
