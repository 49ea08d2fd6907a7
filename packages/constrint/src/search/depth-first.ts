import { type Engine, Fixpoint } from "../engine/engine.js";
import { applyLeft, applyRight, type Branching, type Decision, Split } from "./branching.js";
import type { Limits } from "./limits.js";
import type { Objective, Search, SearchStep } from "./search.js";
import type { Statistics } from "./statistics.js";

/** Time and signal are looked at once in this many nodes. */
const CLOCK_INTERVAL = 64;

/**
 * Depth-first search with binary decisions over one store and its trail, one solution at a time.
 *
 * With an objective it is branch and bound: from a solution on, only better ones are looked for, so the last one before
 * `exhausted` is optimal.
 */
export class DepthFirstSearch implements Search {
  private started = false;
  private finished: SearchStep | undefined;
  private depth = 0;
  private variables = new Int32Array(64);
  private values = new Float64Array(64);
  private splits = new Uint8Array(64);
  private readonly decision: Decision = { variable: 0, value: 0, split: Split.equal };
  private bound: number | undefined;
  private nodes = 0;
  private failures = 0;
  private solutions = 0;
  private peakTrail = 0;
  private peakDepth = 0;
  private readonly deadline: number;

  constructor(
    private readonly engine: Engine,
    private readonly branching: Branching,
    private readonly limits: Limits = {},
    private readonly options: {
      readonly objective?: Objective | undefined;
      /** Says whether an assignment of all decision variables that survived propagation counts; default: always. */
      readonly accept?: (() => boolean) | undefined;
      /** When the caller's work began, in milliseconds of `performance.now`. */
      readonly startedAt?: number | undefined;
    } = {},
  ) {
    this.startedAt = options.startedAt ?? performance.now();
    const seconds = limits.timeLimitSeconds;
    this.deadline = seconds === undefined ? Infinity : this.startedAt + 1000 * seconds;
    engine.interrupt = () => this.isOutOfTime();
  }

  private readonly startedAt: number;

  /** Goes on to the next solution, whose values are then in the store. */
  next(): SearchStep {
    if (this.finished !== undefined) return this.finished;
    let step: Fixpoint;
    if (this.started) {
      step = Fixpoint.failed; // leave the last solution
    } else {
      this.started = true;
      if (this.isOutOfTime()) return this.finish("limit");
      step = this.propagateRoot();
      if (step === Fixpoint.failed) this.failures++;
    }
    for (;;) {
      while (step === Fixpoint.failed) {
        if (this.depth === 0) return this.finish("exhausted");
        step = this.backtrack();
      }
      if (step === Fixpoint.interrupted) return this.finish("limit");
      if (!this.branching.decide(this.engine.store, this.decision)) {
        if (this.options.accept?.() ?? true) {
          this.solutions++;
          this.noteObjective();
          return "solution";
        }
        step = Fixpoint.failed;
        continue;
      }
      if (this.isAtLimit()) return this.finish("limit");
      step = this.descend();
    }
  }

  /** What has been done so far. */
  statistics(): Statistics {
    return {
      nodes: this.nodes,
      failures: this.failures,
      propagations: this.engine.propagations,
      solutions: this.solutions,
      peakTrail: this.peakTrail,
      peakDepth: this.peakDepth,
      seconds: (performance.now() - this.startedAt) / 1000,
    };
  }

  /** Propagates, then keeps few values one by one, which lets propagators see more, and propagates again. */
  private propagateRoot(): Fixpoint {
    const { engine } = this;
    const first = engine.propagate();
    if (first !== Fixpoint.reached) return first;
    engine.makeExplicit();
    engine.queueAll();
    return engine.propagate();
  }

  private descend(): Fixpoint {
    const { engine, decision } = this;
    const { store } = engine;
    if (this.depth === this.variables.length) this.grow();
    this.variables[this.depth] = decision.variable;
    this.values[this.depth] = decision.value;
    this.splits[this.depth] = decision.split;
    this.depth++;
    this.nodes++;
    if (this.depth > this.peakDepth) this.peakDepth = this.depth;
    store.push();
    return this.settle(applyLeft(store, decision.variable, decision.value, decision.split));
  }

  /** Undoes the last decision and takes its right side instead, on the level below. */
  private backtrack(): Fixpoint {
    const { store } = this.engine;
    if (store.trailLength > this.peakTrail) this.peakTrail = store.trailLength;
    store.pop();
    this.depth--;
    const { variables, values, splits, depth } = this;
    const applied = applyRight(store, variables[depth]!, values[depth]!, splits[depth]! as Split) && this.applyBound();
    return this.settle(applied);
  }

  private settle(applied: boolean): Fixpoint {
    const { engine } = this;
    let step: Fixpoint = Fixpoint.failed;
    if (applied) step = engine.propagate();
    else engine.clearQueue();
    if (step === Fixpoint.failed) this.failures++;
    return step;
  }

  private applyBound(): boolean {
    const { objective } = this.options;
    if (objective === undefined || this.bound === undefined) return true;
    const { store } = this.engine;
    return objective.sense === 1
      ? store.setMax(objective.variable, this.bound - 1)
      : store.setMin(objective.variable, this.bound + 1);
  }

  private noteObjective(): void {
    const { objective } = this.options;
    if (objective !== undefined) this.bound = this.engine.store.min(objective.variable);
  }

  private isAtLimit(): boolean {
    const { nodeLimit, failureLimit } = this.limits;
    if (nodeLimit !== undefined && this.nodes >= nodeLimit) return true;
    if (failureLimit !== undefined && this.failures >= failureLimit) return true;
    return this.nodes % CLOCK_INTERVAL === 0 && this.isOutOfTime();
  }

  private isOutOfTime(): boolean {
    if (this.limits.signal?.aborted) return true;
    return this.deadline !== Infinity && performance.now() >= this.deadline;
  }

  private finish(step: SearchStep): SearchStep {
    this.finished = step;
    this.engine.clearQueue();
    return step;
  }

  private grow(): void {
    const length = 2 * this.variables.length;
    const variables = new Int32Array(length);
    variables.set(this.variables);
    this.variables = variables;
    const values = new Float64Array(length);
    values.set(this.values);
    this.values = values;
    const splits = new Uint8Array(length);
    splits.set(this.splits);
    this.splits = splits;
  }
}
