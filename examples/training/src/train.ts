import {
  createRecurrent,
  type DirectionWeights,
  type Recurrent,
  type RecurrentProgram,
  weightShapes,
} from "kernelgen/webgpu";
import { Adam } from "./adam.js";
import { cupCount, type Games, randomGames } from "./cups.js";
import { normals, randomFrom } from "./random.js";
import { type Readout, readOut } from "./readout.js";

const learningRate = 0.02;
/** Training ends when so many batches in a row are all right, and so are fresh games after them. */
const rightBatches = 3;
const testBatches = 16;
const mostIterations = 3000;

/** How training goes, after an iteration. */
export interface Progress {
  readonly iteration: number;
  readonly loss: number;
  /** The share of steps of the batch after which the network says where the ball is. */
  readonly accuracy: number;
}

/** A trained network and its readout. */
export interface Tracker {
  /** The share of right answers on games that it was not trained on, and their number. */
  readonly testAccuracy: number;
  readonly testGames: number;
  readonly iterations: number;
  /** Where the ball is after each swap of some games, as the network says. */
  placesOf(games: Games): Promise<Uint8Array>;
  /** Frees the network's memory. */
  destroy(): void;
}

/**
 * Trains a network to say after each swap under which cup the ball is, until it is always right.
 *
 * Throws what `createRecurrent` throws, and an `Error` if it is not always right after so many iterations.
 */
export async function train(
  device: GPUDevice,
  program: RecurrentProgram,
  { steps, seed }: { readonly steps: number; readonly seed: number },
  tell: (progress: Progress) => void,
): Promise<Tracker> {
  const random = randomFrom(seed);
  const weights = randomWeights(program, random);
  const units = program.heads * program.headDim;
  const readout: Readout = {
    weights: normals(cupCount * units, 1 / Math.sqrt(units), random),
    bias: new Float32Array(cupCount),
  };
  const network = await createRecurrent(device, program, { layers: [[weights]] });
  const parameters = [weights.input, weights.recurrent, weights.bias, readout.weights, readout.bias];
  const adam = new Adam(parameters, learningRate);
  const batch = (): Games => randomGames(program.batch, steps, random);
  for (let [iteration, rightInARow] = [1, 0]; iteration <= mostIterations; iteration++) {
    const games = batch();
    const { output } = await network.forward(games.inputs);
    const { loss, accuracy, unitGradient, gradient } = readOut(readout, output, games.places);
    tell({ iteration, loss, accuracy });
    rightInARow = accuracy === 1 ? rightInARow + 1 : 0;
    if (rightInARow >= rightBatches) {
      const testAccuracy = await accuracyOn(network, readout, Array.from({ length: testBatches }, batch));
      const testGames = testBatches * program.batch;
      const placesOf = async (some: Games): Promise<Uint8Array> =>
        readOut(readout, (await network.forward(some.inputs)).output, some.places).classes;
      if (testAccuracy === 1) {
        return { testAccuracy, testGames, iterations: iteration, placesOf, destroy: () => network.destroy() };
      }
      rightInARow = 0;
      // The test ran other games than those whose gradients follow.
      await network.forward(games.inputs);
    }
    const gradients = (await network.backward(unitGradient)).weights.layers[0]![0]!;
    adam.descend([gradients.input, gradients.recurrent, gradients.bias, gradient.weights, gradient.bias]);
    await network.setWeights({ layers: [[weights]] });
  }
  network.destroy();
  throw new Error(`not always right after ${mostIterations} iterations; try another seed`);
}

/** Normal weights whose products keep the size of what they are multiplied with; no bias. */
function randomWeights(program: RecurrentProgram, random: () => number): DirectionWeights {
  const { input, recurrent, bias } = weightShapes(program, 0);
  const matrix = (shape: readonly number[]): Float32Array =>
    normals(elements(shape), 1 / Math.sqrt(shape.at(-1)!), random);
  return { input: matrix(input), recurrent: matrix(recurrent), bias: new Float32Array(elements(bias)) };
}

const elements = (shape: readonly number[]): number => shape.reduce((count, extent) => count * extent, 1);

async function accuracyOn(network: Recurrent, readout: Readout, batches: readonly Games[]): Promise<number> {
  let right = 0;
  for (const { inputs, places } of batches) {
    right += readOut(readout, (await network.forward(inputs)).output, places).accuracy;
  }
  return right / batches.length;
}
