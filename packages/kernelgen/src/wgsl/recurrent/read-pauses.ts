/** Calls that take less, in ms, are asked for at once: a timer of the host may be some milliseconds late. */
const shortestCall = 40;
/** The part of a call's least time for which nobody asks: a later call may be quicker. */
const pausedPart = 0.5;

/** Whether the host asks over and over while it waits, as the package for node does; a browser is told. */
const hostPolls = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;

/**
 * How long the host waits before it asks for results. In node the package `webgpu` asks over and over while anything is waited for, which takes
 * a whole core: one that a software driver could compute on. Half of the least time of calls that read as much is time in which none need ask.
 */
export class ReadPauses {
  /** The least time of a call that reads so many bytes, in ms. */
  readonly #least = new Map<number, number>();

  /** Ends when a call that reads so many bytes is worth asking for; undefined where it is at once. */
  before(bytes: number): Promise<void> | undefined {
    const least = this.#least.get(bytes) ?? 0;
    if (least < shortestCall || !hostPolls()) return undefined;
    return new Promise((resolve) => setTimeout(resolve, pausedPart * least));
  }

  /** Takes note of how long such a call took, in ms. */
  took(bytes: number, milliseconds: number): void {
    this.#least.set(bytes, Math.min(milliseconds, this.#least.get(bytes) ?? Infinity));
  }
}
