import { interval, valueSet } from "../domain/int-domain.js";
import type { Store } from "../engine/store.js";
import { SolverError } from "../error.js";
import { type OrderedVariable, StaticOrder } from "../search/branching.js";
import { DepthFirstSearch, type Objective } from "../search/depth-first.js";
import { checkLimits, type Limits } from "../search/limits.js";
import type { Statistics } from "../search/statistics.js";
import { Compiler } from "./compile.js";
import { type Constraint, requireConstraint } from "./constraint.js";
import { holds } from "./evaluate.js";
import { type IntExpr, IntVar, type Operand, toExpression } from "./expression.js";
import { variablesIn } from "./nodes-in.js";

/** A variable and which of its values is tried first; made by {@link smallest} and {@link largest}. */
export interface VariableOrder {
  readonly variable: IntVar;
  readonly first: "smallest" | "largest";
}

/** Decide this variable from its smallest value upward. */
export function smallest(variable: IntVar): VariableOrder {
  return Object.freeze({ variable, first: "smallest" });
}

/** Decide this variable from its largest value downward. */
export function largest(variable: IntVar): VariableOrder {
  return Object.freeze({ variable, first: "largest" });
}

/** How to search. */
export interface SolveOptions extends Limits {
  /**
   * The variables to decide first, in this order; the others follow in the order of declaration, smallest value first. The
   * first solution is the best in the lexicographic sense of this order.
   */
  readonly order?: readonly VariableOrder[] | undefined;
}

/** How to enumerate. */
export interface EnumerateOptions extends SolveOptions {
  /** The most solutions to produce. */
  readonly limit?: number | undefined;
}

/** How to optimise. */
export interface OptimizeOptions extends SolveOptions {
  /**
   * Called with each solution that is better than all before it, the last of which is the best, and its objective. Aborting
   * {@link Limits.signal} from it ends the search at this solution.
   */
  readonly onImprovement?: ((solution: Solution, objective: number) => void) | undefined;
}

/** A value for every variable of the model, by name: a plain frozen record. */
export type Solution = Readonly<Record<string, number>>;

/** The answer to whether a model has a solution. `unknown`: a limit was hit before either was known. */
export interface SolveResult {
  readonly status: "satisfied" | "unsatisfiable" | "unknown";
  readonly solution?: Solution;
  readonly statistics: Statistics;
}

/** The answer to an optimisation. `satisfied`: a limit was hit; the best solution so far may not be the best there is. */
export interface OptimizeResult {
  readonly status: "optimal" | "satisfied" | "unsatisfiable" | "unknown";
  readonly solution?: Solution;
  /** The objective's value for the solution. */
  readonly objective?: number;
  readonly statistics: Statistics;
}

/** The end of an enumeration. `complete`: these were all solutions; `limit`: there may be more. */
export interface Enumeration {
  readonly status: "complete" | "limit";
  /** How many solutions were produced. */
  readonly count: number;
  readonly statistics: Statistics;
}

/** A constraint as it was added. */
export interface NamedConstraint {
  readonly constraint: Constraint;
  readonly name?: string;
}

/**
 * An integer constraint problem: variables, constraints, and the questions about them.
 *
 * ```ts
 * const m = new Model();
 * const x = m.int("x", 1, 100);
 * const y = m.int("y", 1, 100);
 * m.add(x.times(y).eq(391)).add(x.le(y));
 * m.solve().solution; // { x: 1, … } or, here, { x: 17, y: 23 }
 * ```
 *
 * Solving changes nothing in the model: it can be asked again, and extended.
 */
export class Model {
  private readonly variablesByName = new Map<string, IntVar>();
  private readonly added: NamedConstraint[] = [];

  /**
   * Adds a variable with the values min … max, both inclusive, or with the listed values.
   *
   * @throws SolverError `duplicate-name`, `invalid-name` (empty), `invalid-domain` (no value), `not-an-integer`.
   */
  int(name: string, min: number, max: number): IntVar;
  int(name: string, values: readonly number[]): IntVar;
  int(name: string, minOrValues: number | readonly number[], max?: number): IntVar {
    if (typeof name !== "string" || name === "") throw new SolverError("invalid-name", "variable: the name is empty");
    if (this.variablesByName.has(name)) throw new SolverError("duplicate-name", `variable ${name}: exists already`);
    let variable: IntVar;
    try {
      const domain = typeof minOrValues === "number" ? interval(minOrValues, max ?? Number.NaN) : valueSet(minOrValues);
      variable = new IntVar(name, domain);
    } catch (error) {
      if (error instanceof SolverError) throw new SolverError(error.code, `variable ${name}: ${error.message}`);
      throw error;
    }
    this.variablesByName.set(name, variable);
    return variable;
  }

