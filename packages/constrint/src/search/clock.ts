import type { Limits } from "./limits.js";
import { DEFAULT_PROGRESS_INTERVAL, type Progress, type ProgressOptions } from "./progress.js";

/** What the clock says: go on, pause, or end the search. */
export type ClockReading = "go" | "pause" | "over";

/** Looks at everything that happens by the clock: the time limit, the signal, calls of `onProgress`, and pauses. */
export class SearchClock {
  /** When to pause, in milliseconds of `performance.now`. */
  pauseAt = Infinity;
  private readonly deadline: number;
  private readonly progressInterval: number;
  private nextProgressAt: number;

  /** @param startedAt when the caller's work began, in milliseconds of `performance.now` */
  constructor(
    private readonly options: Limits & ProgressOptions,
    private readonly startedAt: number,
    private readonly progress: () => Progress,
  ) {
    const { timeLimitSeconds, onProgress, progressIntervalMilliseconds = DEFAULT_PROGRESS_INTERVAL } = options;
    this.deadline = timeLimitSeconds === undefined ? Infinity : startedAt + 1000 * timeLimitSeconds;
    this.progressInterval = progressIntervalMilliseconds;
    this.nextProgressAt = onProgress === undefined ? Infinity : startedAt + progressIntervalMilliseconds;
  }

  /** Reads the clock, and tells the progress when it is time to. */
  read(): ClockReading {
    const now = performance.now();
    if (now >= this.nextProgressAt) {
      this.nextProgressAt = now + this.progressInterval;
      this.options.onProgress?.(this.progress());
    }
    if (this.options.signal?.aborted || now >= this.deadline) return "over";
    return now >= this.pauseAt ? "pause" : "go";
  }

  /** The seconds since the caller's work began. */
  get seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }
}
