// What the tests of the kernels on the CPU share: a plan's check program is right in both of its references and in several orders.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { caseFiles } from "../../../packages/kernelgen/src/cuda/check/case-files.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { elementCount, kernelTensors } from "../../../packages/kernelgen/src/plan/tensors.js";
import { type CheckProgram, outputErrors } from "./kernel-build.js";
import type { Outcome } from "./prelude-build.js";

/** Over these few steps rounding does not add up as it does over a thousand. */
const tolerances = {
  forward: { bf16: 6e-3, fp16: 1e-3, fp32: 1e-5 },
  backward: { bf16: 1e-2, fp16: 2e-3, fp32: 1e-5 },
} as const;
/** Orders in which blocks, warps and lanes run; undefined is the plain one. A barrier that is missing shows in some. */
export const schedules = [undefined, "1", "2", "3"] as const;

/** Writes a random case of a plan into a new folder. */
export async function writeCase(plan: Plan, seed: number, files: string): Promise<string> {
  await mkdir(files, { recursive: true });
  for (const { name, content } of caseFiles(plan.problem, seed)) await writeFile(join(files, name), content);
  return files;
}

/** The environment of a run in that order. */
export const inSchedule = (schedule: string | undefined): Record<string, string> =>
  schedule === undefined ? {} : { KERNELGEN_SCHEDULE_SEED: schedule };

/** Requires that the program ended well, and that it compared every value of every output and found it close. */
function expectRight({ problem }: Plan, steps: number, { exitCode, stdout, stderr }: Outcome, what: string): void {
  const errors = outputErrors(stdout);
  expect(
    errors.map(({ output, valueCount, verdict }) => ({ output, valueCount, verdict })),
    `${what}\n${stdout}${stderr}`,
  ).toEqual(
    kernelTensors(problem)
      .filter(({ role }) => role === "output")
      .map((tensor) => ({
        output: tensor.name,
        valueCount: tensor.dimensions.includes("T")
          ? (elementCount(tensor) / problem.steps) * steps
          : elementCount(tensor),
        verdict: "ok",
      })),
  );
  for (const { output, largestError } of errors) {
    expect(largestError, `${what}, ${output}`).toBeLessThanOrEqual(
      tolerances[problem.pass][problem.tf32 ? "fp16" : problem.dataType],
    );
  }
  expect(exitCode).toBe(0);
}

/** Runs a plan's kernel against both references, in several orders. */
export async function expectRightKernel(plan: Plan, program: CheckProgram): Promise<void> {
  const { steps } = plan.problem;
  const files = await writeCase(plan, 7, join(program.directory, "case"));
  for (const schedule of schedules) {
    const outcome = await program.run(["case", files], inSchedule(schedule));
    expectRight(plan, steps, outcome, `case, schedule ${schedule}`);
  }
  // The number of steps is a parameter of the kernel.
  const moreSteps = steps + 3;
  const outcome = await program.run(["random", `${moreSteps}`, "11"], inSchedule("4"));
  expectRight(plan, moreSteps, outcome, "random");
}
