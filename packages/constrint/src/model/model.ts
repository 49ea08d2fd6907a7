import { interval, valueSet } from "../domain/int-domain.js";
import { SolverError } from "../error.js";
import type { SearchStep } from "../search/search.js";
import { findConflict } from "./conflict.js";
import { type Constraint, type NamedConstraint, requireConstraint } from "./constraint.js";
import { type IntExpr, IntVar, type Operand, toExpression } from "./expression.js";
import { variablesIn } from "./nodes-in.js";
import type { ConflictResult, Enumeration, OptimizeResult, Solution, SolveResult } from "./results.js";
import { Run } from "./run.js";
import {
  type EnumerateOptions,
  type ExplainOptions,
  type OptimizeOptions,
  type SolveOptions,
  solutionLimit,
} from "./solve-options.js";

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
    if (step === "solution") return { status: "satisfied", solution: run.solution(), statistics: run.statistics() };
    return { status: step === "limit" ? "unknown" : "unsatisfiable", statistics: run.statistics() };
  }

  /** Produces the solutions one after the other in the search order, each once, and returns how the enumeration ended. */
  *solutions(options: EnumerateOptions = {}): Generator<Solution, Enumeration, void> {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    let count = 0;
    while (count < limit) {
      const step = run.search.next();
      if (step !== "solution") {
        return { status: step === "limit" ? "limit" : "complete", count, statistics: run.statistics() };
      }
      count++;
      yield run.solution();
    }
    return { status: "limit", count, statistics: run.statistics() };
  }

  /** Counts the solutions without building them. */
  count(options: EnumerateOptions = {}): Enumeration {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    let count = 0;
    while (count < limit) {
      const step = run.search.next();
      if (step !== "solution") {
        return { status: step === "limit" ? "limit" : "complete", count, statistics: run.statistics() };
      }
      count++;
    }
    return { status: "limit", count, statistics: run.statistics() };
  }

  /** Finds a solution that makes the expression as small as possible, and proves it. */
  minimize(expression: Operand, options: OptimizeOptions = {}): OptimizeResult {
    return this.optimize(toExpression(expression), 1, options);
  }

  /** Finds a solution that makes the expression as large as possible, and proves it. */
  maximize(expression: Operand, options: OptimizeOptions = {}): OptimizeResult {
    return this.optimize(toExpression(expression), -1, options);
  }

  /** {@link minimize}, giving way to other work now and then, and with the linear relaxation where it may pay. */
  minimizeAsync(expression: Operand, options: OptimizeOptions = {}): Promise<OptimizeResult> {
    return this.optimizeAsync(toExpression(expression), 1, options);
  }

  /** {@link maximize}, giving way to other work now and then, and with the linear relaxation where it may pay. */
  maximizeAsync(expression: Operand, options: OptimizeOptions = {}): Promise<OptimizeResult> {
    return this.optimizeAsync(toExpression(expression), -1, options);
  }

  /**
   * Finds out why the model has no solution: a subset of its constraints, minimal by inclusion, that has none. The domains of
   * the variables are taken as given. A limit leaves a larger subset, and says so.
   *
   * @throws SolverError `invalid-option` for a limit that is not a number ≥ 0.
   */
  explainUnsatisfiable(options: ExplainOptions = {}): ConflictResult {
    return findConflict({ variables: this.variables, constraints: this.constraints }, options);
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
    if (options.relaxation) run.relax(options.relaxation);
    const improvements = new Improvements(run, options);
    while (!improvements.take(run.search.next()));
    return improvements.result();
  }

  private async optimizeAsync(expression: IntExpr, sense: 1 | -1, options: OptimizeOptions): Promise<OptimizeResult> {
    this.requireOwnVariables(expression);
    const run = new Run(this, options, { expression, sense });
    const relaxation =
      options.relaxation ?? (run.mayRelax && (await import("../relaxation/index.js")).linearRelaxation);
    if (relaxation) run.relax(relaxation);
    const improvements = new Improvements(run, options);
    for (;;) {
      const step = run.search.next(performance.now() + WORK_MILLISECONDS);
      if (improvements.take(step)) return improvements.result();
      if (step === "paused") await otherWork();
    }
  }
}

/** An asynchronous question works this long before it gives way. */
const WORK_MILLISECONDS = 20;

/** Lets what waits in the event loop run: timers, input, painting. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Collects what an optimising run finds. */
class Improvements {
  private solution: Solution | undefined;
  private objective: number | undefined;
  private isProved = false;

  constructor(
    private readonly run: Run,
    private readonly options: OptimizeOptions,
  ) {}

  /** Takes in how a step of the search ended, and returns whether it was the last one. */
  take(step: SearchStep): boolean {
    if (step === "paused") return false;
    this.isProved = step === "exhausted";
    if (step !== "solution") return true;
    const { run, options } = this;
    this.solution = run.solution();
    this.objective = run.objective();
    options.onImprovement?.(this.solution, this.objective);
    return options.signal?.aborted ?? false;
  }

  result(): OptimizeResult {
    const { solution, objective, isProved } = this;
    const statistics = this.run.statistics();
    if (solution === undefined || objective === undefined) {
      return { status: isProved ? "unsatisfiable" : "unknown", statistics };
    }
    return { status: isProved ? "optimal" : "satisfied", solution, objective, statistics };
  }
}
