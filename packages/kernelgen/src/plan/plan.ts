import type { LaunchQuantities, Target } from "./launch.js";
import type { Problem } from "./problem.js";

/** A budget of a plan, in numbers. */
export interface BudgetUse {
  readonly name: string;
  readonly used: number;
  readonly allowed: number;
  readonly unit: string;
}

/** A solved family for one problem and one device. Everything that the emitted source needs. */
export interface Plan {
  readonly problem: Problem;
  readonly target: Target;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly family: string;
  /** The unknowns that the solver chose. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The quantities that follow from them. */
  readonly derived: Readonly<Record<string, number>>;
  readonly launch: LaunchQuantities<number>;
  readonly budgets: readonly BudgetUse[];
  readonly predictedMicrosecondsPerStep: number;
  /** What that time is made of, in microseconds a step. Their sum is less than the whole where device memory bounds the step. */
  readonly predictedParts: Readonly<Record<string, number>>;
  /** The first 16 hexadecimal digits of the SHA-256 of everything above; the emitted source carries it. */
  readonly hash: string;
}
