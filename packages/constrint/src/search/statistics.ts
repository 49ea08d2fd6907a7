/** What a search did. */
export interface Statistics {
  /** Nodes of the search tree that were visited: the root, and the two sides of every decision. */
  readonly nodes: number;
  /** Nodes at which propagation found a contradiction. */
  readonly failures: number;
  /** Runs of a propagator. */
  readonly propagations: number;
  /** Solutions found. */
  readonly solutions: number;
  /** How often the search began again at the root. */
  readonly restarts: number;
  /** The most numbers the trail held at once. */
  readonly peakTrail: number;
  /** The most decisions that stood at once. */
  readonly peakDepth: number;
  /** Wall-clock time, including the translation of the model. */
  readonly seconds: number;
  /** How much of it that translation took. Absent in what a search tells while it runs. */
  readonly translationSeconds?: number;
  /** What a relaxation contributed: its bound at the root, and how many constraints it added. Absent without one. */
  readonly relaxation?: { readonly bound: number; readonly constraints: number };
}
