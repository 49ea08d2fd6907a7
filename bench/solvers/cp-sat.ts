import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Constraint, domainHas, type FlatZincProblem, type IntExpr, type IntVar, readFlatZinc } from "constrint";
import { constrint } from "./constrint.js";
import { FlatZincPeer, root } from "./flatzinc-peer.js";
import type { Measurement, Peer } from "./peer.js";
import type { Row } from "./rows.js";

// The part of or-tools-wasm's interface that is used here; the package is not installed with the workspaces.
interface Expression {
  times(factor: number): Expression;
  plus(other: Expression | number): Expression;
}
interface CpModel {
  newIntVar(lower: number, upper: number, name: string): Expression;
  newIntVarFromDomain(domain: unknown, name: string): Expression;
  newConstant(value: number): Expression;
  addLinearConstraint(expression: Expression, lower: number, upper: number, domain?: number[]): unknown;
  addAllDifferent(expressions: Expression[]): unknown;
  addMultiplicationEquality(target: Expression, factors: Expression[]): unknown;
  addDivisionEquality(target: Expression, dividend: Expression, divisor: Expression): unknown;
  addModuloEquality(target: Expression, dividend: Expression, divisor: Expression): unknown;
  newFixedSizeIntervalVar(start: Expression, size: number, name: string): unknown;
  addNoOverlap(intervals: unknown[]): unknown;
  minimize(expression: Expression): void;
  maximize(expression: Expression): void;
}
interface CpSat {
  readonly CpModel: new () => CpModel;
  readonly CpSolver: new () => {
    solve(model: CpModel, parameters: object, callbacks: { onSolution(): void }): Promise<unknown>;
    statusName(): string;
    objectiveValue(): number;
    readonly numBranches: number;
  };
  readonly Domain: { fromValues(values: Iterable<number>): unknown };
}

/** Beyond this CP-SAT's own products overflow. */
const LARGEST = 2 ** 53 - 1;

/** constrint's library, with a disjunctive that arrives as a cumulative of capacity 1 and so becomes CP-SAT's noOverlap. */
function withDisjunctiveAsCumulative(folder: string): string {
  const configuration = constrint.configuration(folder);
  const library = join(folder, "library");
  cpSync(join(dirname(configuration), "mznlib"), library, { recursive: true });
  for (const name of ["fzn_disjunctive", "fzn_disjunctive_strict"]) {
    writeFileSync(
      join(library, `${name}.mzn`),
      `include "fzn_cumulative.mzn";\npredicate ${name}(array[int] of var int: s, array[int] of var int: d) =\n` +
        "  fzn_cumulative(s, d, [1 | i in index_set(s)], 1);\n",
    );
  }
  const copy = join(folder, "cp-sat.msc");
  writeFileSync(
    copy,
    JSON.stringify({ ...JSON.parse(readFileSync(configuration, "utf8")), id: "bench.cp-sat", mznlib: library }),
  );
  return copy;
}

/** CP-SAT in WebAssembly on the problem as flattened for constrint; the time is that of the whole call, building included. */
export class CpSatPeer implements Peer {
  readonly id = "cp-sat-wasm";
  readonly name = "CP-SAT wasm";
  private readonly flattener = new FlatZincPeer({ ...constrint, configuration: withDisjunctiveAsCumulative });
  private library: CpSat | undefined;

  async prepare(): Promise<string | undefined> {
    const require = createRequire(join(root, "bench/solvers/package.json"));
    try {
      this.library = await import(pathToFileURL(require.resolve("or-tools-wasm/cp-sat")).href);
    } catch {
      return "needs npm install in bench/solvers";
    }
    return this.flattener.prepare();
  }

  async run(row: Row, limitSeconds: number): Promise<Measurement> {
    const library = this.library!;
    const flatteningStart = performance.now();
    const file = await this.flattener.flatten(row);
    const flatteningSeconds = (performance.now() - flatteningStart) / 1000;
    const problem = readFlatZinc(readFileSync(file, "utf8"));
    const startedAt = performance.now();
    const model = new Translation(library, problem).model;
    const solver = new library.CpSolver();
    let solutions = 0;
    const onSolution = (): void => {
      solutions++;
    };
    const parameters = {
      maxTimeInSeconds: limitSeconds,
      // Enumeration needs a single worker.
      ...(row.question === "all" ? { enumerateAllSolutions: true, numSearchWorkers: 1 } : { numSearchWorkers: 2 }),
    };
    await solver.solve(model, parameters, { onSolution });
    const seconds = (performance.now() - startedAt) / 1000;
    const status = solver.statusName();
    const isDone =
      status === "OPTIMAL" || status === "INFEASIBLE" || (row.question === "first" && status === "FEASIBLE");
    if (!isDone)
      return seconds >= 0.9 * limitSeconds
        ? { status: "limit", seconds: limitSeconds }
        : { status: "failed", seconds, message: status };
    const counted = row.question === "first" ? Number(status !== "INFEASIBLE") : solutions;
    const value = row.question === "optimum" ? solver.objectiveValue() : counted;
    return { status: "answered", value, seconds, flatteningSeconds, nodes: solver.numBranches };
  }

  close(): Promise<void> {
    return this.flattener.close();
  }
}

