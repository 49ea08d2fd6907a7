import fc from "fast-check";
import { type CudaDevice, cudaDevices } from "hwmodels";
import { describe, expect, it } from "vitest";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { propertySeed } from "../../support/property-seed.js";
import { randomProblem } from "../plan/random-problem.js";
import { backwardCases } from "./backward-cases.js";
import { expectRightKernel } from "./expect-right.js";
import { cudaFamilies, feasibleTilings } from "./forward-cases.js";
import { buildCheck, hostBuilds } from "./kernel-build.js";

const { newDirectory, commonBuild } = hostBuilds("backward");

describe("generated backward kernels on the CPU", () => {
  it.for(Object.entries(backwardCases))("%s", { timeout: 120_000 }, async ([, plan], context) => {
    await expectRightKernel(plan, await buildCheck(plan, newDirectory(), commonBuild(context)));
  });

  it("of random problems and random feasible tilings", { timeout: 300_000 }, async (context) => {
    const common = commonBuild(context);
    const devices: readonly CudaDevice[] = cudaDevices.filter(({ supports }) => supports.bf16MatrixMultiply);
    await fc.assert(
      fc.asyncProperty(
        randomProblem({ headDim: 40, heads: 3, batch: 9 }),
        fc.constantFrom("last", "sequence"),
        fc.constantFrom(...devices),
        fc.constantFrom(...Object.values(cudaFamilies)),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        async ({ cell, headDim, heads, batch, dataType }, stateOutput, device, family, choice, steps) => {
          const sizes = { headDim, heads, batch, steps };
          const problem = defineProblem({ cell: cell.name, ...sizes, dataType, stateOutput, pass: "backward" });
          fc.pre(family.refuse(problem, device) === undefined);
          const tilings = feasibleTilings(problem, device, family);
          fc.pre(tilings.length > 0);
          const { plan } = solveFamily(problem, device, family, tilings[choice % tilings.length]!.pins);
          await expectRightKernel(plan!, await buildCheck(plan!, newDirectory(), common));
        },
      ),
      // A smaller counterexample would cost a build for each try.
      { seed: propertySeed, numRuns: 2, endOnFailure: true },
    );
  });

  it("together are of every cell in a family and type", () => {
    const plans: readonly Plan[] = Object.values(backwardCases);
    const seen = new Set(plans.flatMap(({ problem, family }) => [problem.cell.name, family, problem.dataType]));
    expect([...seen].sort()).toEqual(
      [
        "bf16",
        "cifg",
        "cluster",
        "direct",
        "elman",
        "fp16",
        "fp32",
        "grid",
        "gru",
        "lstm",
        "resident",
        "slstm",
        "stepwise",
      ].sort(),
    );
  });
});
