import { type Engine, Fixpoint } from "../engine/engine.js";
import type { Branching } from "./branching/branching.js";
import { applyLeft, applyRight, type Decision, Split } from "./branching/decision.js";
import { SearchClock } from "./clock.js";
import { DecisionPath } from "./decision-path.js";
import type { Limits } from "./limits.js";
import type { Progress, ProgressOptions } from "./progress.js";
import { RestartNogoods } from "./restart-nogoods.js";
import { type RestartOptions, restartCutoff } from "./restarts.js";
import type { Objective, Pause, Search, SearchStep } from "./search.js";
import type { Statistics } from "./statistics.js";

/** The clock is read once in this many nodes. */
const CLOCK_INTERVAL = 16;

/** Domains of at most this many values keep them one by one from the start, larger ones when the root is at its fixpoint. */
const SMALL_DOMAIN = 64;

/** How a {@link DepthFirstSearch} searches. */
export interface DepthFirstOptions extends Limits, ProgressOptions {
  readonly restarts?: RestartOptions | undefined;
  readonly objective?: Objective | undefined;
  /** Called at the root's first fixpoint, to post what pays now that the domains are known; says whether it posted any. */
  readonly prepare?: (() => boolean) | undefined;
  /** Says whether an assignment of all decision variables that survived propagation counts; default: always. */
  readonly accept?: (() => boolean) | undefined;
  /** When the caller's work began, in milliseconds of `performance.now`. */
  readonly startedAt?: number | undefined;
}

/**
 * Depth-first search with binary decisions over one store and its trail, one solution at a time.
 *
 * With an objective it is branch and bound: from a solution on, only better ones are looked for, so the last one before
 * `exhausted` is optimal. With restarts it begins again at the root after a number of failures; nogoods keep it from what it
 * has already seen, so that it stays complete and finds each solution once.
 */
export class DepthFirstSearch implements Search {
  private readonly clock: SearchClock;
  private readonly path = new DecisionPath();
  private readonly decision: Decision = { variable: 0, value: 0, split: Split.equal };
  private readonly nogoods: RestartNogoods | undefined;
  /** How the last step ended, from which the next call goes on; undefined before the first. */
  private state: Fixpoint | "solution" | undefined;
  private finished: SearchStep | undefined;
  private isRootExplicit = false;
  /** How many domains the propagation at the root began with that keep their values one by one. */
  private explicitAtFirst: number | undefined;
  /** The objective's value for the last solution, and what the root's propagation proved of it. */
  private best: number | undefined;
  private bound: number | undefined;
  /** Decisions whose left side holds: the store's levels. */
  private depth = 0;
  private nodes = 0;
  private failures = 0;
  private solutions = 0;
  private restarts = 0;
  private restartAtFailures: number;
  private peakTrail = 0;
  private peakDepth = 0;

  constructor(
    private readonly engine: Engine,
    private readonly branching: Branching,
    private readonly options: DepthFirstOptions = {},
  ) {
    const { restarts, startedAt = performance.now() } = options;
    this.clock = new SearchClock(options, startedAt, () => this.progress());
    this.restartAtFailures = restarts === undefined ? Infinity : restartCutoff(restarts, 1);
    if (restarts !== undefined) this.nogoods = new RestartNogoods(engine);
    engine.interrupt = () => this.clock.read() !== "go";
  }

  next({ at = Infinity, atFailures = Infinity }: Pause = {}): SearchStep {
    if (this.finished !== undefined) return this.finished;
    this.clock.pauseAt = at;
    let step = this.resume();
    for (;;) {
      this.state = step;
      if (step === Fixpoint.interrupted) {
        if (this.clock.read() === "over") return this.finish("limit");
        return "paused";
      }
      if (step === Fixpoint.failed) {
        if (this.depth === 0) return this.finish("exhausted");
        if (this.isAtCountLimit()) return this.finish("limit");
        step = this.backtrack();
        continue;
      }
      if (this.nodes % CLOCK_INTERVAL === 0) {
        const reading = this.clock.read();
        if (reading === "over") return this.finish("limit");
        if (reading === "pause") return "paused";
      }
      if (this.failures >= atFailures) return "paused";
      if (this.failures >= this.restartAtFailures && this.depth > 0) {
        step = this.restart();
        continue;
      }
      if (!this.branching.decide(this.engine.store, this.decision)) {
        if (this.options.accept?.() ?? true) return this.noteSolution();
        step = Fixpoint.failed;
        continue;
      }
      if (this.isAtCountLimit()) return this.finish("limit");
      step = this.descend();
    }
  }

  requireBetterThan(objective: number): void {
    const { sense } = this.options.objective!;
    if (this.best === undefined || sense * objective < sense * this.best) this.best = objective;
  }

  statistics(): Statistics {
    return {
      nodes: this.nodes,
      failures: this.failures,
      propagations: this.engine.propagations,
      solutions: this.solutions,
      restarts: this.restarts,
      peakTrail: Math.max(this.peakTrail, this.engine.store.trailLength),
      peakDepth: this.peakDepth,
      seconds: this.clock.seconds,
    };
  }

