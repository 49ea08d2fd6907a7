import type { Statistics } from "./statistics.js";

/**
 * How a step of the search ended. `exhausted`: there is no further solution; `limit`: there may be; `paused`: there may be, and
 * the search can go on.
 */
export type SearchStep = "solution" | "exhausted" | "limit" | "paused";

/** An objective variable to make as small (sense 1) or as large (sense −1) as possible. */
export interface Objective {
  readonly variable: number;
  readonly sense: 1 | -1;
}

/** When a search pauses. */
export interface Pause {
  /** At this time, in milliseconds of `performance.now`. */
  readonly at?: number | undefined;
  /** At this number of failures since the search began. */
  readonly atFailures?: number | undefined;
}

/** A way through an engine's assignments, one solution at a time: the interface of every search engine. */
export interface Search {
  /**
   * Goes on to the next solution, whose values are then in the store. After `exhausted` or `limit` it stays there; after `paused`
   * the next call continues.
   *
   * With an objective each solution is better than the one before, so that the last one before `exhausted` is optimal.
   *
   * @param pause when to pause; never without.
   */
  next(pause?: Pause): SearchStep;
  /** Asks for solutions with a better objective than this from now on; one that was nearly found may still come. */
  requireBetterThan(objective: number): void;
  /** What has been done so far. */
  statistics(): Statistics;
}
