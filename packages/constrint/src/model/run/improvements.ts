import type { SearchStep } from "../../search/search.js";
import type { OptimizeResult, Solution } from "../results.js";
import type { OptimizeOptions } from "../solve-options.js";
import type { OptimizingRun } from "./run.js";

/** Collects what an optimising run finds. @internal */
export class Improvements {
  private solution: Solution | undefined;
  private objective: number | undefined;
  private isProved = false;

  constructor(
    private readonly run: OptimizingRun,
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
