import type { Case, CaseValues } from "../cases.js";
import { onnxModel, swapped } from "../onnx-model.js";
import { importPeer } from "./import-peer.js";
import type { Peer, Session } from "./peer.js";

/** What is used of onnxruntime-node. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (
    type: "float32" | "int32",
    data: Float32Array | Int32Array,
    dims: readonly number[],
  ) => OnnxTensor;
}
interface OnnxTensor {
  readonly data: Float32Array;
}
interface OnnxSession {
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** onnxruntime for node with one of its execution providers. */
export class OnnxRuntimePeer implements Peer {
  readonly name: string;
  readonly #provider: "cpu" | "webgpu";
  readonly #runtime: OnnxRuntime;

  private constructor(provider: "cpu" | "webgpu", runtime: OnnxRuntime) {
    this.name = `onnxruntime ${provider === "cpu" ? "CPU" : "WebGPU"}`;
    this.#provider = provider;
    this.#runtime = runtime;
  }

  static async start(provider: "cpu" | "webgpu"): Promise<OnnxRuntimePeer> {
    return new OnnxRuntimePeer(provider, await importPeer<OnnxRuntime>("onnxruntime-node"));
  }

  async open(given: Case, values: CaseValues): Promise<Session> {
    const { steps, hidden, batch } = given;
    const { InferenceSession, Tensor } = this.#runtime;
    const session = await InferenceSession.create(onnxModel(given, values), {
      executionProviders: [this.#provider],
    });
    const input = new Tensor("float32", swapped(values.input, batch, steps), [steps, batch, hidden]);
    return {
      run: async () => {
        const { Y } = await session.run({ X: input });
        return swapped(Y!.data, steps, batch);
      },
      close: () => session.release(),
    };
  }
}
