import { expect, it } from "vitest";
import { solveFamily } from "../../../../packages/kernelgen/src/plan/solve.js";
import { referenceForward } from "../../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../../packages/kernelgen/src/reference/random-case.js";
import { residentFamily } from "../../../../packages/kernelgen/src/wgsl/resident.js";
import { stepwiseFamily } from "../../../../packages/kernelgen/src/wgsl/stepwise.js";
import { problemOf, seed, withSubgroups } from "../tilings.js";
import { runPlan } from "./run-plan.js";

// Subgroups of every size that adapters have, which no machine has all of: on the interpreter.

const sizes = [4, 8, 16, 32, 64] as const;

/** The numbers of a kernel in which so many lanes shuffle, on subgroups of every size. */
function expectRight(
  family: typeof residentFamily,
  shuffleLanes: number,
  layouts: readonly (readonly [size: number, turn?: number])[],
): void {
  // As many inner lanes as shuffle need as many chunks of four; the last one is cut. The interpreter is slow.
  const problem = problemOf({ cell: "elman", headDim: 4 * shuffleLanes - 1, steps: shuffleLanes > 16 ? 1 : 2 });
  const { plan, reason } = solveFamily(problem, withSubgroups(shuffleLanes), family, { shuffleLanes });
  expect(reason).toBeUndefined();
  const source = family.emit(plan!)[0]!.text;
  expect(source).toContain("subgroupShuffleXor");
  const inputs = randomInputs(problem, seed % 1000);
  const expected = referenceForward(problem, inputs).h!;
  for (const [subgroupSize, subgroupTurn] of layouts) {
    const { races, storage } = runPlan(plan!, source, inputs, { subgroupSize, subgroupTurn });
    expect(races).toEqual([]);
    for (const [index, value] of expected.entries()) {
      expect(storage.h![index], `subgroups of ${subgroupSize}: h[${index}]`).toBeCloseTo(value, 5);
    }
  }
}

it.each(sizes)("%i lanes shuffle in subgroups of that size: stepwise", (lanes) => {
  expectRight(stepwiseFamily, lanes, [[lanes]]);
});

// A workgroup of 256 invocations that holds a head has room for no more lanes.
it.each(sizes.filter((size) => size <= 16))("%i lanes shuffle in subgroups of that size: resident", (lanes) => {
  expectRight(residentFamily, lanes, [[lanes]]);
});

it.each([residentFamily, stepwiseFamily])(
  "subgroups that are larger, smaller or in another order give the same numbers: $name",
  (family) => {
    expectRight(family, 8, [[4], [16], [32], [64], [16, 1], [32, 3]]);
  },
);