  private progress(): Progress {
    return { ...this.statistics(), depth: this.depth, objective: this.best, bound: this.bound };
  }

  /** What the last call left to be done: the first propagation, leaving a solution, or what a pause cut short. */
  private resume(): Fixpoint {
    const { state } = this;
    if (state === undefined) {
      this.nodes++;
      return this.clock.read() === "over" ? Fixpoint.interrupted : this.propagateRoot();
    }
    if (state === "solution") return Fixpoint.failed;
    if (state !== Fixpoint.interrupted) return state;
    return this.isRootExplicit ? this.settle(true) : this.propagateRoot();
  }

  /** Propagates, then keeps few values one by one, which lets propagators see more, and propagates again. */
  private propagateRoot(): Fixpoint {
    const { engine } = this;
    engine.makeExplicit(SMALL_DOMAIN);
    this.explicitAtFirst ??= engine.store.explicitCount;
    const first = this.settle(true);
    if (first !== Fixpoint.reached) return first;
    engine.makeExplicit();
    this.isRootExplicit = true;
    if (engine.store.explicitCount > this.explicitAtFirst) {
      engine.queueAll();
      const second = this.settle(true);
      if (second !== Fixpoint.reached) return second;
    }
    return this.options.prepare?.() ? this.settle(true) : Fixpoint.reached;
  }

  private descend(): Fixpoint {
    const { decision } = this;
    const { store } = this.engine;
    this.path.addLeft(decision);
    this.depth++;
    this.nodes++;
    if (this.depth > this.peakDepth) this.peakDepth = this.depth;
    // What propagators only do at the root's level is dear: once a right side holds there for good, it is a node like others.
    // Nogoods are recorded at the root's level.
    if (store.level === 0 && this.nogoods === undefined) store.push();
    store.push();
    return this.settle(applyLeft(store, decision.variable, decision.value, decision.split));
  }

  /** Undoes the last decision and takes its right side instead, on the level below. */
  private backtrack(): Fixpoint {
    const { decision, path } = this;
    const { store } = this.engine;
    path.removeLastLeft(decision);
    this.leaveLevels(this.depth - 1);
    this.nodes++;
    // The right side holds for good at the root; elsewhere a restart has to know it.
    if (this.nogoods !== undefined && this.depth > 0) path.addRight(decision);
    return this.settle(
      applyRight(store, decision.variable, decision.value, decision.split) && this.requireImprovement(),
    );
  }

  /** Goes back to the root with the nogoods of the path. */
  private restart(): Fixpoint {
    this.restarts++;
    this.nodes++;
    this.leaveLevels(0);
    this.restartAtFailures = this.failures + restartCutoff(this.options.restarts!, this.restarts + 1);
    const isOpen = this.requireImprovement() && this.nogoods!.record(this.path);
    this.path.clear();
    return this.settle(isOpen);
  }

  private leaveLevels(depth: number): void {
    const { store } = this.engine;
    if (store.trailLength > this.peakTrail) this.peakTrail = store.trailLength;
    for (; this.depth > depth; this.depth--) store.pop();
  }

  private settle(applied: boolean): Fixpoint {
    const { engine } = this;
    let step: Fixpoint = Fixpoint.failed;
    if (applied) {
      step = engine.propagate();
      if (step === Fixpoint.failed) this.branching.failed?.(engine.failedPropagator!);
    } else {
      engine.clearQueue();
    }
    if (step === Fixpoint.failed) this.failures++;
    else if (this.depth === 0) this.noteBound();
    return step;
  }

  /** Asks for a better objective than the last solution's. */
  private requireImprovement(): boolean {
    const { objective } = this.options;
    if (objective === undefined || this.best === undefined) return true;
    const { store } = this.engine;
    return objective.sense === 1
      ? store.setMax(objective.variable, this.best - 1)
      : store.setMin(objective.variable, this.best + 1);
  }

  private noteSolution(): SearchStep {
    const { objective } = this.options;
    this.state = "solution";
    this.solutions++;
    if (objective !== undefined) this.best = this.engine.store.min(objective.variable);
    return "solution";
  }

  /** What holds of the objective at the root holds for all solutions that are left. */
  private noteBound(): void {
    const { objective } = this.options;
    if (objective === undefined) return;
    const { store } = this.engine;
    const bound = objective.sense === 1 ? store.min(objective.variable) : store.max(objective.variable);
    if (Number.isFinite(bound)) this.bound = bound;
  }

  private isAtCountLimit(): boolean {
    const { nodeLimit, failureLimit } = this.options;
    return (
      (nodeLimit !== undefined && this.nodes >= nodeLimit) ||
      (failureLimit !== undefined && this.failures >= failureLimit)
    );
  }

  private finish(step: SearchStep): SearchStep {
    this.finished = step;
    this.engine.clearQueue();
    return step;
  }
}
