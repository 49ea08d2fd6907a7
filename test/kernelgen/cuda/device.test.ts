import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CudaDevice, findDevice, occupancy } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { checkSource } from "../../../packages/kernelgen/src/cuda/check/check-source.js";
import { supportFiles } from "../../../packages/kernelgen/src/cuda/support-files.js";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import type { KernelFamily } from "../../../packages/kernelgen/src/plan/family.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { defineProblem, type Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import type { Pins } from "../../../packages/kernelgen/src/plan/stated-tiling.js";
import { cudaFamilies, feasibleTilings, forwardCases } from "./forward-cases.js";
import { kernelText } from "./kernel-build.js";
import { hasCompiler, preludeDirectory, runProgram } from "./prelude-build.js";

let directory: string;
let hasNvcc: boolean;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-device-"));
  hasNvcc = await hasCompiler("nvcc");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function requireNvcc(context: TestContext): void {
  if (!hasNvcc) context.skip("nvcc not found: generated CUDA kernels are not compiled for a GPU");
}

/** What ptxas reports of a kernel. */
interface DeviceCode {
  readonly registers: number;
  readonly spillBytes: number;
  readonly stackBytes: number;
}

async function compileKernel(source: string, architecture: string): Promise<DeviceCode> {
  const options = ["-std=c++17", "-O3", `-arch=${architecture}`, "-cubin", "-Xptxas", "-v", `-I${preludeDirectory}`];
  const { exitCode, stderr } = await runProgram("nvcc", [...options, source, "-o", `${source}.cubin`], {}, 120);
  expect(exitCode, stderr).toBe(0);
  const number = (pattern: RegExp): number => {
    const found = [...stderr.matchAll(pattern)];
    expect(found, `${pattern}\n${stderr}`).toHaveLength(1);
    return Number(found[0]![1]);
  };
  return {
    registers: number(/Used (\d+) registers/g),
    spillBytes: number(/(\d+) bytes spill stores/g) + number(/(\d+) bytes spill loads/g),
    stackBytes: number(/(\d+) bytes stack frame/g),
  };
}

const small = { headDim: 64, heads: 12, batch: 16 };
const large = { headDim: 768, batch: 16 };

const kernels = [
  ["resident", { cell: "lstm", ...small, dataType: "bf16" }],
  ["resident", { cell: "lstm", ...small, dataType: "fp32" }],
  ["grid", { cell: "lstm", ...large, dataType: "bf16" }],
  ["grid", { cell: "lstm", ...large, dataType: "fp32" }],
  ["resident", { cell: "gru", ...small, dataType: "bf16" }],
  ["grid", { cell: "slstm", ...large, dataType: "fp32" }],
] as const;

const backward = { cell: "lstm", batch: 16, dataType: "bf16", pass: "backward" } as const;
const backwardKernels = [
  ["resident", { ...backward, headDim: 64, heads: 12 }],
  ["direct", { ...backward, headDim: 2048 }],
] as const;

/** The tiling that leaves a thread the fewest registers beyond those that the model expects it to need. */
function tightestPins(problem: Problem, device: CudaDevice, family: KernelFamily<CudaDevice>): Pins {
  const filled = ({ registersNeeded, registersLeft }: ReturnType<typeof feasibleTilings>[number]) =>
    registersNeeded / registersLeft;
  const tilings = feasibleTilings(problem, device, family);
  return tilings.reduce((tightest, tiling) => (filled(tiling) > filled(tightest) ? tiling : tightest)).pins;
}

