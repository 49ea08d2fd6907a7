import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CellDefinition, Gate } from "../../../packages/kernelgen/src/cell/definition.js";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import {
  add,
  constant,
  labelled,
  multiply,
  type Scalar,
  sigmoid,
  subtract,
  tanh,
} from "../../../packages/kernelgen/src/cell/scalar.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { forwardTensors } from "../../../packages/kernelgen/src/plan/tensors.js";
import { referenceForward, type TensorValues } from "../../../packages/kernelgen/src/reference/forward.js";
import { requireDefaultLimits, requireDevice } from "./devices.js";
import { expectRight, outputsOf } from "./expect-numbers.js";
import { families, feasiblePlans, problemOf, seed, webGpuDevice, withSubgroups } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");
const fewStepsTolerance = 1e-5;
const manyStepsTolerance = 1e-4;

/** What a forward pass keeps: all steps of all states, their last ones, or all that training needs. */
const kept = [{ stateOutput: "sequence" }, { stateOutput: "last" }, { training: true }] as const;

const gate = (name: string): Gate => ({ name });

/** Cells of other shapes than an LSTM's: gates that fill a part of a vector or more than one, one state or three. */
const syntheticCells: readonly CellDefinition[] = [
  {
    name: "one_gate",
    description: "one gate, one state",
    gates: [gate("u")],
    states: [{ name: "y" }],
    step: (u) => ({ y: tanh(u.u!) }),
  },
  {
    name: "five_gates",
    description: "five gates, one state that reads itself",
    gates: ["a", "b", "d", "e", "f"].map(gate),
    states: [{ name: "y" }],
    step(u, previous) {
      const mix = labelled("mix", sigmoid(add(u.a!, multiply(constant(-0.5), u.f!))));
      const candidate = tanh(add(multiply(sigmoid(u.b!), u.d!), u.e!));
      return { y: add(multiply(mix, previous.y!), multiply(subtract(constant(1), mix), candidate)) };
    },
  },
  {
    name: "parts_of_gates",
    description: "six gates in two vectors that lack a product, an input or a bias",
    gates: [
      { name: "a", bias: false },
      { name: "b", recurrent: false },
      { name: "d", input: false },
      { name: "e", recurrent: false, input: false },
      { name: "f", input: false, bias: false },
      { name: "g", recurrent: false, bias: false },
    ],
    states: [{ name: "y" }],
    step(u, previous) {
      const sum = add(multiply(sigmoid(u.a!), previous.y!), multiply(u.b!, tanh(u.d!)));
      return { y: tanh(add(multiply(u.e!, sum), add(u.f!, u.g!))) };
    },
  },
  {
    name: "three_states",
    description: "two gates, three states",
    gates: [gate("a"), gate("b")],
    states: [{ name: "y" }, { name: "p" }, { name: "q" }],
    step(u, previous): Record<string, Scalar> {
      const p = add(multiply(constant(0.25), previous.p!), sigmoid(u.a!));
      const q = subtract(multiply(constant(0.5), previous.q!), p);
      return { y: tanh(add(q, u.b!)), p, q };
    },
  },
];

/** The most lanes that can shuffle where all units of a head are in one workgroup of 256, and where they are not. */
const mostShuffleLanes: Readonly<Record<string, readonly number[]>> = { resident: [16], stepwise: [64] };

