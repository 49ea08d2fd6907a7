import { parseArgs } from "node:util";
import { planRecurrent } from "kernelgen";
import { openNodeDevice } from "kernelgen/node";
import {
  createOnnxRecurrent,
  type OnnxInputs,
  type OnnxOperator,
  type OnnxTensor,
  recurrentOptionsFromOnnx,
} from "kernelgen/webgpu";
import { operatorModel } from "./onnx-model.js";
import { importPeer } from "./peers/import-peer.js";
import type { OnnxRuntime } from "./peers/onnxruntime.js";

const help = `Compares random LSTM, GRU and RNN operators with onnxruntime's CPU provider, on this machine's WebGPU device.

usage: node bench/dist/web-peers/parity.js [--count N] [--seed N] [--json]

  --count N   operators (40)
  --seed N    first seed; each operator has the next one (1)
  --json      one JSON object a line

Ends with 1 if an output differs by more than 1e-5.
`;

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const tolerance = 1e-5;

/** Uniform numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Drawn {
  readonly operator: OnnxOperator;
  readonly inputs: OnnxInputs;
  readonly steps: number;
  readonly batch: number;
}

/** A random operator in layout 0, the one that onnxruntime has, with weights as PyTorch draws them. */
function drawOperator(seed: number): Drawn {
  const random = randomFrom(seed);
  const integer = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const oneOf = <T>(...choices: readonly T[]): T => choices[integer(0, choices.length - 1)]!;
  const isTrue = (): boolean => random() < 0.5;
  const opType = oneOf("LSTM", "GRU", "RNN");
  const direction = oneOf("forward", "reverse", "bidirectional");
  const [H, I, batch, steps] = [integer(1, 70), integer(1, 40), integer(1, 5), integer(1, 20)];
  const directions = direction === "bidirectional" ? 2 : 1;
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[opType];
  const tensor = (shape: readonly number[], scale: number): OnnxTensor => ({
    shape,
    values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => scale * (2 * random() - 1)),
  });
  const scale = 1 / Math.sqrt(H);
  return {
    steps,
    batch,
    operator: {
      opType,
      attributes: {
        hidden_size: H,
        direction,
        ...(opType === "GRU" && { linear_before_reset: integer(0, 1) }),
        ...(opType === "LSTM" && isTrue() && { input_forget: 1 }),
        ...(isTrue() && { clip: oneOf(0.3, 1.5) }),
      },
      W: tensor([directions, gates * H, I], scale),
      R: tensor([directions, gates * H, H], scale),
      ...(isTrue() && { B: tensor([directions, 2 * gates * H], scale) }),
      ...(opType === "LSTM" && isTrue() && { P: tensor([directions, 3 * H], scale) }),
    },
    inputs: {
      X: tensor([steps, batch, I], 1),
      ...(isTrue() && { initial_h: tensor([directions, batch, H], 1) }),
      ...(opType === "LSTM" && isTrue() && { initial_c: tensor([directions, batch, H], 1) }),
      ...(isTrue() && { sequence_lens: Array.from({ length: batch }, () => integer(1, steps)) }),
    },
  };
}

/** Throws what its caller prints where the machine lacks something. */
async function main(): Promise<void> {
  const { InferenceSession, Tensor } = await importPeer<OnnxRuntime>("onnxruntime-node");
  const { device, description } = await openNodeDevice();
  let worst = 0;
  for (let index = 0; index < Number(options.count); index++) {
    const seed = Number(options.seed) + index;
    const { operator, inputs, steps, batch } = drawOperator(seed);
    const program = planRecurrent({ ...recurrentOptionsFromOnnx(operator), batch, steps }, description);
    const recurrent = await createOnnxRecurrent(device, program, operator);
    const actual = await recurrent.run(inputs);
    recurrent.destroy();
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, given]) => {
        if (name !== "sequence_lens") {
          const { values, shape } = given as OnnxTensor;
          return [name, new Tensor("float32", values, shape)];
        }
        return [name, new Tensor("int32", Int32Array.from(given as number[]), [batch])];
      }),
    );
    const shapes = Object.fromEntries(
      Object.entries(inputs).map(([name, given]) => [
        name,
        name === "sequence_lens" ? [batch] : (given as OnnxTensor).shape,
      ]),
    );
    const session = await InferenceSession.create(operatorModel(operator, { X: inputs.X.shape, ...shapes }), {
      executionProviders: ["cpu"],
      logSeverityLevel: 3,
    });
    const expected = await session.run(feeds);
    await session.release();
    let difference = 0;
    for (const [name, { values }] of Object.entries(actual) as [string, OnnxTensor][]) {
      expected[name]!.data.forEach((value, i) => {
        const error = Math.abs(values[i]! - value);
        if (!(error <= difference)) difference = error;
      });
    }
    worst = Math.max(worst, difference);
    const { opType, attributes, P, B } = operator;
    const what = {
      seed,
      opType,
      ...attributes,
      steps,
      batch,
      ...(P && { peepholes: true }),
      ...(!B && { bias: false }),
      ...(inputs.sequence_lens && { lengths: true }),
    };
    if (options.json) console.log(JSON.stringify({ ...what, difference }));
    else console.log(`${difference.toExponential(1)}  ${JSON.stringify(what)}`);
  }
  const verdict = worst <= tolerance ? "within" : "beyond";
  if (!options.json) console.log(`largest difference ${worst.toExponential(1)}, ${verdict} ${tolerance}`);
  process.exit(worst <= tolerance ? 0 : 1);
}

if (options.help) process.stdout.write(help);
else await main();
