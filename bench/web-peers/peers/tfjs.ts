import { type Case, type CaseValues, gateCount } from "../cases.js";
import { importPeer } from "./import-peer.js";
import type { Peer, Session } from "./peer.js";

/** What is used of TensorFlow.js. */
interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tidy<T>(run: () => T): T;
  tensor(values: Float32Array, shape: readonly number[]): TfTensor;
  readonly layers: {
    lstm(options: object): TfLayer;
    gru(options: object): TfLayer;
  };
}
interface TfLayer {
  setWeights(weights: readonly TfTensor[]): void;
  apply(input: TfTensor): TfTensor;
  dispose(): void;
}

/** A tensor [G·H,K] as [K,G·H], as TensorFlow has weights. */
function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!;
  }
  return result;
}

/** TensorFlow.js with its WebGPU backend, on Dawn. */
export class TfjsPeer implements Peer {
  readonly name = "tfjs WebGPU";
  readonly #tf: Tf;

  private constructor(tf: Tf) {
    this.#tf = tf;
  }

  static async start(): Promise<TfjsPeer> {
    const { create, globals } = await import("webgpu");
    // The backend looks for what a browser has.
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "" }, configurable: true });
    const tf = await importPeer<Tf>("@tensorflow/tfjs");
    await importPeer("@tensorflow/tfjs-backend-webgpu");
    if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs has no WebGPU backend here");
    await tf.ready();
    return new TfjsPeer(tf);
  }

  differs({ cell }: Case): string | undefined {
    return cell === "gru" ? "its GRU resets before the recurrent product" : undefined;
  }

  async open({ cell, steps, hidden, batch }: Case, values: CaseValues): Promise<Session> {
    const tf = this.#tf;
    const layer = tf.layers[cell]({
      units: hidden,
      kernelInitializer: "zeros",
      recurrentInitializer: "zeros",
      returnSequences: true,
      recurrentActivation: "sigmoid",
      implementation: 2,
    });
    const width = gateCount[cell] * hidden;
    const bias = values.inputBias.map((value, index) => value + values.recurrentBias[index]!);
    // Applied once, a layer has its weights.
    tf.tidy(() => layer.apply(tf.tensor(values.input, [batch, steps, hidden])));
    layer.setWeights([
      tf.tensor(transposed(values.inputWeights, hidden), [hidden, width]),
      tf.tensor(transposed(values.recurrentWeights, hidden), [hidden, width]),
      tf.tensor(bias, [width]),
    ]);
    return {
      run: async () => {
        const output = tf.tidy(() => layer.apply(tf.tensor(values.input, [batch, steps, hidden])));
        const result = await output.data();
        output.dispose();
        return result;
      },
      close: async () => layer.dispose(),
    };
  }
}