describe.each(families)("numbers of the family $name against the float64 reference", (family) => {
  it("any feasible tiling of any small problem", async (context) => {
    const { device } = await requireDevice(context);
    const sizes = fc.record({
      headDim: fc.integer({ min: 1, max: 40 }),
      heads: fc.integer({ min: 1, max: 3 }),
      batch: fc.integer({ min: 1, max: 6 }),
      steps: fc.integer({ min: 1, max: 4 }),
      cell: fc.constantFrom(...cells.keys()),
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom(...kept), fc.nat(), fc.nat(), async (options, keeps, index, caseSeed) => {
        const problem = problemOf({ ...options, ...keeps });
        const plan = feasiblePlans(problem, defaultDevice, family).plan(index);
        await expectRight(device, plan, family, problem, caseSeed, fewStepsTolerance);
      }),
      { numRuns: 5, seed, endOnFailure: true },
    );
  });

  // SwiftShader's subgroups have 4 invocations: larger ones are computed by turns, as where invocations lie in another order.
  it.for([2, 4, ...mostShuffleLanes[family.name]!])(
    "tilings in which %i lanes shuffle",
    async (shuffleLanes, context) => {
      const { device, description } = await requireDevice(context);
      if (!description.features.includes("subgroups")) context.skip(`${description.name} has no subgroups`);
      const least = 4 * shuffleLanes;
      for (const { cell, ...sizes } of [
        { cell: "lstm", headDim: least, batch: 2 },
        { cell: "slstm", headDim: least + 3, batch: 1 },
      ]) {
        const problem = problemOf({ ...sizes, cell, steps: 3 });
        const { plan } = solveFamily(problem, withSubgroups(shuffleLanes), family, { shuffleLanes });
        await expectRight(device, plan!, family, problem, seed, fewStepsTolerance);
      }
    },
  );

  it.for(syntheticCells)("a cell of another shape: $description", async (cell, context) => {
    const { device, description } = await requireDevice(context);
    const limits = {
      ...defaultDevice.limits,
      maxStorageBuffersPerShaderStage: description.limits.maxStorageBuffersPerShaderStage,
    };
    for (const stateOutput of ["sequence", "last"] as const) {
      const problem = { ...problemOf({ headDim: 9, heads: 2, batch: 3, stateOutput }), cell };
      const { plan, reason } = solveFamily(problem, { ...defaultDevice, limits }, family);
      if (plan === undefined) context.skip(`this WebGPU device cannot run it: ${reason}`);
      await expectRight(device, plan!, family, problem, seed, fewStepsTolerance);
    }
  });

  it.for([...cells.keys()])("%s, all states, the last, and what a backward pass reads", async (cell, context) => {
    const { device } = await requireDevice(context);
    for (const keeps of kept) {
      const problem = problemOf({ cell, headDim: 9, heads: 2, batch: 3, ...keeps });
      const { plan } = solveFamily(problem, defaultDevice, family);
      await expectRight(device, plan!, family, problem, seed, fewStepsTolerance);
    }
  });

  it("48 x 5, batch 3, 7 steps: nothing divides a tile", async (context) => {
    const { device } = await requireDevice(context);
    const problem = problemOf({ headDim: 48, heads: 5, batch: 3, steps: 7 });
    const { plan } = solveFamily(problem, defaultDevice, family);
    await expectRight(device, plan!, family, problem, seed, fewStepsTolerance);
  });

  it("256 invocations and most of 16 KiB, on a device with no more", async (context) => {
    const device = await requireDefaultLimits(context);
    const problem = problemOf({ headDim: 64, batch: 3, steps: 3 });
    const { count, plan } = feasiblePlans(problem, defaultDevice, family, { unitsPerInvocation: 1, innerLanes: 4 });
    const bytes = ({ launch }: Plan): number => launch.sharedBytesPerBlock;
    const [largest] = Array.from({ length: count }, (_, index) => plan(index))
      .filter(({ launch }) => launch.threadsPerBlock === 256)
      .toSorted((a, b) => bytes(b) - bytes(a));
    expect(bytes(largest!)).toBeGreaterThan(12_000);
    await expectRight(device, largest!, family, problem, seed, fewStepsTolerance);
  });

  it("1030 steps, more than one submission holds", async (context) => {
    const { device } = await requireDevice(context);
    const problem = problemOf({ headDim: 7, batch: 2, steps: 1030 });
    const { plan } = solveFamily(problem, defaultDevice, family);
    await expectRight(device, plan!, family, problem, seed, manyStepsTolerance);
  });

  it("pre-activations so large that an exponential would overflow", async (context) => {
    const { device } = await requireDevice(context);
    const problem = problemOf({ headDim: 4, steps: 6 });
    const { plan } = solveFamily(problem, defaultDevice, family);
    const inputs: TensorValues = Object.fromEntries(
      forwardTensors(problem)
        .filter(({ role }) => role === "input")
        .map(({ name, shape }) => [name, new Float64Array(shape.reduce((a, b) => a * b))]),
    );
    // A step for each magnitude, both signs in each gate.
    const magnitudes = [0, 1e-3, 30, 100, 1e4, 3e38];
    inputs.wx!.forEach((_, index) => {
      inputs.wx![index] = Math.fround((index % 2 === 0 ? 1 : -1) * magnitudes[Math.floor(index / 16)]!);
    });
    const actual = await outputsOf(device, plan!, family.emit(plan!)[0]!.text, inputs);
    for (const [name, expected] of Object.entries(referenceForward(problem, inputs))) {
      expected.forEach((value, index) => {
        expect(Math.abs(actual[name]![index]! - value), `${name}[${index}]`).toBeLessThanOrEqual(1e-6 * (1 + index));
      });
    }
  });
});
