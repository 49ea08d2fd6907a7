import { type Case, type CaseValues, gateCount } from "../cases.js";
import { importPeer } from "./import-peer.js";
import type { Peer, Session } from "./peer.js";

/** What is used of TensorFlow.js. */
interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}
interface TfCore {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tidy<T>(run: () => T): T;
  tensor(values: Float32Array, shape: readonly number[]): TfTensor;
}
interface TfLayer {
  build(shape: readonly (number | null)[]): void;
  setWeights(weights: readonly TfTensor[]): void;
  apply(input: TfTensor): TfTensor;
  dispose(): void;
}
interface TfLayers {
  readonly layers: {
    lstm(options: object): TfLayer;
    gru(options: object): TfLayer;
  };
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
  readonly #core: TfCore;
  readonly #layers: TfLayers;

  private constructor(core: TfCore, layers: TfLayers) {
    this.#core = core;
    this.#layers = layers;
  }

  static async start(): Promise<TfjsPeer> {
    const { create, globals } = await import("webgpu");
    // The backend looks for what a browser has.
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "" }, configurable: true });
    const core = await importPeer<TfCore>("@tensorflow/tfjs-core");
    await importPeer("@tensorflow/tfjs-backend-webgpu");
    if (!(await core.setBackend("webgpu"))) throw new Error("tfjs has no WebGPU backend here");
    await core.ready();
    return new TfjsPeer(core, await importPeer<TfLayers>("@tensorflow/tfjs-layers"));
  }

  differs({ cell }: Case): string | undefined {
    return cell === "gru" ? "its GRU resets before the recurrent product" : undefined;
  }

  async open({ cell, steps, hidden, batch }: Case, values: CaseValues): Promise<Session> {
    const core = this.#core;
    const layer = this.#layers.layers[cell]({
      units: hidden,
      returnSequences: true,
      recurrentActivation: "sigmoid",
      implementation: 2,
    });
    const width = gateCount[cell] * hidden;
    const bias = values.inputBias.map((value, index) => value + values.recurrentBias[index]!);
    layer.build([batch, null, hidden]);
    layer.setWeights([
      core.tensor(transposed(values.inputWeights, hidden), [hidden, width]),
      core.tensor(transposed(values.recurrentWeights, hidden), [hidden, width]),
      core.tensor(bias, [width]),
    ]);
    return {
      run: async () => {
        const output = core.tidy(() => layer.apply(core.tensor(values.input, [batch, steps, hidden])));
        const result = await output.data();
        output.dispose();
        return result;
      },
      close: async () => layer.dispose(),
    };
  }
}
