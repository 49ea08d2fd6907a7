import { Engine, Fixpoint } from "../../engine/engine.js";
import { Store } from "../../engine/store.js";
import { SolverError } from "../../error.js";
import { inequalitiesAround } from "../../relaxation/inequality.js";
import type { Relaxation, Relaxed } from "../../relaxation/relaxation.js";
import type { Branching } from "../../search/branching/branching.js";
import { Sequence } from "../../search/branching/sequence.js";
import { type OrderedVariable, StaticOrder } from "../../search/branching/static-order.js";
import { DepthFirstSearch } from "../../search/depth-first.js";
import { LearningSearch } from "../../search/learning/learning-search.js";
import { RecordingStore } from "../../search/learning/recording-store.js";
import { isOver } from "../../search/limits.js";
import type { Objective, Search, SearchStep } from "../../search/search.js";
import type { Statistics } from "../../search/statistics.js";
import { compileBranching } from "../branching.js";
import { Compiler } from "../compile/compile.js";
import { postDistinctSteps } from "../compile/distinct-step-chains.js";
import { equalVariables } from "../compile/equal-variables.js";
import { postImpliedSquares } from "../compile/implied-squares.js";
import { type Direction, directionsOf } from "../compile/objective-direction.js";
import type { NamedConstraint } from "../constraint.js";
import { described } from "../described.js";
import { holds } from "../evaluate.js";
import { type IntExpr, IntVar } from "../expression.js";
import type { Enumeration, Solution, SolveResult } from "../results.js";
import { checkSolveOptions, type SolveOptions, type VariableOrder } from "../solve-options.js";

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

/** A search for ever better solutions. @internal */
export interface OptimizingRun {
  readonly search: Pick<Search, "next">;
  readonly mayRelax: boolean;
  relax(relaxation: Relaxation): boolean;
  solution(): Solution;
  objective(): number;
  statistics(): Statistics;
  solveResult(step: SearchStep): SolveResult;
}

/**
 * One search through a model: translates it, searches, and reads solutions off the store.
 *
 * @internal
 */
export class Run implements OptimizingRun {
  private readonly engine: Engine;
  private readonly store: Store;
  /** The variables that only say which branch of a disjunction holds. */
  private readonly selectors: ReadonlySet<number>;
  private readonly objectiveGoal: Objective | undefined;
  /** How the objective depends on the variables. */
  private readonly directions: ReadonlyMap<IntVar, Direction> = new Map();
  private readonly variables: readonly IntVar[];
  private readonly constraints: readonly NamedConstraint[];
  private readonly compiler: Compiler;
  /** The number of each variable in the engine. */
  private readonly numbers: readonly number[];
  private readonly order: readonly OrderedVariable[];
  private readonly options: SolveOptions;
  /** A solution's properties, so that even a variable called __proto__ is one. */
  private readonly template: Readonly<Record<string, number>>;
  private translationSeconds: number;
  private relaxed: Relaxed | undefined;
  private started: Search | undefined;

  /** @param options with the engine `learning`, or depth-first search is meant */
  constructor(
    problem: Problem,
    options: SolveOptions,
    goal?: RunGoal,
    private readonly startedAt = performance.now(),
  ) {
    const translationStart = performance.now();
    checkSolveOptions(options);
    this.options = options;
    this.variables = problem.variables;
    this.template = Object.fromEntries(this.variables.map(({ name }) => [name, 0]));
    this.constraints = problem.constraints;
    const learns = options.engine === "learning";
    this.store = learns ? new RecordingStore() : new Store();
    this.engine = new Engine(this.store);
    const compiler = new Compiler(this.variables, {
      engine: this.engine,
      selectors: learns,
      arithmetic: learns ? "auxiliary" : options.arithmetic,
      equal: equalVariables(this.constraints),
    });
    this.numbers = this.variables.map((variable) => compiler.numberOf(variable));
    this.selectors = compiler.selectors;
    for (const { constraint } of this.constraints) {
      // The search then ends at once, before it looks at what is there.
      if (isOver(options, startedAt)) break;
      compiler.add(constraint);
    }
    postImpliedSquares(this.engine);
    this.compiler = compiler;
    if (goal !== undefined) {
      compiler.requireDefined(goal.expression);
      this.objectiveGoal = { variable: compiler.variableFor(goal.expression), sense: goal.sense };
      this.directions = directionsOf(goal.expression);
    }
    this.order = this.givenOrder(options.order ?? []);
    this.translationSeconds = (performance.now() - translationStart) / 1000;
  }

  /** The search, which begins when it is first asked for. */
  get search(): Search {
    if (this.started === undefined) {
      const translationStart = performance.now();
      this.started = this.start();
      this.translationSeconds += (performance.now() - translationStart) / 1000;
    }
    return this.started;
  }

  private start(): Search {
    const { engine, store } = this;
    const branching = this.branching();
    const options = {
      ...this.options,
      objective: this.objectiveGoal,
      startedAt: this.startedAt,
      accept: () => this.isSolution(),
    };
    if (!(store instanceof RecordingStore)) {
      return new DepthFirstSearch(engine, branching, { ...options, prepare: () => postDistinctSteps(engine) });
    }
    const solutionVariables = [...new Set(this.numbers)];
    const variables = [...this.selectors, ...solutionVariables];
    return new LearningSearch(engine, store, branching, { ...options, variables, solutionVariables });
  }

