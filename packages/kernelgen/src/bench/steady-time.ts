import type { StepTime, WebGpuForward } from "../wgsl/runtime.js";

/** How long a GPU is kept at work before a measurement. */
const workMilliseconds = 100;
/** The most runs that are queued at once. */
const mostQueuedRuns = 256;
/** Measurements end when one differs by no more than this part from the one before, or after so many. */
const agreement = 0.03;
const mostRounds = 4;

/**
 * The mean time of a step over so many runs, at the clocks that a GPU has under load.
 *
 * An idle GPU has low clocks, an H200 by a factor of 4, and a few short runs do not raise them: so it is kept at work before each measurement,
 * until two of them agree. Of all, the shortest counts.
 */
export async function steadyTime(forward: WebGpuForward, runs: number): Promise<StepTime> {
  await keepAtWork(forward);
  let best = await forward.time(runs);
  let last = best.microsecondsPerStep;
  for (let round = 1; round < mostRounds; round++) {
    await keepAtWork(forward);
    const time = await forward.time(runs);
    if (time.microsecondsPerStep < best.microsecondsPerStep) best = time;
    if (Math.abs(time.microsecondsPerStep / last - 1) <= agreement) break;
    last = time.microsecondsPerStep;
  }
  return best;
}

/** Queues more and more runs at once, so that the GPU does not wait for the host between them. */
async function keepAtWork(forward: WebGpuForward): Promise<void> {
  const end = performance.now() + workMilliseconds;
  for (let count = 1; performance.now() < end; ) {
    const start = performance.now();
    await Promise.all(Array.from({ length: count }, () => forward.run()));
    // Not so many that they go on long after the end, as on a software adapter.
    if (performance.now() - start < workMilliseconds / 4) count = Math.min(2 * count, mostQueuedRuns);
  }
}
