import { KernelgenError } from "../../errors.js";
import { lostDevice } from "../webgpu-calls.js";
import { Network } from "./network.js";
import type { RecurrentProgram } from "./program.js";
import type { RecurrentWeights } from "./weights.js";

/**
 * The states of a network by their names ("h", "c", …), each [layers·directions,B,N·D] as `torch.nn.LSTM` has h_n and c_n: layer by layer,
 * within a layer forward first.
 */
export type RecurrentState = Readonly<Record<string, Float32Array>>;

/** Where a sequence starts from: zeros, where the last one ended, or given states. */
export type StartState = "zero" | "kept" | RecurrentState;

/** What a forward pass gives. */
export interface RecurrentResult {
  /** [B,T,directions·N·D]: the output of the last layer. */
  readonly output: Float32Array<ArrayBuffer>;
  /** The states after the last step. */
  readonly state: RecurrentState;
}

/** The gradients of a loss, in the shapes of what they are the gradients of. */
export interface RecurrentGradients {
  /** [B,T,I] */
  readonly input: Float32Array<ArrayBuffer>;
  /** Of the states from which the sequence started. */
  readonly state: RecurrentState;
  readonly weights: RecurrentWeights;
}

/** A recurrent network on a device. Calls are computed one after the other, in the order in which they are made. */
export interface Recurrent {
  readonly program: RecurrentProgram;
  /**
   * Runs a sequence [B,T,I] of any number of steps T, which follows from its length.
   *
   * `lengths` [B], from 1 to T, are the steps of each sequence, where they differ: outputs beyond are zero, states those of each sequence's
   * end, and so are the gradients of a following `backward`. For networks of linear recurrences.
   *
   * Rejects with `KernelgenError` "invalid-problem" where lengths do not fit the program, "webgpu-failure" where the device refuses
   * something or is lost.
   */
  forward(input: Float32Array, start?: StartState, lengths?: ArrayLike<number>): Promise<RecurrentResult>;
  /**
   * The same for a sequence of so many steps that lies in a buffer of the device, in the program's data type. Resolves to a buffer with the
   * output once the work is submitted; it belongs to the network, and the next call writes over it. The states stay on the GPU.
   */
  forwardBuffer(input: GPUBuffer, steps: number, start?: StartState): Promise<GPUBuffer>;
  /** Runs one step [B,I] from where the last call ended, and gives its output [B,N·D]. For networks of one direction. */
  step(input: Float32Array): Promise<Float32Array<ArrayBuffer>>;
  /**
   * The gradients of a loss by backpropagation through the whole sequence that `forward` last ran, from the gradient of its output
   * [B,T,directions·N·D] and, if the loss reads them, of the last states. For programs that were planned with `training`.
   *
   * Rejects with `KernelgenError` "invalid-problem" where the program was not, no sequence has run since the weights were set, or a length
   * does not fit.
   */
  backward(outputGradient: Float32Array, stateGradient?: RecurrentState): Promise<RecurrentGradients>;
  /** Where the last call ended. */
  readState(): Promise<RecurrentState>;
  /** Makes "kept" and `step` start from these states; from zeros if left out, as in a new sequence. */
  setState(state?: RecurrentState | "zero"): Promise<void>;
  /** Replaces all weights. */
  setWeights(weights: RecurrentWeights): Promise<void>;
  /** Frees all buffers. A call that is not done then rejects with `KernelgenError` "webgpu-failure", as does any later one. */
  destroy(): void;
}

/**
 * Makes a recurrent network of a program on a WebGPU device, in node or in a browser. The device stays the caller's.
 *
 * Rejects with `KernelgenError` "invalid-problem" where the weights do not fit the program, "webgpu-failure" where the device lacks what the
 * program requires, refuses something, or is lost.
 */
export async function createRecurrent(
  device: GPUDevice,
  program: RecurrentProgram,
  weights: RecurrentWeights,
): Promise<Recurrent> {
  return new RecurrentOnDevice(await Network.create(device, program, weights));
}

class RecurrentOnDevice implements Recurrent {
  readonly program: RecurrentProgram;
  readonly #network: Network;
  /** Resolves when the calls made so far are done. */
  #last: Promise<unknown> = Promise.resolve();
  #destroyed = false;
  #lost: GPUDeviceLostInfo | undefined;

  constructor(network: Network) {
    this.#network = network;
    this.program = network.program;
    network.device.lost.then((info) => {
      this.#lost = info;
    });
  }

  forward(input: Float32Array, start: StartState = "zero", lengths?: ArrayLike<number>): Promise<RecurrentResult> {
    return this.#inTurn(() => this.#network.forward(input, start, lengths));
  }

  forwardBuffer(input: GPUBuffer, steps: number, start: StartState = "zero"): Promise<GPUBuffer> {
    return this.#inTurn(() => this.#network.forwardBuffer(input, steps, start));
  }

  step(input: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.#inTurn(() => {
      const { bidirectional, batch, inputDim } = this.program;
      if (bidirectional) {
        throw new KernelgenError("invalid-problem", "step: a bidirectional network needs whole sequences; use forward");
      }
      if (input.length !== batch * inputDim) {
        throw new KernelgenError(
          "invalid-problem",
          `step: input [${batch},${inputDim}]: got ${input.length} values, needs ${batch * inputDim}`,
        );
      }
      return this.#network.output(input, "kept");
    });
  }

  backward(outputGradient: Float32Array, stateGradient?: RecurrentState): Promise<RecurrentGradients> {
    return this.#inTurn(() => this.#network.backward(outputGradient, stateGradient));
  }

  readState(): Promise<RecurrentState> {
    return this.#inTurn(() => this.#network.readState());
  }

  setState(state: RecurrentState | "zero" = "zero"): Promise<void> {
    return this.#inTurn(async () => this.#network.setState(state));
  }

  setWeights(weights: RecurrentWeights): Promise<void> {
    return this.#inTurn(async () => this.#network.setWeights(weights));
  }

  destroy(): void {
    this.#destroyed = true;
    // A lost device has freed its buffers, and may itself be gone.
    if (this.#lost === undefined) this.#network.destroy();
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      if (this.#destroyed) throw new KernelgenError("webgpu-failure", "the network was used after destroy()");
      if (this.#lost !== undefined) throw lostDevice(this.#lost);
      try {
        return await call();
      } catch (error) {
        // Its buffers went from under it, of which WebGPU says no more than that something was aborted.
        if (!this.#destroyed || this.#lost !== undefined) throw error;
        throw new KernelgenError("webgpu-failure", "destroy() was called while the network computed", { cause: error });
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}
