import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gateInput, stateInput } from "../../../packages/kernelgen/src/cell/definition.js";
import { compileScalars } from "../../../packages/kernelgen/src/cell/evaluate.js";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { adjointInput, stepGradient } from "../../../packages/kernelgen/src/cell/step-gradient.js";
import { cellsSource } from "../../../packages/kernelgen/src/cuda/torch/cells-source.js";
import { runProgram } from "../cuda/prelude-build.js";
import { hasModule, python } from "./python.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-cells-"));
  await writeFile(join(directory, "cells.py"), cellsSource());
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Values of the inputs of a step and its gradient; the normaliser of an sLSTM is zero in some of them, as before a first step. */
function samples(count: number): readonly (readonly number[])[] {
  return [...Array(8).keys()].map((sample) =>
    [...Array(count).keys()].map((index) => {
      const value = 2 * Math.sin(1 + 3.7 * index + 11.3 * sample);
      return sample % 4 === 0 && value < 0 ? 0 : Math.abs(value) < 0.1 ? 0.1 : value;
    }),
  );
}

it("cells.py has the steps and gradients of the cells' graphs, in Python numbers", async (context) => {
  if (!(await hasModule("math"))) context.skip("python3 not found: the cells of the PyTorch package are not evaluated");
  const cases = [...cells.values()].map((cell) => ({
    cell: cell.name,
    samples: samples(cell.gates.length + 2 * cell.states.length),
  }));
  const program = fileURLToPath(new URL("evaluate_cells.py", import.meta.url));
  await writeFile(join(directory, "cases.json"), JSON.stringify(cases));
  const { exitCode, stdout, stderr } = await runProgram(python, [program, directory]);
  expect(exitCode, stderr).toBe(0);
  const actual: readonly (readonly (readonly number[])[])[] = JSON.parse(stdout);
  [...cells.values()].forEach((cell, c) => {
    const gradient = stepGradient(cell);
    const roots = [...gradient.states, ...gradient.gateGradients, ...gradient.previousGradients];
    const names = [...cell.gates.map(gateInput), ...cell.states.map(stateInput), ...cell.states.map(adjointInput)];
    const evaluate = compileScalars(roots, names);
    const expected = new Float64Array(roots.length);
    cases[c]!.samples.forEach((sample, s) => {
      evaluate(sample, expected);
      expected.forEach((value, r) => {
        expect(actual[c]![s]![r], `${cell.name}, sample ${s}, result ${r}`).toBeCloseTo(value, 10);
      });
    });
  });
});
