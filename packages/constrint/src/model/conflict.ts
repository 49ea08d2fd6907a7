import type { ConflictResult, ConflictStatistics } from "./results.js";
import { type Problem, Run } from "./run/run.js";
import type { ExplainOptions, SolveOptions } from "./solve-options.js";

/** How a subset of the constraints is shown to have no solution: by propagation alone, or by a complete search. */
type Method = "propagation" | "search";

/** What a check found out. `open`: a limit was hit first. */
type Verdict = "conflict" | "consistent" | "open";

/** While halving, no check takes more than this part of what is left of the limits. */
const HALVING_SHARE = 1 / 4;

/**
 * Finds constraints of a problem without solution that have no solution together, as few as it takes: without any one of them
 * they have. The domains of the variables are the background; they belong to every subset and are never named.
 *
 * Propagation is asked first, as it refutes a subset without search: where it refutes the whole problem, QuickXplain halves
 * the constraints with propagation as its judge, from either end, and each of the few that are left is then tried to be left
 * out with a complete search. Otherwise QuickXplain asks the search. A check that hits a limit keeps the constraints it was
 * about, so that the subset conflicts in any case and only its minimality may be open.
 *
 * Source: U. Junker, QuickXplain: Preferred Explanations and Relaxations for Over-Constrained Problems, AAAI 2004.
 *
 * @throws SolverError `invalid-option` for a limit that is not a number ≥ 0.
 * @internal
 */
export function findConflict(problem: Problem, options: ExplainOptions): ConflictResult {
  const checks = new SubsetChecks(problem, options);
  const all = problem.constraints.map((_, index) => index);
  const isRefutedByPropagation = checks.check(all, "propagation", 1, all.length) === "conflict";
  if (!isRefutedByPropagation) {
    const verdict = checks.check(all, "search", 1, all.length);
    const { solution } = checks;
    if (verdict !== "conflict") {
      const status = verdict === "consistent" ? "satisfied" : "unknown";
      const statistics = checks.statistics();
      return { status, constraints: [], minimal: false, ...(solution === undefined ? {} : { solution }), statistics };
    }
  }
  const method = isRefutedByPropagation ? "propagation" : "search";
  let isProved = true;
  const conflicts = (subset: readonly number[], undecided: number): boolean => {
    const verdict = checks.check(subset, method, HALVING_SHARE, undecided);
    if (verdict === "open" && method === "search") isProved = false;
    return verdict === "conflict";
  };
  let halved = quickXplain(all, conflicts);
  if (isRefutedByPropagation) {
    // QuickXplain prefers the first constraints; from the other end it may find another conflict, and the smaller one says more.
    const fromTheEnd = quickXplain(all.toReversed(), conflicts).toReversed();
    if (fromTheEnd.length < halved.length) halved = fromTheEnd;
  }
  let subset: readonly number[] = halved;
  if (isRefutedByPropagation) {
    halved.forEach((constraint, i) => {
      const others = subset.filter((other) => other !== constraint);
      const verdict = checks.check(others, "search", 1 / (halved.length - i), subset.length);
      if (verdict === "conflict") subset = others;
      else if (verdict === "open") isProved = false;
    });
  }
  return {
    status: "unsatisfiable",
    constraints: subset.map((index) => problem.constraints[index]!),
    minimal: isProved,
    statistics: checks.statistics(),
  };
}

/**
 * The candidates, all of which conflict together, cut down to a subset from which none can be left out, as far as `conflicts`
 * can tell; about k · log(n / k) questions for k of n candidates. The subset is in the candidates' order.
 *
 * @param conflicts says whether a subset conflicts; it is also told how many candidates are not yet ruled out.
 * @internal
 */
export function quickXplain(
  candidates: readonly number[],
  conflicts: (subset: readonly number[], undecided: number) => boolean,
): readonly number[] {
  /** The candidates among `open` that conflict with the background, which together with all of `open` does. */
  const explain = (background: readonly number[], hasGrown: boolean, open: readonly number[]): readonly number[] => {
    if (hasGrown && conflicts(background, background.length + open.length)) return [];
    if (open.length <= 1) return open;
    const middle = open.length >> 1;
    const first = open.slice(0, middle);
    const second = open.slice(middle);
    const fromSecond = explain([...background, ...first], true, second);
    const fromFirst = explain([...background, ...fromSecond], fromSecond.length > 0, first);
    return [...fromFirst, ...fromSecond];
  };
  return explain([], false, candidates);
}

/** Checks subsets of a problem's constraints, all within one set of limits. */
class SubsetChecks {
  /** Of the whole problem, if it was found to have one. */
  solution: ConflictResult["solution"];
  private readonly startedAt = performance.now();
  private checks = 0;
  private nodes = 0;
  private failures = 0;
  private propagations = 0;

  constructor(
    private readonly problem: Problem,
    private readonly options: ExplainOptions,
  ) {}

  /**
   * Whether the constraints of these indices have a solution together.
   *
   * @param share the part of what is left of the limits that this check may use up.
   * @param undecided the number of constraints that are not yet ruled out, for the progress.
   */
  check(subset: readonly number[], method: Method, share: number, undecided: number): Verdict {
    this.checks++;
    const problem = this.restrictedTo(subset);
    const run = new Run(problem, this.optionsFor(method, share));
    const step = run.search.next();
    const { nodes, failures, propagations } = run.search.statistics();
    this.nodes += nodes - 1; // the root is not searched but propagated
    this.failures += failures;
    this.propagations += propagations;
    if (step === "solution" && subset.length === this.problem.constraints.length) this.solution = run.solution();
    this.options.onProgress?.({ checks: this.checks, undecided });
    return step === "exhausted" ? "conflict" : step === "solution" ? "consistent" : "open";
  }

  statistics(): ConflictStatistics {
    const { checks, nodes, failures, propagations } = this;
    return { checks, nodes, failures, propagations, seconds: this.secondsSpent() };
  }

  private restrictedTo(subset: readonly number[]): Problem {
    const { variables, constraints } = this.problem;
    return { variables, constraints: [...subset].sort((a, b) => a - b).map((index) => constraints[index]!) };
  }

  private optionsFor(method: Method, share: number): SolveOptions {
    const { onProgress: _, ...options } = this.options;
    const { nodeLimit, failureLimit, timeLimitSeconds } = options;
    const partOf = (limit: number | undefined, spent: number): number | undefined =>
      limit === undefined || Number.isNaN(limit) || limit < 0 ? limit : Math.max(0, (limit - spent) * share);
    const limits = {
      nodeLimit: partOf(nodeLimit, this.nodes),
      failureLimit: partOf(failureLimit, this.failures),
      timeLimitSeconds: partOf(timeLimitSeconds, this.secondsSpent()),
    };
    // Without a node, a search does no more than to propagate its root.
    return method === "search"
      ? { ...options, ...limits }
      : { ...options, ...limits, engine: "depth-first", restarts: undefined, nodeLimit: 0 };
  }

  private secondsSpent(): number {
    return (performance.now() - this.startedAt) / 1000;
  }
}
