import { createRecurrent, planRecurrent, weightsFromPyTorch } from "kernelgen";
import { type OpenDevice, openNodeDevice } from "kernelgen/node";
import type { Case, CaseValues } from "../cases.js";
import type { Peer, Session } from "./peer.js";

/** This project's runtime on the machine's WebGPU device; if told so, with workgroups that wait for one another. */
export class KernelgenPeer implements Peer {
  readonly name: string;
  readonly #opened: OpenDevice;
  readonly #assumeForwardProgress: boolean;

  private constructor(opened: OpenDevice, assumeForwardProgress: boolean) {
    this.name = assumeForwardProgress ? "kernelgen WebGPU, assuming forward progress" : "kernelgen WebGPU";
    this.#opened = opened;
    this.#assumeForwardProgress = assumeForwardProgress;
  }

  static async start(assumeForwardProgress = false): Promise<KernelgenPeer> {
    return new KernelgenPeer(await openNodeDevice(), assumeForwardProgress);
  }

  get adapter(): string {
    return this.#opened.description.name;
  }

  async open({ cell, steps, hidden, batch }: Case, values: CaseValues): Promise<Session> {
    const { device, description } = this.#opened;
    const assumeForwardProgress = this.#assumeForwardProgress;
    const program = planRecurrent(
      { cell, headDim: hidden, inputDim: hidden, batch, steps, assumeForwardProgress },
      description,
    );
    const network = await createRecurrent(
      device,
      program,
      weightsFromPyTorch(program, {
        weight_ih_l0: values.inputWeights,
        weight_hh_l0: values.recurrentWeights,
        bias_ih_l0: values.inputBias,
        bias_hh_l0: values.recurrentBias,
      }),
    );
    return {
      run: async () => (await network.forward(values.input)).output,
      close: async () => network.destroy(),
    };
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}
