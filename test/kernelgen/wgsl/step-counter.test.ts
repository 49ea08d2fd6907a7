import { webGpuDevices } from "hwmodels";
import { planRecurrent, type RecurrentProgram } from "kernelgen";
import { describe, expect, test } from "vitest";

const portable = webGpuDevices.find(({ id }) => id === "webgpu-default")!;
const stepwise = (cell: string, training: boolean): RecurrentProgram =>
  planRecurrent({ cell, headDim: 20, heads: 3, batch: 5, training, family: "stepwise" }, portable);
const storageCount = ({ forward }: RecurrentProgram): number =>
  forward.bindings.filter(({ type }) => type !== "uniform").length;

describe("Stepwise kernels", () => {
  test("have a count of steps for every invocation of a dispatch", () => {
    const { forward } = stepwise("lstm", false);
    const invocations = Number(/^const INVOCATIONS = (\d+)u;/m.exec(forward.source)![1]);
    const [x, y, z] = forward.workgroups;
    expect(forward.counter).toEqual({ name: "steps_done", bytes: 4 * x * y * z * invocations });
    expect(forward.bindings.at(-1)).toEqual({ name: "steps_done", type: "storage" });
    expect(forward.source).toContain(`@binding(${forward.bindings.length - 1}) var<storage, read_write> steps_done`);
    expect(forward.source).not.toContain("run.step;");
  });

  test("are told the step where their tensors take WebGPU's default eight storage buffers", () => {
    const { forward } = stepwise("lstm", true);
    expect(forward.counter).toBeUndefined();
    expect(forward.source).toContain("return run.step;");
  });

  test("never take more than those eight", () => {
    for (const cell of ["elman", "gru", "lstm", "cifg", "slstm"]) {
      for (const training of [false, true]) expect(storageCount(stepwise(cell, training))).toBeLessThanOrEqual(8);
    }
  });

  test("alone count steps", () => {
    expect(planRecurrent({ cell: "lstm", headDim: 20, family: "resident" }, portable).forward.counter).toBeUndefined();
  });
});
