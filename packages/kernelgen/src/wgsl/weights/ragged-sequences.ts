import { directionCount, type RecurrentProgram } from "../recurrent/program.js";
import { createRecurrent, type Recurrent, type RecurrentResult, type RecurrentState } from "../recurrent/recurrent.js";
import type { RecurrentWeights } from "../recurrent/weights.js";

/**
 * A network of one layer over sequences of different lengths, each direction by itself: it starts where each of the sequences begins, and
 * walks in parts, each up to the next length at which some sequence ends.
 *
 * What a direction computes of a sequence beyond its end is thrown away: the output there is zero, the last states are those at the end.
 *
 * @internal
 */
export class RaggedSequences {
  readonly #program: RecurrentProgram;
  /** A network for each direction. */
  readonly #networks: readonly Recurrent[];

  private constructor(program: RecurrentProgram, networks: readonly Recurrent[]) {
    this.#program = program;
    this.#networks = networks;
  }

  static async create(
    device: GPUDevice,
    program: RecurrentProgram,
    weights: RecurrentWeights,
  ): Promise<RaggedSequences> {
    // A direction's kernels are the same whether there is another one: how wide the output is, they are told at run time.
    const directions = weights.layers[0]!.map((ofDirection) =>
      createRecurrent(device, { ...program, bidirectional: false, reverse: false }, { layers: [[ofDirection]] }),
    );
    return new RaggedSequences(program, await Promise.all(directions));
  }

  /** The result for input [B,T,I] and starting states [directions,B,N·D], with a length from 1 to T for each sequence. */
  async forward(
    input: Float32Array,
    start: RecurrentState,
    lengths: readonly number[],
  ): Promise<Pick<RecurrentResult, "output" | "state">> {
    const { batch, inputDim, headDim, heads, cell } = this.#program;
    const width = heads * headDim;
    const directions = directionCount(this.#program);
    const steps = input.length / (batch * inputDim);
    const output = new Float32Array(batch * steps * directions * width);
    const state = Object.fromEntries(cell.states.map((name) => [name, new Float32Array(directions * batch * width)]));
    const ends = [...new Set(lengths)].toSorted((a, b) => a - b);
    for (const [direction, network] of this.#networks.entries()) {
      const isReversed = direction === 1 || this.#program.reverse;
      /** The row of a sequence that is walked in a step. */
      const row = (b: number, step: number): number => b * steps + (isReversed ? lengths[b]! - 1 - step : step);
      const plane = direction * batch * width;
      let from = 0;
      for (const end of ends) {
        const part = new Float32Array(batch * (end - from) * inputDim);
        for (let b = 0; b < batch; b++) {
          for (let step = from; step < Math.min(end, lengths[b]!); step++) {
            const at = row(b, step) * inputDim;
            part.set(input.subarray(at, at + inputDim), (b * (end - from) + step - from) * inputDim);
          }
        }
        const begin = Object.fromEntries(
          cell.states.map((name) => [name, start[name]!.slice(plane, plane + batch * width)]),
        );
        const result = await network.forward(part, from === 0 ? begin : "kept");
        for (let b = 0; b < batch; b++) {
          for (let step = from; step < Math.min(end, lengths[b]!); step++) {
            const at = (b * (end - from) + step - from) * width;
            output.set(result.output.subarray(at, at + width), (row(b, step) * directions + direction) * width);
          }
          if (lengths[b] !== end) continue;
          for (const name of cell.states) {
            const last = result.state[name]!.subarray(b * width, (b + 1) * width);
            state[name]!.set(last, plane + b * width);
          }
        }
        from = end;
      }
    }
    return { output, state };
  }

  destroy(): void {
    for (const network of this.#networks) network.destroy();
  }
}
