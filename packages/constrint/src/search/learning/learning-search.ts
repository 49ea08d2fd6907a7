import { type Engine, Fixpoint } from "../../engine/engine.js";
import { LiteralKind } from "../../engine/literal.js";
import type { Branching } from "../branching/branching.js";
import { type Decision, Split } from "../branching/decision.js";
import { SearchClock } from "../clock.js";
import type { Limits } from "../limits.js";
import type { Progress, ProgressOptions } from "../progress.js";
import { type RestartOptions, restartCutoff } from "../restarts.js";
import type { Objective, Pause, Search, SearchStep } from "../search.js";
import type { Statistics } from "../statistics.js";
import { ActivityOrder } from "./activity-order.js";
import { ConflictAnalysis } from "./conflict-analysis.js";
import { Explainer } from "./explainer.js";
import { falsify, Nogoods, OBJECTIVE, PERMANENT } from "./nogoods.js";
import { PremiseStack } from "./premises.js";
import type { RecordingStore } from "./recording-store.js";

/** The clock is read once in this many decisions and conflicts. */
const CLOCK_INTERVAL = 16;
/** When to restart unless told. */
const RESTARTS: RestartOptions = { sequence: "luby", scale: 128 };
/** Nogoods kept before the least useful half is forgotten, and by how much that number grows each time. */
const INITIAL_NOGOOD_LIMIT = 4000;
const NOGOOD_LIMIT_GROWTH = 1.1;

/** What a learning search works on beside the engine. */
export interface LearningOptions extends Limits, ProgressOptions {
  /** The variables that activity decides, in the order that decides before any conflict. */
  readonly variables: readonly number[];
  /** The variables whose values make a solution: enumeration produces each combination once. */
  readonly solutionVariables: readonly number[];
  /** After how many conflicts to begin again at the root, with what was learned. */
  readonly restarts?: RestartOptions | undefined;
  readonly objective?: Objective | undefined;
  /** Says whether an assignment of all decision variables that survived propagation counts; default: always. */
  readonly accept?: (() => boolean) | undefined;
  /** When the caller's work began, in milliseconds of `performance.now`. */
  readonly startedAt?: number | undefined;
}

/**
 * Conflict-driven search with lazy clause generation: every conflict is explained by literals about bounds and values, and
 * learned as a nogood that propagates from then on; the search jumps back to where the nogood would have propagated.
 *
 * Variables with two values are decided by their activity in conflicts, with the value that they had last, the others by the
 * given branching; without such variables, activity and branching alternate from restart to restart.
 *
 * Ohrimenko, Stuckey and Codish, "Propagation via lazy clause generation", Constraints 14, 2009.
 */
export class LearningSearch implements Search {
  private readonly premises: PremiseStack;
  private readonly nogoods: Nogoods;
  private readonly explainer: Explainer;
  private readonly analysis: ConflictAnalysis;
  /** Undefined until the root level has settled for the first time. */
  private order: ActivityOrder | undefined;
  private readonly decision: Decision = { variable: 0, value: 0, split: Split.equal };
  private readonly phases: Float64Array;
  private readonly clock: SearchClock;
  /** Where the last call left: what the next one has to do first. */
  private state: "new" | "solution" | "paused" = "new";
  private finished: SearchStep | undefined;
  private isRootExplicit = false;
  /** Whether the bound came from elsewhere and has not been applied yet. */
  private isBoundNew = false;
  private decidesByActivityOnly = false;
  private bound: number | undefined;
  /** What the root's propagation proved of the objective. */
  private rootBound: number | undefined;
  private nogoodLimit = INITIAL_NOGOOD_LIMIT;
  private readonly restartOptions: RestartOptions;
  private conflictsUntilRestart: number;
  private restarts = 0;
  private nodes = 0;
  private failures = 0;
  private solutions = 0;
  private peakTrail = 0;
  private peakDepth = 0;
  private untilClock = CLOCK_INTERVAL;