/** A model of ours as one of CP-SAT's. What does not occur in the rows is refused. */
class Translation {
  readonly model: CpModel;
  private readonly expressions = new Map<IntExpr, Expression>();

  constructor(
    private readonly library: CpSat,
    problem: FlatZincProblem,
  ) {
    this.model = new library.CpModel();
    for (const { constraint } of problem.model.constraints) this.add(constraint);
    for (const variable of problem.model.variables) this.expression(variable);
    if (problem.goal !== undefined) this.model[problem.goal.sense](this.expression(problem.goal.expression));
  }

  private expression(expression: IntExpr): Expression {
    let translated = this.expressions.get(expression);
    if (translated === undefined) {
      translated = this.translate(expression);
      this.expressions.set(expression, translated);
    }
    return translated;
  }

  private translate(expression: IntExpr): Expression {
    const { model } = this;
    switch (expression.kind) {
      case "constant":
        return model.newConstant(expression.value);
      case "variable":
        return this.variable(expression);
      case "sum":
        return expression.terms.map((term) => this.expression(term)).reduce((left, right) => left.plus(right));
      case "product": {
        const factors = expression.factors.filter((factor) => factor.kind !== "constant");
        const coefficient = expression.factors.reduce(
          (c, factor) => (factor.kind === "constant" ? c * factor.value : c),
          1,
        );
        if (factors.length === 1) return this.expression(factors[0]!).times(coefficient);
        const bound = expression.factors.reduce((product, factor) => product * largestValue(factor), 1);
        const target = model.newIntVar(-bound, bound, "");
        model.addMultiplicationEquality(
          target,
          factors.map((factor) => this.expression(factor)),
        );
        return target.times(coefficient);
      }
      case "quotient":
      case "remainder": {
        const bound = largestValue(expression.dividend);
        const target = model.newIntVar(-bound, bound, "");
        const operands = [this.expression(expression.dividend), this.expression(expression.divisor)] as const;
        if (expression.kind === "quotient") model.addDivisionEquality(target, ...operands);
        else model.addModuloEquality(target, ...operands);
        return target;
      }
      default:
        throw new Error(`CP-SAT: ${expression.kind} is not translated`);
    }
  }

  private variable({ domain, name }: IntVar): Expression {
    const values = domain.values;
    return values === undefined
      ? this.model.newIntVar(domain.min, domain.max, name)
      : this.model.newIntVarFromDomain(
          this.library.Domain.fromValues([...values].filter((v) => domainHas(domain, v))),
          name,
        );
  }

  private add(constraint: Constraint): void {
    const { model } = this;
    switch (constraint.kind) {
      case "comparison": {
        const { left, right, relation } = constraint;
        const product = relation === "==" ? productIn(left, right) : undefined;
        if (product !== undefined) {
          model.addMultiplicationEquality(
            this.expression(product.target),
            product.factors.map((f) => this.expression(f)),
          );
          return;
        }
        const difference = this.expression(left).plus(this.expression(right).times(-1));
        if (relation === "!=") {
          model.addLinearConstraint(difference, -LARGEST, LARGEST, [-LARGEST, -1, 1, LARGEST]);
        } else {
          const lower = { "==": 0, "<=": -LARGEST, "<": -LARGEST, ">=": 0, ">": 1 }[relation];
          const upper = { "==": 0, "<=": 0, "<": -1, ">=": LARGEST, ">": LARGEST }[relation];
          model.addLinearConstraint(difference, lower, upper);
        }
        return;
      }
      case "and":
        for (const part of constraint.constraints) this.add(part);
        return;
      case "all-different":
        model.addAllDifferent(constraint.operands.map((operand) => this.expression(operand)));
        return;
      case "cumulative": {
        const { tasks, capacity } = constraint;
        const isDisjunctive = capacity.kind === "constant" && capacity.value === 1;
        const intervals = tasks.map(({ start, duration }) => {
          if (duration.kind !== "constant" || !isDisjunctive) throw new Error("CP-SAT: cumulative is not translated");
          return model.newFixedSizeIntervalVar(this.expression(start), duration.value, "");
        });
        model.addNoOverlap(intervals);
        return;
      }
      default:
        throw new Error(`CP-SAT: ${constraint.kind} is not translated`);
    }
  }
}

/** A product that equals a variable or constant, whose own domain then bounds it. */
function productIn(left: IntExpr, right: IntExpr): { factors: readonly IntExpr[]; target: IntExpr } | undefined {
  for (const [product, target] of [
    [left, right],
    [right, left],
  ] as const) {
    if (product.kind === "product" && (target.kind === "variable" || target.kind === "constant")) {
      return { factors: product.factors, target };
    }
  }
  return undefined;
}

/** The largest absolute value, roughly. */
function largestValue(expression: IntExpr): number {
  switch (expression.kind) {
    case "constant":
      return Math.abs(expression.value);
    case "variable":
      return Math.max(Math.abs(expression.domain.min), Math.abs(expression.domain.max));
    case "sum":
      return expression.terms.reduce((total, term) => total + largestValue(term), 0);
    case "product":
      return expression.factors.reduce((total, factor) => total * largestValue(factor), 1);
    case "quotient":
    case "remainder":
      return largestValue(expression.dividend);
    default:
      return LARGEST;
  }
}
