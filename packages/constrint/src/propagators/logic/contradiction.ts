import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";

/** The constraint that never holds: what a model's constraint without variables comes to when it is false. */
export class Contradiction implements Propagator {
  readonly name = "false";
  readonly scope: readonly number[] = [];
  readonly priority = Priority.constant;
  readonly wakes = 0;

  propagate(): Outcome {
    return Outcome.failed;
  }

  holds(): boolean {
    return false;
  }
}
