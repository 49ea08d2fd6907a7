/** What was measured of one runtime and case: a line of `main.js --json`. */
export interface Row {
  readonly case: string;
  readonly peer: string;
  readonly medianMilliseconds?: number;
  readonly leastMilliseconds?: number;
  /** The least processor time of this process in a run: what a software adapter takes, however busy the machine is. */
  readonly leastProcessorMilliseconds?: number;
  readonly runs?: number;
  /** The largest difference from onnxruntime's CPU provider. */
  readonly largestDifference?: number;
  readonly note?: string;
}
