import { describe, expect, it } from "vitest";
import { steadyTime } from "../../../packages/kernelgen/src/bench/steady-time.js";
import type { WebGpuForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";

/** A kernel on a GPU whose clocks rise with each of the measurements: its times, and the most runs that were queued at once. */
function risingForward(times: readonly number[]): {
  forward: WebGpuForward;
  measured: number[];
  mostQueued: () => number;
} {
  const measured: number[] = [];
  let [queued, most] = [0, 0];
  const forward: Partial<WebGpuForward> = {
    async run() {
      most = Math.max(most, ++queued);
      await new Promise((resolve) => setTimeout(resolve, 1));
      queued--;
    },
    async time() {
      const microsecondsPerStep = times[measured.length]!;
      measured.push(microsecondsPerStep);
      return { microsecondsPerStep, clock: "timestamp-query" };
    },
  };
  return { forward: forward as WebGpuForward, measured, mostQueued: () => most };
}

describe("steadyTime", () => {
  it("measures until two times agree, with runs queued before each, and takes the shortest", async () => {
    const { forward, measured, mostQueued } = risingForward([4, 1, 1.02, 7]);
    expect(await steadyTime(forward, 3)).toEqual({ microsecondsPerStep: 1, clock: "timestamp-query" });
    expect(measured).toEqual([4, 1, 1.02]);
    expect(mostQueued()).toBeGreaterThan(1);
  });

  it("gives up where they never agree", async () => {
    const { forward, measured } = risingForward([4, 3, 2, 1, 0.5]);
    expect((await steadyTime(forward, 3)).microsecondsPerStep).toBe(1);
    expect(measured).toEqual([4, 3, 2, 1]);
  });
});
