import type { Store } from "../engine/store.js";
import { SolverError } from "../error.js";
import { type OrderedVariable, StaticOrder } from "../search/branching.js";
import { DepthFirstSearch } from "../search/depth-first.js";
import { checkLimits } from "../search/limits.js";
import type { Objective, Search } from "../search/search.js";
import { Compiler } from "./compile.js";
import type { NamedConstraint } from "./constraint.js";
import { holds } from "./evaluate.js";
import type { IntExpr, IntVar } from "./expression.js";
import type { Solution } from "./results.js";
import type { SolveOptions, VariableOrder } from "./solve-options.js";

/** What a run answers: a model, as far as it matters here. @internal */
export interface Problem {
  readonly variables: readonly IntVar[];
  readonly constraints: readonly NamedConstraint[];
}

/** What to make as small (sense 1) or as large (sense −1) as possible. @internal */
export interface RunGoal {
  readonly expression: IntExpr;
  readonly sense: 1 | -1;
}

/**
 * One search through a model: translates it, searches, and reads solutions off the store.
 *
 * @internal
 */
export class Run {
  readonly search: Search;
  private readonly store: Store;
  private readonly objectiveVariable: number | undefined;
  private readonly variables: readonly IntVar[];
  private readonly constraints: readonly NamedConstraint[];

  constructor(problem: Problem, options: SolveOptions, goal?: RunGoal) {
    const startedAt = performance.now();
    checkLimits(options);
    this.variables = problem.variables;
    this.constraints = problem.constraints;
    const compiler = new Compiler(this.variables);
    for (const { constraint } of this.constraints) compiler.add(constraint);
    const { store } = compiler.engine;
    this.store = store;
    let objective: Objective | undefined;
    if (goal !== undefined) {
      compiler.requireDefined(goal.expression);
      this.objectiveVariable = compiler.variableFor(goal.expression);
      objective = { variable: this.objectiveVariable, sense: goal.sense };
    }
    const order = this.completeOrder(compiler, options.order ?? []);
    this.search = new DepthFirstSearch(compiler.engine, new StaticOrder(store, order), options, {
      objective,
      startedAt,
      accept: () => this.isSolution(),
    });
  }

  /** The current values of the model's variables. */
  solution(): Solution {
    const values: Record<string, number> = {};
    this.variables.forEach((variable, x) => {
      // defineProperty semantics, so that a variable may be called __proto__
      Object.defineProperty(values, variable.name, { value: this.store.min(x), enumerable: true });
    });
    return Object.freeze(values);
  }

  objective(): number {
    return this.store.min(this.objectiveVariable!);
  }

  private completeOrder(compiler: Compiler, order: readonly VariableOrder[]): OrderedVariable[] {
    const complete: OrderedVariable[] = [];
    const seen = new Set<IntVar>();
    for (const { variable, first } of order) {
      if (seen.has(variable)) throw new SolverError("invalid-option", `order: variable ${variable.name} occurs twice`);
      seen.add(variable);
      complete.push({ variable: compiler.numberOf(variable), first });
    }
    for (const variable of this.variables) {
      if (!seen.has(variable)) complete.push({ variable: compiler.numberOf(variable), first: "smallest" });
    }
    return complete;
  }

  /**
   * Propagation decides an assignment unless an auxiliary value lies beyond the exact range; such an assignment is checked
   * against the constraints in arbitrary precision.
   */
  private isSolution(): boolean {
    const { store } = this;
    let determined = true;
    for (let x = this.variables.length; x < store.variableCount; x++) {
      if (!store.isFixed(x)) {
        determined = false;
        break;
      }
    }
    if (determined) return true;
    const solution = this.solution();
    if (!this.constraints.every(({ constraint }) => holds(constraint, solution))) return false;
    if (this.objectiveVariable !== undefined && !store.isFixed(this.objectiveVariable)) {
      throw new SolverError(
        "overflow",
        `objective: its value for ${JSON.stringify(solution)} leaves the exact range ±(2^53 − 1)`,
      );
    }
    return true;
  }
}
