import type { Plan } from "../../../../packages/kernelgen/src/plan/plan.js";
import type { TensorValues } from "../../../../packages/kernelgen/src/reference/forward.js";
import { backwardBuffers } from "../../../../packages/kernelgen/src/wgsl/backward-buffers.js";
import { exchangeBuffer } from "../../../../packages/kernelgen/src/wgsl/exchange.js";
import { stepCounter } from "../../../../packages/kernelgen/src/wgsl/step-counter.js";
import {
  bufferBytes,
  type StorageBuffer,
  storageBuffers,
} from "../../../../packages/kernelgen/src/wgsl/storage-buffers.js";
import { type RunOptions, type RunResult, runModule } from "./run-module.js";

/** What the buffers of a kernel hold: the inputs, by their tensors, and half where there are none. */
const storageOf = (buffers: readonly StorageBuffer[], inputs: TensorValues): Record<string, unknown[]> =>
  Object.fromEntries(
    buffers.map((buffer) => [
      buffer.name,
      buffer.role === "input" && buffer.tensors.every(({ name }) => name in inputs)
        ? buffer.tensors.flatMap(({ name }) => [...inputs[name]!])
        : new Array<number>(bufferBytes(buffer) / 4).fill(0.5),
    ]),
  );

/** Runs all dispatches of a plan on the interpreter: the races of each, and what storage holds in the end. */
export function runPlan(
  plan: Plan,
  source: string,
  inputs: TensorValues,
  options: Omit<RunOptions, "uniforms">,
): RunResult {
  const { problem, family, derived } = plan;
  const storage = storageOf(problem.pass === "forward" ? storageBuffers(problem) : backwardBuffers(problem), inputs);
  if (family === "grid") {
    const { name, bytes } = exchangeBuffer(problem);
    storage[name] = new Array<bigint>(bytes / 4).fill(0n);
  }
  const counter = stepCounter(plan);
  if (counter !== undefined) storage[counter.name] = new Array<bigint>(counter.bytes / 4).fill(0n);
  const { workgroupsX, workgroupsY, workgroupsZ, dispatchCount } = derived;
  const width = BigInt(problem.heads * problem.headDim);
  const races: RunResult["races"][number][] = [];
  for (let dispatch = 0; dispatch < dispatchCount!; dispatch++) {
    const uniform = { steps: BigInt(problem.steps), step: BigInt(dispatch), reversed: 0n, output_offset: 0n };
    const result = runModule(source, [workgroupsX!, workgroupsY!, workgroupsZ!], storage, {
      uniforms: { run: { ...uniform, output_stride: width } },
      ...options,
    });
    races.push(...result.races);
  }
  return { races, storage };
}
