import { KernelgenError } from "../../errors.js";
import { directionCount, type RecurrentProgram } from "../recurrent/program.js";
import { createRecurrent, type RecurrentResult } from "../recurrent/recurrent.js";
import { type OnnxOperator, type OnnxTensor, requireShape, weightsFromOnnx } from "./onnx.js";
import { RaggedSequences } from "./ragged-sequences.js";

/** The inputs of an operator that change from call to call. */
export interface OnnxInputs {
  /** [T,B,I], in layout 1 [B,T,I]. */
  readonly X: OnnxTensor;
  /** [directions,B,H], in layout 1 [B,directions,H]; zeros if left out, as is initial_c. */
  readonly initial_h?: OnnxTensor;
  readonly initial_c?: OnnxTensor;
  /** Lengths of the sequences, from 1 to T. Where they differ, a sequence is computed in as many parts as there are different ones. */
  readonly sequence_lens?: ArrayLike<number>;
}

export interface OnnxOutputs {
  /** [T,directions,B,H], in layout 1 [B,T,directions,H]. */
  readonly Y: OnnxTensor;
  /** [directions,B,H], in layout 1 [B,directions,H]. */
  readonly Y_h: OnnxTensor;
  /** The same, of an LSTM. */
  readonly Y_c?: OnnxTensor;
}

/** An ONNX operator on a device: tensors in ONNX's layouts in and out. */
export interface OnnxRecurrent {
  run(inputs: OnnxInputs): Promise<OnnxOutputs>;
  /** Frees all buffers. Nothing else may be called afterwards. */
  destroy(): void;
}

/**
 * Runs an LSTM, GRU or RNN operator of ONNX on a WebGPU device, with a program that was planned with `recurrentOptionsFromOnnx` and the
 * batch of the inputs. Rejects as `weightsFromOnnx` throws and as `createRecurrent` does.
 */
export async function createOnnxRecurrent(
  device: GPUDevice,
  program: RecurrentProgram,
  operator: OnnxOperator,
): Promise<OnnxRecurrent> {
  const weights = weightsFromOnnx(program, operator);
  const network = await createRecurrent(device, program, weights);
  const { batch: B, inputDim: I, headDim: H } = program;
  const directions = directionCount(program);
  const batchFirst = operator.attributes?.layout === 1;
  const stateShape = batchFirst ? [B, directions, H] : [directions, B, H];
  const toState = (what: string, tensor: OnnxTensor | undefined): Float32Array => {
    if (tensor === undefined) return new Float32Array(directions * B * H);
    requireShape(what, tensor, stateShape);
    return batchFirst ? exchangeDimensions(tensor.values, B, directions) : tensor.values;
  };
  const fromState = (values: Float32Array): OnnxTensor => ({
    shape: stateShape,
    values: batchFirst ? exchangeDimensions(values, directions, B) : values,
  });
  let ragged: Promise<RaggedSequences> | undefined;
  let isDestroyed = false;
  return {
    async run({ X, initial_h, initial_c, sequence_lens }) {
      if (isDestroyed) throw new KernelgenError("webgpu-failure", "the ONNX operator was used after destroy()");
      const T = X.shape[batchFirst ? 1 : 0] ?? 0;
      requireShape("X", X, batchFirst ? [B, T, I] : [T, B, I]);
      const h = toState("initial_h", initial_h);
      const others = Object.fromEntries(program.cell.states.map((name) => [name, new Float32Array(h.length)]));
      // The first state is what R multiplies: h, under another name where a step has phases.
      const start = { ...others, [program.cell.states[0]!]: h, h };
      if ("c" in others) Object.assign(start, { c: toState("initial_c", initial_c) });
      const input = batchFirst ? X.values : exchangeDimensions(X.values, T, B);
      const lengths = sequence_lens === undefined ? [] : lengthsFrom(sequence_lens, B, T);
      let result: Pick<RecurrentResult, "output" | "state">;
      if (lengths.every((length) => length === T)) {
        result = await network.forward(input, start);
      } else {
        ragged ??= RaggedSequences.create(device, program, weights);
        result = await (await ragged).forward(input, start, lengths);
      }
      const { output, state } = result;
      return {
        Y: batchFirst
          ? { shape: [B, T, directions, H], values: output }
          : { shape: [T, directions, B, H], values: exchangeDimensions(output, B, T * directions) },
        Y_h: fromState(state.h!),
        ...(state.c === undefined ? {} : { Y_c: fromState(state.c) }),
      };
    },
    destroy() {
      isDestroyed = true;
      network.destroy();
      // Where it could not be made, the call that asked for it has rejected.
      ragged?.then((networks) => networks.destroy()).catch(() => undefined);
    },
  };
}

/** Throws `KernelgenError` "invalid-problem" where there is not a length from 1 to T for each sequence. */
function lengthsFrom(lengths: ArrayLike<number>, batch: number, steps: number): readonly number[] {
  const all = Array.from(lengths);
  const isLength = (length: number): boolean => Number.isInteger(length) && length >= 1 && length <= steps;
  if (all.length === batch && all.every(isLength)) return all;
  throw new KernelgenError(
    "invalid-problem",
    `ONNX sequence_lens: got ${all.join(", ")}; needs ${batch} integers from 1 to ${steps}`,
  );
}

/** A tensor [first,second,features] as [second,first,features]. */
function exchangeDimensions(values: Float32Array, first: number, second: number): Float32Array {
  const features = values.length / (first * second);
  const result = new Float32Array(values.length);
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++) {
      const from = (i * second + j) * features;
      result.set(values.subarray(from, from + features), (j * first + i) * features);
    }
  }
  return result;
}
