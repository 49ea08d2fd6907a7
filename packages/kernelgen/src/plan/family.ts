import type { IntExpr, IntVar, Model, VariableOrder } from "constrint";
import type { Device } from "hwmodels";
import type { CostTerm } from "./cost-term.js";
import type { LaunchQuantities, Target } from "./launch.js";
import type { Plan } from "./plan.js";
import type { Problem } from "./problem.js";

/** Something a device has only so much of: the tiling is feasible when `need` is at most `allowed`. */
export interface Budget {
  /** What is bounded, for example "shared memory per block". */
  readonly name: string;
  readonly need: IntExpr;
  readonly allowed: number;
  /** The unit of both, for example "B". */
  readonly unit: string;
}

/**
 * A kernel's tiling for one problem and device, stated on a model: the structural constraints are on the model already, the budgets are
 * kept apart so that an infeasible problem can be explained by them.
 */
export interface Tiling {
  /** What the solver chooses. */
  readonly unknowns: readonly IntVar[];
  /**
   * The unknowns in the order in which they are best decided, with the value of each that is best tried first: what decides most of the cost
   * before the rest, so that a good tiling is found soon and the parts of the search that hold no better one end early. Those left out follow as
   * declared.
   */
  readonly searchOrder?: readonly VariableOrder[];
  /** Quantities that follow from the unknowns, by name. The emitted source takes its constants from these. */
  readonly derived: Readonly<Record<string, IntExpr>>;
  readonly launch: LaunchQuantities<IntExpr>;
  readonly budgets: readonly Budget[];
  /** Predicted time of one step in picoseconds: at least the sum of `costTerms`, more where something else bounds the step. */
  readonly cost: IntExpr;
  /** What a step's predicted time is made of. */
  readonly costTerms: readonly CostTerm[];
}

/** A source file that a family writes. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** One way of laying a recurrence over a device. */
export interface KernelFamily<D extends Device = Device> {
  readonly name: "resident" | "cluster" | "grid" | "direct" | "stepwise" | "scan" | "subgroup-matrix";
  readonly target: Target;
  /** Why no tile of this family can serve the problem on the device, whatever its sizes; undefined if one might. */
  refuse(problem: Problem, device: D): string | undefined;
  /**
   * Whether the problem barely fits the family, so that another one is probably faster and better solved first: its plan then bounds this
   * family's search. A rule of thumb, which no plan depends on but for ties.
   */
  isTight?(problem: Problem, device: D): boolean;
  /**
   * A time that no tiling of the family is predicted faster than, in picoseconds a step, by plain arithmetic: where another family's plan is as
   * fast, this one need not be stated.
   */
  leastPicoseconds?(problem: Problem, device: D): number;
  /** States the tiling on an empty model. */
  tile(problem: Problem, device: D, model: Model): Tiling;
  /**
   * The kernel's source for a plan of this family. A program with several kernels needs a name for each (`checkKernelName`); left out, it
   * is the cell's.
   */
  emit(plan: Plan, name?: string): readonly [SourceFile, ...SourceFile[]];
}
