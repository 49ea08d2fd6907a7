import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CudaDevice, findDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { headerFiles } from "../../../packages/kernelgen/src/cuda/header/header-files.js";
import { solveKernelSet } from "../../../packages/kernelgen/src/cuda/kernel-set.js";
import { decode, encode } from "../../../packages/kernelgen/src/plan/data-type.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { forwardTensors } from "../../../packages/kernelgen/src/plan/tensors.js";
import { referenceForward } from "../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";
import { errorOf, tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { compile, hasCompiler, runProgram } from "./prelude-build.js";

const device = (id: string): CudaDevice => findDevice(id) as CudaDevice;
const sizes = [
  { cell: "lstm", headDim: 12, heads: 2, batch: 3, dataType: "bf16" },
  { cell: "elman", headDim: 9, heads: 1, batch: 2, dataType: "fp32" },
].map(defineProblem);
const files = headerFiles(solveKernelSet(sizes, [device("h200")], false), "my_kernels");

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-header-"));
  for (const { name, content } of files) await writeFile(join(directory, name), content);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function requireCompiler(compiler: string, context: TestContext): Promise<void> {
  if (!(await hasCompiler(compiler))) context.skip(`${compiler} not found: the generated C++ header is not compiled`);
}

/** Compiles a program that includes the header, for the CPU, from the written files alone; returns the program. */
async function build(source: string): Promise<string> {
  const program = join(directory, "program");
  const options = ["-std=c++17", "-O0", "-Wall", "-Wextra", "-Werror", "-x", "c++"];
  await compile("g++", [...options, join(directory, source), join(directory, "prelude_host.cpp"), "-o", program]);
  return program;
}

/** Finds a kernel by its sizes, runs it on NAME.bin of each input and writes NAME.out of each output. */
const caseProgram = `#include "my_kernels.hpp"
#include <cstdio>
#include <fstream>
#include <iterator>
int main(int, char** arguments) {
  using namespace my_kernels;
  const std::string folder = std::string(arguments[1]) + "/";
  if (find("lstm", Use::inference, 12, 2, 4, DataType::bf16) != nullptr) return 2;
  const Kernel* kernel = find("lstm", Use::inference, 12, 2, 3, DataType::bf16);
  if (kernel == nullptr) return 3;
  const int steps = 5;
  std::vector<std::vector<char>> values;
  std::vector<void*> pointers;
  for (const Tensor& tensor : kernel->tensors) {
    std::ifstream file(folder + tensor.name + ".bin", std::ios::binary);
    values.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (tensor.isInput && values.back().size() != static_cast<std::size_t>(tensor.bytes(steps))) return 4;
    values.back().resize(static_cast<std::size_t>(tensor.bytes(steps)));
    pointers.push_back(values.back().data());
  }
  std::vector<char> scratch(static_cast<std::size_t>(kernel->scratchBytes));
  const std::string error = kernel->launch(nullptr, pointers.data(), scratch.data(), steps);
  if (!error.empty()) return std::fprintf(stderr, "%s\\n", error.c_str()), 5;
  for (std::size_t place = 0; place < values.size(); ++place) {
    if (kernel->tensors[place].isInput) continue;
    std::ofstream(folder + kernel->tensors[place].name + ".out", std::ios::binary)
        .write(values[place].data(), static_cast<std::streamsize>(values[place].size()));
  }
}
`;

describe("generated C++ header", () => {
  it("runs the kernel that it finds, and its outputs are the reference's", async (context) => {
    await requireCompiler("g++", context);
    await writeFile(join(directory, "case.cpp"), caseProgram);
    const { cell, headDim, heads, batch, dataType } = sizes[0]!;
    const problem = defineProblem({ cell: cell.name, headDim, heads, batch, dataType, steps: 5, stateOutput: "last" });
    const inputs = randomInputs(problem, 7);
    for (const { name, role, type } of forwardTensors(problem)) {
      if (role === "input") await writeFile(join(directory, `${name}.bin`), encode(type, inputs[name]!));
    }
    const { exitCode, stderr } = await runProgram(await build("case.cpp"), [directory]);
    expect(exitCode, stderr).toBe(0);
    const expected = referenceForward(problem, inputs);
    for (const { name, role, type } of forwardTensors(problem)) {
      if (role === "input") continue;
      const actual = decode(type, await readFile(join(directory, `${name}.out`)));
      expect(actual.length).toBe(expected[name]!.length);
      actual.forEach((value, index) => {
        expect(errorOf(value, expected[name]![index]!), `${name} ${index}`).toBeLessThanOrEqual(tolerances[dataType]);
      });
    }
  });

  it("comes with a program that runs every kernel", async (context) => {
    await requireCompiler("g++", context);
    const { exitCode, stdout } = await runProgram(await build("my_kernels_example.cu"), []);
    expect(exitCode).toBe(0);
    const line = (name: string): RegExp => new RegExp(`^${name}, plan [0-9a-f]{16}: mean of h squared 0\\.\\d+$`, "m");
    expect(stdout).toMatch(line("lstm_12x2_b3_bf16_inference_forward"));
    expect(stdout).toMatch(line("elman_9x1_b2_fp32_inference_forward"));
  });

  it("compiles for a GPU without a warning", { timeout: 120_000 }, async (context) => {
    await requireCompiler("nvcc", context);
    const source = join(directory, "my_kernels_example.cu");
    const architecture = /-gencode=\S+/.exec(await readFile(source, "utf8"))![0];
    const options = ["-std=c++17", "-Xcompiler", "-O0", "-Werror", "all-warnings", architecture, "-c"];
    const { exitCode, stderr } = await runProgram(
      "nvcc",
      [...options, source, "-o", join(directory, "gpu.o")],
      {},
      120,
    );
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  it("is the same again, and for one device", () => {
    const again = headerFiles(solveKernelSet(sizes, [device("h200")], false), "my_kernels");
    expect(again).toEqual(files);
    const two = solveKernelSet(sizes.slice(1), [device("h200"), device("a100")], false);
    expect(() => headerFiles(two, "my_kernels")).toThrowError(
      "a C++ header is for one device, 2 are listed: h200, a100",
    );
    expect(() => headerFiles(two, "my-kernels")).toThrowError(/^kernel name "my-kernels"/);
  });
});