  constructor(
    private readonly engine: Engine,
    private readonly store: RecordingStore,
    private readonly branching: Branching,
    private readonly options: LearningOptions,
  ) {
    this.restartOptions = options.restarts ?? RESTARTS;
    this.conflictsUntilRestart = restartCutoff(this.restartOptions, 1);
    this.premises = new PremiseStack(store);
    this.nogoods = new Nogoods(store);
    this.explainer = new Explainer(engine, store, this.nogoods, this.premises);
    this.analysis = new ConflictAnalysis(store, this.premises, this.explainer, (x) => this.order?.bump(x));
    this.phases = new Float64Array(store.variableCount).fill(Number.NaN);
    this.clock = new SearchClock(options, options.startedAt ?? performance.now(), () => this.progress());
    engine.interrupt = () => this.clock.read() !== "go";
  }

  next({ at = Infinity, atFailures = Infinity }: Pause = {}): SearchStep {
    if (this.finished !== undefined) return this.finished;
    this.clock.pauseAt = at;
    const { state } = this;
    if (state === "new") {
      this.nodes++;
      if (this.clock.read() === "over") return this.finish("limit");
    } else if (state === "solution") {
      if (!this.leaveSolution()) return this.finish("exhausted");
    }
    if (!this.isRootExplicit) {
      const root = this.propagateRoot();
      if (root === Fixpoint.interrupted) return this.pauseOrEnd();
      if (root === Fixpoint.failed) {
        this.failures++;
        return this.finish("exhausted");
      }
    }
    if (this.isBoundNew) {
      this.isBoundNew = false;
      if (!this.applyBound()) return this.finish("exhausted");
    }
    for (;;) {
      const fixpoint = this.propagate();
      if (fixpoint === Fixpoint.interrupted) return this.pauseOrEnd();
      if (fixpoint === Fixpoint.failed) {
        this.failures++;
        if (!this.learn()) return this.finish("exhausted");
        if (this.isAtCountLimit()) return this.finish("limit");
        if (this.failures >= atFailures || this.isTimeToStop()) return this.pauseOrEnd();
        continue;
      }
      if (this.store.level === 0) this.settleRoot();
      else if (this.conflictsUntilRestart <= 0) {
        this.restart();
        if (!this.applyBound()) return this.finish("exhausted");
        continue;
      }
      if (this.decide()) {
        if (this.isAtCountLimit()) return this.finish("limit");
        if (this.isTimeToStop()) return this.pauseOrEnd();
        continue;
      }
      if (this.options.accept?.() ?? true) {
        this.solutions++;
        this.noteSolution();
        this.state = "solution";
        return "solution";
      }
      this.failures++;
      if (!this.excludeSolution()) return this.finish("exhausted");
    }
  }

  requireBetterThan(objective: number): void {
    const { sense } = this.options.objective!;
    if (this.bound === undefined || sense * objective < sense * this.bound) this.bound = objective;
    // After a solution the bound is applied anyway.
    this.isBoundNew = this.state !== "solution";
  }

  /** What has been done so far. */
  statistics(): Statistics {
    return {
      nodes: this.nodes,
      failures: this.failures,
      propagations: this.engine.propagations,
      solutions: this.solutions,
      restarts: this.restarts,
      peakTrail: this.peakTrail,
      peakDepth: this.peakDepth,
      seconds: this.clock.seconds,
    };
  }

  private progress(): Progress {
    return { ...this.statistics(), depth: this.store.level, objective: this.bound, bound: this.rootBound };
  }

  // --------------------------------------------------------------------------------------------------------- propagation

  private propagateRoot(): Fixpoint {
    const { engine } = this;
    const first = engine.propagate();
    if (first !== Fixpoint.reached) return first;
    engine.makeExplicit();
    this.isRootExplicit = true;
    engine.queueAll();
    const second = engine.propagate();
    if (second === Fixpoint.reached) this.settleRoot();
    return second;
  }

