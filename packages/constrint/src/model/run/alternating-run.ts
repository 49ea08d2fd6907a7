import type { Relaxation } from "../../relaxation/relaxation.js";
import type { Progress } from "../../search/progress.js";
import type { Pause, SearchStep } from "../../search/search.js";
import type { Statistics } from "../../search/statistics.js";
import type { Solution, SolveResult } from "../results.js";
import { FIRST_TURN, FIRST_TURN_WITH_DISJUNCTIONS, type FirstTurn, type SolveOptions } from "../solve-options.js";
import { type OptimizingRun, type Problem, Run, type RunGoal, solveResultOf } from "./run.js";

/** By how much a turn is longer than the one before. */
const TURN_GROWTH = 2;

/** How many times longer the turns of depth-first search are when a relaxation bounds it: learning search goes without. */
const RELAXED_TURN = 100;

/**
 * Depth-first search and learning search by turns, on a store of their own each: what one finds, the other has to better.
 *
 * Turns are counted in failures, so that the same problem is searched the same way every time. Problems that are
 * small for depth-first search see nothing else; others take as long as the search that settles them, and the other one's turns.
 *
 * @internal
 */
export class AlternatingRun implements OptimizingRun {
  readonly search = { next: (pause: Pause = {}): SearchStep => this.next(pause) };
  private readonly startedAt = performance.now();
  private readonly depthFirst: Run;
  private learning: Run | undefined;
  private isLearningsTurn = false;
  private readonly turns: { -readonly [K in keyof FirstTurn]: FirstTurn[K] };
  /** Failures of the search whose turn it is at which the turn ends. */
  private turnEnd: number;
  private best: number | undefined;

  constructor(
    private readonly problem: Problem,
    private readonly options: SolveOptions,
    private readonly goal?: RunGoal,
  ) {
    this.depthFirst = new Run(problem, this.optionsFor("depth-first"), goal, this.startedAt);
    this.turns = { ...(this.depthFirst.hasDisjunctions ? FIRST_TURN_WITH_DISJUNCTIONS : FIRST_TURN) };
    this.turnEnd = this.turns.depthFirst;
  }

  get mayRelax(): boolean {
    return this.depthFirst.mayRelax;
  }

  relax(relaxation: Relaxation): boolean {
    const isBounded = this.depthFirst.relax(relaxation);
    if (isBounded) {
      this.turns.depthFirst *= RELAXED_TURN;
      this.turnEnd = this.turns.depthFirst;
    }
    return isBounded;
  }

  solution(): Solution {
    return this.current.solution();
  }

  objective(): number {
    return this.current.objective();
  }

  statistics(): Statistics {
    const plain = this.depthFirst.statistics();
    return this.learning === undefined ? plain : together(plain, this.learning.statistics());
  }

  solveResult(step: SearchStep): SolveResult {
    return solveResultOf(this, step);
  }

  private get current(): Run {
    return this.isLearningsTurn ? this.learning! : this.depthFirst;
  }

  private next({ at }: Pause): SearchStep {
    for (;;) {
      const step = this.current.search.next({ at, atFailures: this.turnEnd });
      if (step === "solution") {
        if (this.goal === undefined || this.isBetter()) return step;
      } else if (step !== "paused" || this.current.search.statistics().failures < this.turnEnd) return step;
      else this.changeTurns();
    }
  }

  /** Whether a solution betters those of both searches. One that was nearly found when its search paused need not. */
  private isBetter(): boolean {
    const { sense } = this.goal!;
    const objective = this.objective();
    if (this.best !== undefined && sense * objective >= sense * this.best) return false;
    this.best = objective;
    return true;
  }

  private changeTurns(): void {
    const { turns } = this;
    this.isLearningsTurn = !this.isLearningsTurn;
    this.learning ??= new Run(this.problem, this.optionsFor("learning"), this.goal, this.startedAt);
    const { search } = this.current;
    if (this.best !== undefined) search.requireBetterThan(this.best);
    if (this.isLearningsTurn) {
      this.turnEnd = search.statistics().failures + turns.learning;
      turns.learning *= TURN_GROWTH;
    } else {
      turns.depthFirst *= TURN_GROWTH;
      this.turnEnd = search.statistics().failures + turns.depthFirst;
    }
  }

  private optionsFor(engine: "depth-first" | "learning"): SolveOptions {
    const { onProgress } = this.options;
    return {
      ...this.options,
      engine,
      onProgress: onProgress && ((progress) => onProgress(this.wholeProgress(engine, progress))),
    };
  }

  /** The progress of both, where one of them tells its own. */
  private wholeProgress(engine: "depth-first" | "learning", progress: Progress): Progress {
    const other = engine === "learning" ? this.depthFirst : this.learning;
    const whole = other === undefined ? progress : { ...progress, ...together(progress, other.search.statistics()) };
    return this.best === undefined ? whole : { ...whole, objective: this.best };
  }
}

/** What two searches of the same problem did. */
function together(a: Statistics, b: Statistics): Statistics {
  return {
    ...b,
    ...a,
    nodes: a.nodes + b.nodes,
    failures: a.failures + b.failures,
    propagations: a.propagations + b.propagations,
    solutions: a.solutions + b.solutions,
    restarts: a.restarts + b.restarts,
    peakTrail: Math.max(a.peakTrail, b.peakTrail),
    peakDepth: Math.max(a.peakDepth, b.peakDepth),
    seconds: Math.max(a.seconds, b.seconds),
  };
}
