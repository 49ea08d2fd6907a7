import { expect, it } from "vitest";
import { Adam } from "../../examples/training/src/adam.js";
import { gamesOf, randomGames, swapped } from "../../examples/training/src/cups.js";
import { normals, randomFrom } from "../../examples/training/src/random.js";
import { type Readout, readOut } from "../../examples/training/src/readout.js";

it("a swap exchanges two cups, and the same swap again undoes it", () => {
  const after = (swap: number): number[] => [0, 1, 2].map((place) => swapped(place, swap));
  expect([0, 1, 2].map(after)).toEqual([
    [1, 0, 2],
    [0, 2, 1],
    [2, 1, 0],
  ]);
  for (const place of [0, 1, 2]) for (const swap of [0, 1, 2]) expect(swapped(swapped(place, swap), swap)).toBe(place);
  expect([...gamesOf([0, 1, 2, 2], 2).places]).toEqual([1, 2, 2, 0]);
  const { inputs, places } = randomGames(5, 7, randomFrom(1));
  expect([inputs.length, places.length]).toEqual([5 * 7 * 3, 5 * 7]);
  expect(inputs.reduce((sum, value) => sum + value, 0)).toBe(5 * 7);
});

it("the gradients of the readout are those of its loss, by finite differences", () => {
  const random = randomFrom(2);
  const [classes, units, steps] = [3, 5, 4];
  const readout: Readout = { weights: normals(classes * units, 1, random), bias: normals(classes, 1, random) };
  const h = normals(steps * units, 1, random);
  const targets = Uint8Array.from([0, 2, 1, 1]);
  const { gradient, unitGradient } = readOut(readout, h, targets);
  for (const [values, gradients] of [
    [readout.weights, gradient.weights],
    [readout.bias, gradient.bias],
    [h, unitGradient],
  ] as const) {
    for (const [index, value] of values.entries()) {
      const lossAt = (shift: number): number => {
        values[index] = value + shift;
        const { loss } = readOut(readout, h, targets);
        values[index] = value;
        return loss;
      };
      expect(gradients[index]).toBeCloseTo((lossAt(2 ** -9) - lossAt(-(2 ** -9))) / 2 ** -8, 4);
    }
  }
});

it("Adam's first step has the length of the learning rate, and it finds the least of a parabola", () => {
  const values = Float32Array.from([3, -2]);
  const adam = new Adam([values], 0.125);
  adam.descend([Float32Array.from([7, -0.01])]);
  // Of whatever size a gradient is, algorithm 1 moves by the learning rate at first.
  expect(values[0]).toBeCloseTo(3 - 0.125, 5);
  expect(values[1]).toBeCloseTo(-2 + 0.125, 5);
  for (let step = 0; step < 400; step++) adam.descend([values.map((value) => 2 * (value - 1))]);
  for (const value of values) expect(value).toBeCloseTo(1, 2);
});
