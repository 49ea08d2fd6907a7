import type { Search, SearchStep } from "./search.js";

/** A search works this long before it gives way, in milliseconds: a frame and a bit, so that a page stays alive. */
const SLICE_MILLISECONDS = 20;

/** Runs a search without holding up its thread: in slices of {@link SLICE_MILLISECONDS}, with all else that waits in between. */
export class SlicedSearch {
  private sliceEnd = performance.now() + SLICE_MILLISECONDS;

  constructor(private readonly search: Pick<Search, "next">) {}

  /** Goes on to the next solution or the end, see {@link Search.next}. */
  async next(): Promise<Exclude<SearchStep, "paused">> {
    for (;;) {
      // The slice's end stays where it is when solutions come quickly, so that many of them are a slice, too.
      const step = this.search.next({ at: this.sliceEnd });
      if (step !== "paused") return step;
      await otherWork();
      this.sliceEnd = performance.now() + SLICE_MILLISECONDS;
    }
  }
}

/**
 * Lets what waits in the event loop run: timers, input, painting.
 *
 * By a message rather than a timer, which browsers delay by 4 ms, and in the background by a second.
 */
function otherWork(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    // Node's type declarations lack this property of the standard.
    const receiver: { onmessage?: () => void } = port1 as object;
    receiver.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