describe("generated kernels compiled with nvcc", () => {
  /** Requires that nothing is spilled and that a block finds room. ptxas takes all registers that the launch bounds leave. */
  async function expectRoom(plan: Plan, device: CudaDevice): Promise<void> {
    const source = join(directory, `${plan.hash}.cu`);
    await writeFile(source, kernelText(plan));
    const { major, minor } = device.computeCapability;
    const { registers, spillBytes, stackBytes } = await compileKernel(source, `sm_${major}${minor}`);
    expect([spillBytes, stackBytes]).toEqual([0, 0]);
    const limit = plan.budgets.find(({ name }) => name === "registers per thread")!.allowed;
    expect(registers).toBeLessThanOrEqual(limit);
    const { threadsPerBlock, sharedBytesPerBlock } = plan.launch;
    const launch = { threadsPerBlock, registersPerThread: registers, dynamicSharedBytes: sharedBytesPerBlock };
    expect(occupancy(device, launch).blocksPerMultiprocessor).toBeGreaterThanOrEqual(1);
  }

  it.for(kernels)("the fastest %s %o for sm_80: nothing is spilled", { timeout: 120_000 }, async (row, context) => {
    requireNvcc(context);
    const [family, sizes] = row;
    const device = findDevice("a100") as CudaDevice;
    const { plan } = solveFamily(defineProblem(sizes), device, cudaFamilies[family]);
    await expectRoom(plan!, device);
  });

  it.for(kernels)("the tightest %s %o for sm_90: nothing is spilled", { timeout: 120_000 }, async (row, context) => {
    requireNvcc(context);
    const [family, sizes] = row;
    const device = findDevice("h200") as CudaDevice;
    const problem = defineProblem(sizes);
    const pins = tightestPins(problem, device, cudaFamilies[family]);
    await expectRoom(solveFamily(problem, device, cudaFamilies[family], pins).plan!, device);
  });

  it.for(backwardKernels)("the fastest %s %o: nothing is spilled", { timeout: 120_000 }, async (row, context) => {
    requireNvcc(context);
    const [family, sizes] = row;
    const device = findDevice("h200") as CudaDevice;
    await expectRoom(solveFamily(defineProblem(sizes), device, cudaFamilies[family]).plan!, device);
  });

  /** Of compute capability 7.5, which has neither asynchronous copies nor packed conversions, nor a maximum that keeps NaN. */
  const turing = [
    { cell: "slstm", headDim: 8, dataType: "fp32", pass: "backward", family: "stepwise" },
    { cell: "mingru", headDim: 64, dataType: "fp16", pass: "forward", family: "scan" },
  ] as const;
  it.for(turing)("$family $cell $dataType $pass for sm_75", { timeout: 120_000 }, async (kernel, context) => {
    requireNvcc(context);
    const device = findDevice("t4") as CudaDevice;
    const problem = defineProblem(kernel);
    const family = familiesFor(device, problem).find(({ name }) => name === kernel.family)!;
    const { plan } = solveFamily(problem, device, family);
    const source = join(directory, `${plan!.hash}.cu`);
    await writeFile(source, family.emit(plan!)[0]!.text);
    const options = ["-std=c++17", "-Xptxas", "-O0", "-arch=sm_75", "-cubin", "-Werror", "all-warnings"];
    const output = ["-o", `${source}.cubin`];
    const { exitCode, stderr } = await runProgram(
      "nvcc",
      [...options, `-I${preludeDirectory}`, source, ...output],
      {},
      120,
    );
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  it("with their check program, from the files of one directory alone", { timeout: 120_000 }, async (context) => {
    requireNvcc(context);
    const plan = forwardCases["grid bf16, 48x5"];
    const check = checkSource(plan);
    const files = [{ name: "lstm_forward.cu", content: kernelText(plan) }, ...supportFiles()];
    for (const { name, content } of files) await writeFile(join(directory, name), content);
    await writeFile(join(directory, check.name), check.text);
    const options = ["-std=c++17", "-Xcompiler", "-O0", "-arch=sm_80", "-Werror", "all-warnings"];
    const program = join(directory, "check");
    const { exitCode, stderr } = await runProgram(
      "nvcc",
      [...options, join(directory, check.name), "-o", program],
      {},
      120,
    );
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });
});