  /**
   * Adds a constraint, with a name for messages if given, and returns the model.
   *
   * @throws SolverError `unknown-variable` for a variable of another model.
   */
  add(constraint: Constraint, name?: string): this {
    requireConstraint(constraint);
    this.requireOwnVariables(constraint);
    this.added.push(Object.freeze(name === undefined ? { constraint } : { constraint, name }));
    return this;
  }

  /** The variables in the order of declaration. */
  get variables(): readonly IntVar[] {
    return [...this.variablesByName.values()];
  }

  /** The constraints in the order in which they were added. */
  get constraints(): readonly NamedConstraint[] {
    return [...this.added];
  }

  /** The variable of this name, or undefined. */
  variable(name: string): IntVar | undefined {
    return this.variablesByName.get(name);
  }

  /** Finds the first solution in the search order, or proves that there is none. */
  solve(options: SolveOptions = {}): SolveResult {
    const run = new Run(this, options);
    const step = run.search.next();
    if (step === "solution")
      return { status: "satisfied", solution: run.solution(), statistics: run.search.statistics() };
    return { status: step === "limit" ? "unknown" : "unsatisfiable", statistics: run.search.statistics() };
  }

  /** Produces the solutions one after the other in the search order, each once, and returns how the enumeration ended. */
  *solutions(options: EnumerateOptions = {}): Generator<Solution, Enumeration, void> {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    let count = 0;
    while (count < limit) {
      const step = run.search.next();
      if (step !== "solution") {
        return { status: step === "limit" ? "limit" : "complete", count, statistics: run.search.statistics() };
      }
      count++;
      yield run.solution();
    }
    return { status: "limit", count, statistics: run.search.statistics() };
  }

  /** Counts the solutions without building them. */
  count(options: EnumerateOptions = {}): Enumeration {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    let count = 0;
    while (count < limit) {
      const step = run.search.next();
      if (step !== "solution") {
        return { status: step === "limit" ? "limit" : "complete", count, statistics: run.search.statistics() };
      }
      count++;
    }
    return { status: "limit", count, statistics: run.search.statistics() };
  }

  /** Finds a solution that makes the expression as small as possible, and proves it. */
  minimize(expression: Operand, options: OptimizeOptions = {}): OptimizeResult {
    return this.optimize(toExpression(expression), 1, options);
  }

  /** Finds a solution that makes the expression as large as possible, and proves it. */
  maximize(expression: Operand, options: OptimizeOptions = {}): OptimizeResult {
    return this.optimize(toExpression(expression), -1, options);
  }

  private requireOwnVariables(node: Constraint | IntExpr): void {
    for (const variable of variablesIn(node)) {
      if (this.variablesByName.get(variable.name) !== variable) {
        throw new SolverError("unknown-variable", `variable ${variable.name}: does not belong to this model`);
      }
    }
  }

  private optimize(expression: IntExpr, sense: 1 | -1, options: OptimizeOptions): OptimizeResult {
    this.requireOwnVariables(expression);
    const run = new Run(this, options, { expression, sense });
    let solution: Solution | undefined;
    let objective: number | undefined;
    let step = run.search.next();
    for (; step === "solution"; step = run.search.next()) {
      solution = run.solution();
      objective = run.objective();
      options.onImprovement?.(solution, objective);
      if (options.signal?.aborted) {
        step = "limit";
        break;
      }
    }
    const statistics = run.search.statistics();
    if (solution === undefined || objective === undefined) {
      return { status: step === "limit" ? "unknown" : "unsatisfiable", statistics };
    }
    return { status: step === "limit" ? "satisfied" : "optimal", solution, objective, statistics };
  }
}

function solutionLimit(options: EnumerateOptions): number {
  const limit = options.limit ?? Infinity;
  if (!(limit >= 0)) throw new SolverError("invalid-option", `limit: ${limit} is not a number ≥ 0`);
  return limit;
}

/** One search through a model. */
class Run {
  readonly search: DepthFirstSearch;
  private readonly store: Store;
  private readonly objectiveVariable: number | undefined;
  private readonly variables: readonly IntVar[];
  private readonly model: Model;

  constructor(model: Model, options: SolveOptions, goal?: { readonly expression: IntExpr; readonly sense: 1 | -1 }) {
    const startedAt = performance.now();
    checkLimits(options);
    this.model = model;
    this.variables = model.variables;
    const compiler = new Compiler(this.variables);
    for (const { constraint } of model.constraints) compiler.add(constraint);
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
    if (!this.model.constraints.every(({ constraint }) => holds(constraint, solution))) return false;
    if (this.objectiveVariable !== undefined && !store.isFixed(this.objectiveVariable)) {
      throw new SolverError(
        "overflow",
        `objective: its value for ${JSON.stringify(solution)} leaves the exact range ±(2^53 − 1)`,
      );
    }
    return true;
  }
}
