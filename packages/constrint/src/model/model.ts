import { interval, valueSet } from "../domain/int-domain.js";
import { SolverError } from "../error.js";
import { SlicedSearch } from "../search/sliced-search.js";
import { findConflict } from "./conflict.js";
import { type Constraint, type NamedConstraint, requireConstraint } from "./constraint.js";
import { type IntExpr, IntVar, type Operand, toExpression } from "./expression.js";
import { type ModelNode, nodesIn } from "./nodes-in.js";
import type { ConflictResult, Enumeration, OptimizeResult, Solution, SolveResult } from "./results.js";
import { runFor } from "./run/engine.js";
import { Improvements } from "./run/improvements.js";
import { Run } from "./run/run.js";
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
 *
 * Each question has an asynchronous form, which does not hold up the thread: it works for some 20 ms at a time, and an
 * {@link Limits.signal} that is aborted in between ends it as any limit does.
 */
export class Model {
  private readonly variablesByName = new Map<string, IntVar>();
  private readonly added: NamedConstraint[] = [];
  /** What is known to have no variables but the model's own: constraints share most of their parts. */
  private readonly ownNodes = new Set<ModelNode>();

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
   * Adds a variable with the values 0 and 1, for what holds or does not: `iff(late.eq(1), end.gt(deadline))`.
   *
   * @throws SolverError `duplicate-name`, `invalid-name` (empty).
   */
  bool(name: string): IntVar {
    return this.int(name, 0, 1);
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
    const run = runFor(this, options);
    return run.solveResult(run.search.next());
  }

  /** {@link solve}, giving way to other work now and then. */
  async solveAsync(options: SolveOptions = {}): Promise<SolveResult> {
    const run = runFor(this, options);
    return run.solveResult(await new SlicedSearch(run.search).next());
  }

  /** Produces the solutions one after the other in the search order, each once, and returns how the enumeration ended. */
  *solutions(options: EnumerateOptions = {}): Generator<Solution, Enumeration, void> {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    let count = 0;
    for (; count < limit; count++) {
      const step = run.search.next();
      if (step !== "solution") return run.enumeration(count, step);
      yield run.solution();
    }
    return run.enumeration(count, "limit");
  }

  /** {@link solutions}, giving way to other work now and then. */
  async *solutionsAsync(options: EnumerateOptions = {}): AsyncGenerator<Solution, Enumeration, void> {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    const search = new SlicedSearch(run.search);
    let count = 0;
    for (; count < limit; count++) {
      const step = await search.next();
      if (step !== "solution") return run.enumeration(count, step);
      yield run.solution();
    }
    return run.enumeration(count, "limit");
  }

  /** Counts the solutions without building them. */
  count(options: EnumerateOptions = {}): Enumeration {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    let count = 0;
    for (; count < limit; count++) {
      const step = run.search.next();
      if (step !== "solution") return run.enumeration(count, step);
    }
    return run.enumeration(count, "limit");
  }

  /** {@link count}, giving way to other work now and then. */
  async countAsync(options: EnumerateOptions = {}): Promise<Enumeration> {
    const limit = solutionLimit(options);
    const run = new Run(this, options);
    const search = new SlicedSearch(run.search);
    let count = 0;
    for (; count < limit; count++) {
      const step = await search.next();
      if (step !== "solution") return run.enumeration(count, step);
    }
    return run.enumeration(count, "limit");
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
    const nodes = nodesIn(node, this.ownNodes);
    for (const part of nodes) {
      if (part.kind === "variable" && this.variablesByName.get(part.name) !== part) {
        throw new SolverError("unknown-variable", `variable ${part.name}: does not belong to this model`);
      }
    }
    for (const part of nodes) this.ownNodes.add(part);
  }

  private optimize(expression: IntExpr, sense: 1 | -1, options: OptimizeOptions): OptimizeResult {
    this.requireOwnVariables(expression);
    const run = runFor(this, options, { expression, sense });
    if (options.relaxation) run.relax(options.relaxation);
    const improvements = new Improvements(run, options);
    while (!improvements.take(run.search.next()));
    return improvements.result();
  }

  private async optimizeAsync(expression: IntExpr, sense: 1 | -1, options: OptimizeOptions): Promise<OptimizeResult> {
    this.requireOwnVariables(expression);
    const run = runFor(this, options, { expression, sense });
    const relaxation =
      options.relaxation ?? (run.mayRelax && (await import("../relaxation/index.js")).linearRelaxation);
    if (relaxation) run.relax(relaxation);
    const improvements = new Improvements(run, options);
    const search = new SlicedSearch(run.search);
    while (!improvements.take(await search.next()));
    return improvements.result();
  }
}
