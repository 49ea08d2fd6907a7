import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { backwardCases } from "./backward-cases.js";
import { expectRightKernel } from "./expect-right.js";
import { buildCheck, type CommonObjects, compileCommon } from "./kernel-build.js";
import { hasCompiler } from "./prelude-build.js";

let directory: string;
let common: CommonObjects | undefined;
let directoryCount = 0;
const newDirectory = (): string => join(directory, `${directoryCount++}`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-backward-"));
  if (await hasCompiler("g++")) common = await compileCommon(directory);
}, 180_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

function commonObjects(context: TestContext): CommonObjects {
  return common ?? context.skip("g++ not found: generated CUDA kernels cannot be run on the CPU");
}

describe("generated backward kernels on the CPU", () => {
  it.for(Object.entries(backwardCases))("%s", { timeout: 120_000 }, async ([, plan], context) => {
    await expectRightKernel(plan, await buildCheck(plan, newDirectory(), commonObjects(context)));
  });

  it("together are of every cell in a family and type", () => {
    const plans: readonly Plan[] = Object.values(backwardCases);
    const seen = new Set(plans.flatMap(({ problem, family }) => [problem.cell.name, family, problem.dataType]));
    expect([...seen].sort()).toEqual(
      ["bf16", "cifg", "cluster", "direct", "elman", "fp16", "fp32", "grid", "gru", "lstm", "resident", "slstm"].sort(),
    );
  });
});
