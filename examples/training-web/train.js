// Trains a GRU on WebGPU to track a state: whether the ones seen so far in a stream of bits are odd in number. A network without recurrence
// cannot do it at any depth; this one answers every step of fresh, longer sequences right.
//
// usage: node examples/training-web/train.js [--seed N]
import { parseArgs } from "node:util";
import { createRecurrent, planRecurrent, weightShapes } from "kernelgen";
import { openNodeDevice } from "kernelgen/node";

const { values: options } = parseArgs({ options: { seed: { type: "string", default: "1" } } });
const sizes = { headDim: 16, inputDim: 1, batch: 32 };
const steps = { trained: 12, tested: 48 };
const mostIterations = 600;
const learningRate = 0.02;

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomNumbers(Number(options.seed));
const uniform = (count, scale) => Float32Array.from({ length: count }, () => scale * (2 * random() - 1));

/** Bits as ±1 [B,T,1], and after each step whether the ones are odd in number. */
function streams(stepCount) {
  const input = new Float32Array(sizes.batch * stepCount);
  const odd = new Uint8Array(input.length);
  for (let b = 0; b < sizes.batch; b++) {
    let parity = 0;
    for (let t = 0; t < stepCount; t++) {
      const bit = random() < 0.5 ? 0 : 1;
      parity ^= bit;
      input[b * stepCount + t] = 2 * bit - 1;
      odd[b * stepCount + t] = parity;
    }
  }
  return { input, odd };
}

/** Adam (Kingma & Ba 2015) for one tensor: changes it in place. */
function adam(values) {
  const [mean, square] = [new Float64Array(values.length), new Float64Array(values.length)];
  let step = 0;
  return (gradient) => {
    step++;
    values.forEach((value, i) => {
      mean[i] = 0.9 * mean[i] + 0.1 * gradient[i];
      square[i] = 0.999 * square[i] + 0.001 * gradient[i] ** 2;
      const [m, v] = [mean[i] / (1 - 0.9 ** step), square[i] / (1 - 0.999 ** step)];
      values[i] = value - (learningRate * m) / (Math.sqrt(v) + 1e-8);
    });
  };
}

/** The answer of each step: p = σ(readout · h + offset). */
function answers(output, readout) {
  const width = sizes.headDim;
  return Float64Array.from({ length: output.length / width }, (_, row) => {
    let sum = readout[width];
    for (let d = 0; d < width; d++) sum += readout[d] * output[row * width + d];
    return 1 / (1 + Math.exp(-sum));
  });
}

const accuracy = (p, odd) => p.reduce((right, value, row) => right + (value > 0.5 === (odd[row] === 1)), 0) / p.length;

const { device, description, close } = await openNodeDevice();
const program = planRecurrent({ cell: "gru", ...sizes, steps: steps.trained, training: true }, description);
const shapes = weightShapes(program, 0);
const count = (shape) => shape.reduce((product, extent) => product * extent, 1);
const scale = 1 / Math.sqrt(sizes.headDim);
const weights = {
  input: uniform(count(shapes.input), scale),
  recurrent: uniform(count(shapes.recurrent), scale),
  bias: uniform(count(shapes.bias), scale),
};
const readout = uniform(sizes.headDim + 1, scale);
const updates = Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, adam(values)]));
const updateReadout = adam(readout);
const network = await createRecurrent(device, program, { layers: [[weights]] });

/** Answers every step of fresh sequences; the share that is right. */
async function test() {
  const { input, odd } = streams(steps.tested);
  return accuracy(answers((await network.forward(input)).output, readout), odd);
}

let iteration = 0;
let tested = 0;
for (; iteration < mostIterations && tested < 1; iteration++) {
  const { input, odd } = streams(steps.trained);
  const { output } = await network.forward(input);
  const p = answers(output, readout);
  // The mean cross entropy over all steps: its gradient by the readout's sum is (p − odd) / rows.
  const outputGradient = new Float32Array(output.length);
  const readoutGradient = new Float64Array(readout.length);
  p.forEach((value, row) => {
    const error = (value - odd[row]) / p.length;
    readoutGradient[sizes.headDim] += error;
    for (let d = 0; d < sizes.headDim; d++) {
      outputGradient[row * sizes.headDim + d] = error * readout[d];
      readoutGradient[d] += error * output[row * sizes.headDim + d];
    }
  });
  const gradients = await network.backward(outputGradient);
  for (const [name, gradient] of Object.entries(gradients.weights.layers[0][0])) updates[name](gradient);
  updateReadout(readoutGradient);
  await network.setWeights({ layers: [[weights]] });
  if (accuracy(p, odd) === 1) tested = await test();
  if (iteration % 50 === 0) console.log(`iteration ${iteration}: ${(100 * accuracy(p, odd)).toFixed(1)} % right`);
}
const where = `${steps.tested} steps of ${sizes.batch} fresh sequences on ${description.name}`;
console.log(
  `after ${iteration} iterations of ${steps.trained} steps: ${(100 * tested).toFixed(1)} % right over ${where}`,
);
network.destroy();
await close();
process.exit(tested === 1 ? 0 : 1);
