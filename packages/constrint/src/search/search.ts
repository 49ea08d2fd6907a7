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

/** A way through an engine's assignments, one solution at a time: the interface of every search engine. */
export interface Search {
  /**
   * Goes on to the next solution, whose values are then in the store. After `exhausted` or `limit` it stays there; after `paused`
   * the next call continues.
   *
   * With an objective each solution is better than the one before, so that the last one before `exhausted` is optimal.
   *
   * @param pauseAt when to pause, in milliseconds of `performance.now`; never without.
   */
  next(pauseAt?: number): SearchStep;
  /** What has been done so far. */
  statistics(): Statistics;
}
