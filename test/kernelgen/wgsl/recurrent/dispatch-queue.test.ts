import { describe, expect, test } from "vitest";
import { DispatchQueue } from "../../../../packages/kernelgen/src/wgsl/recurrent/dispatch-queue.js";

type Call = readonly unknown[];

/** A device that only notes what is called on its encoders, and which of that was submitted together. */
function recordingDevice(): { readonly device: GPUDevice; readonly submissions: Call[][] } {
  const submissions: Call[][] = [];
  const recorder = (calls: Call[], ...names: readonly string[]): Record<string, (...given: unknown[]) => void> =>
    Object.fromEntries(
      names.map((name) => [
        name,
        (...given: unknown[]) => {
          calls.push([name, ...given]);
        },
      ]),
    );
  const device = {
    createCommandEncoder: () => {
      const calls: Call[] = [];
      return {
        ...recorder(calls, "clearBuffer", "copyBufferToBuffer"),
        beginComputePass: () => {
          calls.push(["beginComputePass"]);
          return recorder(calls, "setPipeline", "setBindGroup", "dispatchWorkgroups", "end");
        },
        finish: () => calls,
      };
    },
    queue: { submit: (buffers: Call[][]) => submissions.push(...buffers) },
  };
  return { device: device as unknown as GPUDevice, submissions };
}

const named = (name: string): never => name as never;
const counted = (calls: readonly Call[], name: string): number => calls.filter(([called]) => called === name).length;

describe("A queue of dispatches", () => {
  test("sets what all dispatches of a submission share once, and submits more and more at once", () => {
    const { device, submissions } = recordingDevice();
    const queue = new DispatchQueue(device);
    const steps = 200;
    for (let step = 0; step < steps; step++) queue.dispatch(named("pipeline"), named("group"), 0, [3, 1, 1]);
    queue.flush();
    const dispatches = submissions.map((calls) => counted(calls, "dispatchWorkgroups"));
    expect(dispatches).toEqual([4, 8, 16, 32, 64, 64, 12]);
    for (const calls of submissions) {
      expect(counted(calls, "setPipeline")).toBe(1);
      expect(counted(calls, "setBindGroup")).toBe(1);
      expect(calls.at(-1)).toEqual(["end"]);
    }
  });

  test("sets a bind group for each offset, and dispatches in as many dimensions as there are", () => {
    const { device, submissions } = recordingDevice();
    const queue = new DispatchQueue(device);
    queue.dispatch(named("pipeline"), named("group"), 0, [3, 1, 1]);
    queue.dispatch(named("pipeline"), named("group"), 256, [3, 2, 1]);
    queue.dispatch(named("other"), named("group"), 256, [3, 1, 2]);
    queue.flush();
    expect(submissions).toEqual([
      [
        ["beginComputePass"],
        ["setPipeline", "pipeline"],
        ["setBindGroup", 0, "group", [0]],
        ["dispatchWorkgroups", 3],
        ["setBindGroup", 0, "group", [256]],
        ["dispatchWorkgroups", 3, 2],
        ["setPipeline", "other"],
        ["dispatchWorkgroups", 3, 1, 2],
        ["end"],
      ],
    ]);
  });

  test("clears and copies between the dispatches before and after, in a pass of each", () => {
    const { device, submissions } = recordingDevice();
    const queue = new DispatchQueue(device);
    queue.clear(named("counts"), 4, 8);
    queue.dispatch(named("pipeline"), named("group"), 0, [1, 1, 1]);
    queue.clear(named("counts"), 4, 8);
    queue.dispatch(named("pipeline"), named("group"), 0, [1, 1, 1]);
    queue.copy(named("output"), named("staging"), 16, 32);
    queue.flush();
    queue.flush();
    const pass = [
      ["beginComputePass"],
      ["setPipeline", "pipeline"],
      ["setBindGroup", 0, "group", [0]],
      ["dispatchWorkgroups", 1],
      ["end"],
    ];
    expect(submissions).toEqual([
      [
        ["clearBuffer", "counts", 4, 8],
        ...pass,
        ["clearBuffer", "counts", 4, 8],
        ...pass,
        ["copyBufferToBuffer", "output", 0, "staging", 16, 32],
      ],
    ]);
  });
});