  /** Propagates nogoods and propagators to the fixpoint; on a conflict, its premises are on the stack. */
  private propagate(): Fixpoint {
    const { engine, nogoods, store, premises } = this;
    for (;;) {
      if (!nogoods.propagate()) {
        engine.clearQueue();
        premises.length = 0;
        premises.time = store.history.length;
        nogoods.explainFailure(nogoods.failed, premises);
        return Fixpoint.failed;
      }
      store.clearFailure();
      const step = engine.propagateNext();
      if (step === Fixpoint.failed) {
        if (store.level > 0) {
          premises.length = 0;
          this.explainer.explainFailure(engine.failedPropagator!, engine.failedNumber);
        }
        return step;
      }
      if (step === Fixpoint.interrupted) return step;
      if (step === Fixpoint.reached && !nogoods.isBehind()) return step;
    }
  }

  /**
   * Activity decides the choices between two values, where there are any: the many values of a start time have to follow from
   * who comes first, or the search counts through them.
   */
  private chooseActive(): ActivityOrder {
    const { store } = this;
    const open = this.options.variables.filter((x) => !store.isFixed(x));
    const binary = open.filter((x) => store.size(x) === 2);
    this.decidesByActivityOnly = binary.length > 0;
    return new ActivityOrder(store.variableCount, binary.length > 0 ? binary : open);
  }

  private settleRoot(): void {
    const { store } = this;
    const { objective } = this.options;
    if (objective !== undefined) {
      const bound = objective.sense === 1 ? store.min(objective.variable) : store.max(objective.variable);
      if (Number.isFinite(bound)) this.rootBound = bound;
    }
    store.history.settleRoot();
    this.nogoods.rewind();
  }

  // ----------------------------------------------------------------------------------------------------------- conflicts

  /** Learns from the premises on the stack, jumps back and goes on from there; false: there is no solution (left). */
  private learn(): boolean {
    const { store, analysis, nogoods, premises } = this;
    if (store.level === 0) return false;
    const level = analysis.conflictLevel();
    if (level === 0) return false;
    this.backtrack(level);
    analysis.run();
    premises.length = 0;
    const { literals } = analysis;
    this.backtrack(analysis.backLevel);
    const first = literals[0]!;
    let alive: boolean;
    if (literals.length === 1) {
      alive = falsify(store, first.kind, first.variable, first.value);
    } else {
      alive = nogoods.enforce(nogoods.add(literals, analysis.levelCount));
    }
    this.order?.decay();
    nogoods.decay();
    this.conflictsUntilRestart--;
    // What the nogood makes false was true at this level's fixpoint or open: it cannot fail, but at the root level it can.
    if (!alive) return false;
    return this.applyBound();
  }

  private backtrack(level: number): void {
    const { store, order } = this;
    const { history } = store;
    if (store.level <= level) return;
    if (store.trailLength > this.peakTrail) this.peakTrail = store.trailLength;
    for (let i = history.startOf(level + 1); i < history.length; i++) {
      const x = history.variables[i]!;
      if (store.isFixed(x)) this.phases[x] = store.min(x);
      order?.insert(x);
    }
    while (store.level > level) store.pop();
    this.engine.clearQueue();
    this.nogoods.rewind();
  }

  private restart(): void {
    this.restarts++;
    this.conflictsUntilRestart = restartCutoff(this.restartOptions, this.restarts + 1);
    this.backtrack(0);
    if (this.nogoods.count > this.nogoodLimit) {
      this.nogoods.reduce();
      this.nogoodLimit *= NOGOOD_LIMIT_GROWTH;
    }
  }

  /** Requires a better objective than the best so far, at the present level. */
  private applyBound(): boolean {
    const { objective } = this.options;
    if (objective === undefined || this.bound === undefined) return true;
    const { store, bound } = this;
    const x = objective.variable;
    store.cause = OBJECTIVE;
    const alive = objective.sense === 1 ? store.setMax(x, bound - 1) : store.setMin(x, bound + 1);
    store.cause = -1;
    return alive || this.learnFromBound();
  }

