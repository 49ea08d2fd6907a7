import { KernelgenError } from "../../errors.js";
import { storedBytes } from "./gpu-memory.js";
import { directionCount, layerDim, outputDim, type RecurrentProgram } from "./program.js";

/** Consecutive steps of a sequence that are computed together. */
export interface SequencePart {
  readonly first: number;
  readonly steps: number;
}

/**
 * The most steps of a family with a dispatch for each of them: they share one uniform buffer with an entry for each, and longer submissions
 * than that gain nothing.
 */
const maxStepsOfDispatches = 1024;

/** The most steps whose tensors the device can bind. Throws `KernelgenError` "webgpu-failure" where not even one step fits. */
export function longestPart(program: RecurrentProgram, limits: GPUSupportedLimits): number {
  const { cell, inputDim, batch, dataType, layers, phases, forward, projections, training } = program;
  const bytesOfStep = (features: number, bytes: number): number => batch * features * bytes;
  const tensors: readonly (readonly [name: string, bytes: number])[] = [
    ["input", bytesOfStep(inputDim, storedBytes[dataType])],
    ["output", bytesOfStep(phases * outputDim(program), storedBytes[dataType])],
    ...(training === undefined
      ? []
      : ([
          ["saved values", bytesOfStep(training.savedCount * layerDim(program), storedBytes[dataType])],
          ["other states", bytesOfStep((cell.states.length - 1) * layerDim(program), storedBytes.fp32)],
          ["gate gradients", bytesOfStep(training.gateCount * layerDim(program), storedBytes.fp32)],
        ] as const)),
    ["projected input", bytesOfStep(cell.inputGates.length * layerDim(program), storedBytes[dataType])],
  ];
  const allowed = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const steps = tensors.map(([name, bytes]) => {
    if (bytes <= allowed) return Math.floor(allowed / Math.max(1, bytes));
    throw new KernelgenError(
      "webgpu-failure",
      `one step of the ${name} needs a storage buffer of ${bytes} B, the device allows ${allowed} B (${layers} layers x ${directionCount(program)} directions, batch ${batch})`,
    );
  });
  const rowsOfDispatch = Math.min(
    ...projections.map(({ rowTile }) => rowTile * limits.maxComputeWorkgroupsPerDimension),
  );
  return Math.max(
    1,
    Math.min(
      ...steps,
      Math.floor(rowsOfDispatch / batch),
      (forward.chunkSteps ?? Number.POSITIVE_INFINITY) * limits.maxComputeWorkgroupsPerDimension,
      forward.dispatch === "step" ? Math.floor(maxStepsOfDispatches / phases) : Number.POSITIVE_INFINITY,
    ),
  );
}

/** A sequence cut into parts of at most so many steps. */
export function sequenceParts(steps: number, longest: number): readonly SequencePart[] {
  return Array.from({ length: Math.ceil(steps / longest) }, (_, index) => {
    const first = index * longest;
    return { first, steps: Math.min(longest, steps - first) };
  });
}

/** The values [B,steps,F] of a part of a sequence [B,T,F]. */
export function partOf(values: Float32Array, part: SequencePart, steps: number, batch: number): Float32Array {
  if (part.steps === steps) return values;
  const features = values.length / (batch * steps);
  const result = new Float32Array(batch * part.steps * features);
  for (let b = 0; b < batch; b++) {
    const from = (b * steps + part.first) * features;
    result.set(values.subarray(from, from + part.steps * features), b * part.steps * features);
  }
  return result;
}

/** A whole sequence [B,T,F] from its parts [B,steps,F]. */
export function joinParts(
  parts: readonly SequencePart[],
  values: readonly Float32Array<ArrayBuffer>[],
  batch: number,
): Float32Array<ArrayBuffer> {
  if (values.length === 1) return values[0]!;
  const steps = parts.reduce((sum, part) => sum + part.steps, 0);
  const features = values[0]!.length / (batch * parts[0]!.steps);
  const result = new Float32Array(batch * steps * features);
  parts.forEach((part, index) => {
    const length = part.steps * features;
    for (let b = 0; b < batch; b++) {
      result.set(values[index]!.subarray(b * length, (b + 1) * length), (b * steps + part.first) * features);
    }
  });
  return result;
}

/** The output [B,T,F] of the last phase of each step, of an output with all phases. */
export function lastPhases(output: Float32Array<ArrayBuffer>, program: RecurrentProgram): Float32Array<ArrayBuffer> {
  const { phases } = program;
  if (phases === 1) return output;
  const width = outputDim(program);
  const result = new Float32Array(output.length / phases);
  for (let row = 0; row < result.length / width; row++) {
    const last = ((row + 1) * phases - 1) * width;
    result.set(output.subarray(last, last + width), row * width);
  }
  return result;
}
