import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ReadPauses } from "../../../../packages/kernelgen/src/wgsl/recurrent/read-pauses.js";

describe("pauses before results are asked for", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are none before a call is known to be long", () => {
    const pauses = new ReadPauses();
    expect(pauses.before(64)).toBeUndefined();
    pauses.took(64, 3);
    pauses.took(64, 5000);
    expect(pauses.before(64)).toBeUndefined();
    pauses.took(128, 5000);
    expect(pauses.before(64)).toBeUndefined();
  });

  test("end well before the least time that such a call took", async () => {
    const pauses = new ReadPauses();
    for (const milliseconds of [900, 200, 400]) pauses.took(64, milliseconds);
    let ended = false;
    const pause = pauses.before(64)!.then(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(20);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(ended).toBe(true);
    await pause;
  });
});