  /** The best objective so far cannot be beaten below the present decisions. */
  private learnFromBound(): boolean {
    const { objective } = this.options;
    const { premises, explainer, bound } = this;
    const x = objective!.variable;
    premises.length = 0;
    if (objective!.sense === 1) explainer.explainFailedLiteral(LiteralKind.atMost, x, bound! - 1, OBJECTIVE);
    else explainer.explainFailedLiteral(LiteralKind.atLeast, x, bound! + 1, OBJECTIVE);
    return this.learn();
  }

  // ----------------------------------------------------------------------------------------------------------- solutions

  private noteSolution(): void {
    const { objective } = this.options;
    if (objective !== undefined) this.bound = this.store.min(objective.variable);
  }

  private leaveSolution(): boolean {
    return this.options.objective === undefined ? this.excludeSolution() : this.applyBound();
  }

  /**
   * Forbids this combination of values for good and learns from it. What is learned need not forbid it: it may blame the choice of
   * a disjunction's branch, where the same values come again with another one.
   */
  private excludeSolution(): boolean {
    const { premises, store, nogoods } = this;
    const { history } = store;
    premises.length = 0;
    premises.time = history.length;
    const literals: { kind: LiteralKind; variable: number; value: number; level: number }[] = [];
    for (const variable of this.options.solutionVariables) {
      const value = store.min(variable);
      const before = premises.length;
      premises.equal(variable, value);
      let level = 0;
      for (let i = before; i < premises.length; i++) level = Math.max(level, history.levels[premises.entries[i]!]!);
      if (level > 0) literals.push({ kind: LiteralKind.equal, variable, value, level });
    }
    // The two that become open first are watched. A single one is what is learned.
    literals.sort((a, b) => b.level - a.level);
    if (literals.length > 1) nogoods.add(literals, PERMANENT);
    return this.learn();
  }

  // ----------------------------------------------------------------------------------------------------------- decisions

  /** Opens a level with a decision; false: nothing is left to decide. */
  private decide(): boolean {
    const { store, decision } = this;
    this.order ??= this.chooseActive();
    const byActivity = (this.decidesByActivityOnly || this.restarts % 2 === 1) && this.decideByActivity(this.order);
    if (!byActivity && !this.branching.decide(store, decision)) return false;
    this.nodes++;
    store.push();
    if (store.level > this.peakDepth) this.peakDepth = store.level;
    const { variable, value, split } = decision;
    // A single literal, so that the decision can be a unique implication point: x = v inside the bounds takes two levels.
    const isLower = split === Split.atMost || (split === Split.equal && value === store.min(variable));
    if (isLower) store.setMax(variable, value);
    else store.setMin(variable, value);
    return true;
  }

  private decideByActivity(order: ActivityOrder): boolean {
    const { store, phases, decision } = this;
    for (let x = order.take(); x >= 0; x = order.take()) {
      if (store.isFixed(x)) continue;
      const phase = phases[x]!;
      decision.variable = x;
      if (!Number.isNaN(phase) && store.has(x, phase)) {
        decision.value = phase;
        decision.split = Split.equal;
        // It may take a second decision to fix it.
        if (phase > store.min(x) && phase < store.max(x)) order.insert(x);
      } else {
        decision.value = store.min(x);
        decision.split = Split.atMost;
      }
      return true;
    }
    return false;
  }

  // -------------------------------------------------------------------------------------------------------------- limits

  private isAtCountLimit(): boolean {
    const { nodeLimit, failureLimit } = this.options;
    if (nodeLimit !== undefined && this.nodes >= nodeLimit) return true;
    return failureLimit !== undefined && this.failures >= failureLimit;
  }

  private isTimeToStop(): boolean {
    if (--this.untilClock > 0) return false;
    this.untilClock = CLOCK_INTERVAL;
    return this.clock.read() !== "go";
  }

  private pauseOrEnd(): SearchStep {
    this.state = "paused";
    return this.clock.read() === "over" ? this.finish("limit") : "paused";
  }

  private finish(step: SearchStep): SearchStep {
    this.finished = step;
    this.engine.clearQueue();
    return step;
  }
}