  /** Whether the model has disjunctions to decide: choices that a learning search can blame. */
  get hasDisjunctions(): boolean {
    return this.engine.posted.some((propagator) => propagator.isDisjunctive === true);
  }

  /** Whether a relaxation may bound the objective better than propagation, by the look of the constraints. */
  get mayRelax(): boolean {
    return this.objectiveGoal !== undefined && inequalitiesAround(this.engine, this.objectiveGoal.variable).length > 0;
  }

  /** Bounds the objective by a relaxation, before the search begins; says whether that helps. */
  relax(relaxation: Relaxation): boolean {
    const { engine, objectiveGoal } = this;
    if (objectiveGoal === undefined) return false;
    engine.interrupt = () => isOver(this.options, this.startedAt);
    if (engine.propagate() === Fixpoint.reached) {
      this.relaxed = relaxation.relax(engine, objectiveGoal);
      for (const propagator of this.relaxed?.constraints ?? []) engine.post(propagator);
    } else {
      engine.queueAll(); // for the search to find the same end
    }
    return this.relaxed !== undefined;
  }

  /** What has been done so far. */
  statistics(): Statistics {
    const { relaxed, translationSeconds } = this;
    const statistics = { ...this.search.statistics(), translationSeconds };
    if (relaxed === undefined) return statistics;
    return { ...statistics, relaxation: { bound: relaxed.bound, constraints: relaxed.constraints.length } };
  }

  /** The answer to whether there is a solution, after the search's first step. */
  solveResult(step: SearchStep): SolveResult {
    return solveResultOf(this, step);
  }

  /** The end of an enumeration, after this many solutions and the search's last step. */
  enumeration(count: number, step: SearchStep): Enumeration {
    return { status: step === "exhausted" ? "complete" : "limit", count, statistics: this.statistics() };
  }

  /** The current values of the model's variables. */
  solution(): Solution {
    // A copy of an object that has all properties is several times faster than adding one after the other.
    const values: Record<string, number> = { ...this.template };
    const { variables, numbers, store } = this;
    for (let i = 0; i < variables.length; i++) values[variables[i]!.name] = store.min(numbers[i]!);
    return Object.freeze(values);
  }

  /** The current value of one of the model's variables. */
  value(variable: IntVar): number {
    return this.store.min(this.compiler.numberOf(variable));
  }

  objective(): number {
    return this.store.min(this.objectiveGoal!.variable);
  }

  private givenOrder(order: readonly VariableOrder[]): OrderedVariable[] {
    const seen = new Set<IntVar>();
    return order.map((entry) => {
      const { variable, first } = entry;
      if (!(variable instanceof IntVar)) {
        throw new SolverError("invalid-option", `order: ${described(entry)} is not made by smallest or largest`);
      }
      if (seen.has(variable)) throw new SolverError("invalid-option", `order: variable ${variable.name} occurs twice`);
      seen.add(variable);
      return { variable: this.compiler.numberOf(variable), first };
    });
  }

  /** What decides every variable of the model: the order, then as the relaxation suggests, then the phases, then as declared. */
  private branching(): Branching {
    const { branching = [], seed = 0 } = this.options;
    const { store } = this;
    const suggested = (this.relaxed?.order ?? []).filter(({ variable }) => variable < this.compiler.ownVariableCount);
    // An objective tries first what makes it better.
    const worse = this.objectiveGoal === undefined ? 0 : -this.objectiveGoal.sense;
    const declared = this.variables.map((variable, i): OrderedVariable => {
      return { variable: this.numbers[i]!, first: this.directions.get(variable) === worse ? "largest" : "smallest" };
    });
    const first = [...this.order, ...suggested];
    if (branching.length === 0) return new StaticOrder(store, [...first, ...declared]);
    return new Sequence(store, [
      new StaticOrder(store, first),
      ...compileBranching(this.compiler, this.variables, branching, seed),
      new StaticOrder(store, declared),
    ]);
  }

  /**
   * Propagation decides an assignment unless an auxiliary value lies beyond the exact range; such an assignment is checked
   * against the constraints in arbitrary precision.
   */
  private isSolution(): boolean {
    const { store } = this;
    let determined = true;
    for (let x = this.compiler.ownVariableCount; x < store.variableCount; x++) {
      if (!store.isFixed(x) && !this.selectors.has(x)) {
        determined = false;
        break;
      }
    }
    if (determined) return true;
    const solution = this.solution();
    if (!this.constraints.every(({ constraint }) => holds(constraint, solution))) return false;
    if (this.objectiveGoal !== undefined && !store.isFixed(this.objectiveGoal.variable)) {
      throw new SolverError(
        "overflow",
        `objective: its value for ${JSON.stringify(solution)} leaves the exact range ±(2^53 − 1)`,
      );
    }
    return true;
  }
}

/** The answer to whether there is a solution, after a run's first step. @internal */
export function solveResultOf(run: Pick<Run, "solution" | "statistics">, step: SearchStep): SolveResult {
  const statistics = run.statistics();
  if (step === "solution") return { status: "satisfied", solution: run.solution(), statistics };
  return { status: step === "exhausted" ? "unsatisfiable" : "unknown", statistics };
}
