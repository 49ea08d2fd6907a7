import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CudaDevice, findDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { solveKernelSet } from "../../../packages/kernelgen/src/cuda/kernel-set.js";
import { torchPackageFiles } from "../../../packages/kernelgen/src/cuda/torch/package-files.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { compile, hasCompiler, preludeDirectory, runProgram } from "../cuda/prelude-build.js";
import { selective } from "../own-cells.js";
import { hasModule, python } from "./python.js";

const h200 = findDevice("h200") as CudaDevice;
const problems = [
  { cell: "lstm", headDim: 16, heads: 2, batch: 2, dataType: "bf16", lengths: true },
  { cell: "lstm", headDim: 16, heads: 2, batch: 3, dataType: "bf16", lengths: true },
  {
    cell: "gru",
    headDim: 10,
    heads: 3,
    batch: 2,
    dataType: "fp32",
    forwardClip: 0.6,
    recurrentGradientClip: 0.3,
    pass: "backward",
  },
  { cell: "mingru", headDim: 12, heads: 1, batch: 2, dataType: "fp32" },
  { cell: selective, headDim: 12, heads: 1, batch: 2, dataType: "bf16" },
].map(defineProblem);
const name = "recurrent_kernels";
const files = torchPackageFiles(solveKernelSet(problems, [h200], true), name);

/** These tensors are too small to share among threads, which on few cores wait for each other. */
const oneThread = { OMP_NUM_THREADS: "1" };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-torch-"));
  for (const file of files) {
    await mkdir(dirname(join(directory, file.name)), { recursive: true });
    await writeFile(join(directory, file.name), file.content);
  }
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A library with the package's kernels for the CPU, and the functions that call them, whose operators are in a namespace of its name. */
async function hostLibrary(): Promise<string> {
  const stem = "kernels_on_the_host";
  const folder = join(directory, name, "cuda", "h200");
  // As one file, which reads the prelude once.
  const sources = (await readdir(folder)).filter((file) => file.endsWith(".cu"));
  const all = join(folder, "all.cpp");
  await writeFile(all, sources.map((file) => `#include "${file}"\n`).join(""));
  const [kernels, calls, library] = ["kernels.o", "calls.o", `${stem}.so`].map((file) => join(directory, file)) as [
    string,
    string,
    string,
  ];
  const torch = await torchCompiler();
  await Promise.all([
    compile("g++", [
      "-std=c++17",
      "-O0",
      "-fPIC",
      "-fvisibility=hidden",
      "-I",
      preludeDirectory,
      "-c",
      all,
      "-o",
      kernels,
    ]),
    compile("g++", [
      ...torch.compile,
      `-DTORCH_EXTENSION_NAME=${stem}`,
      "-O0",
      "-fPIC",
      "-c",
      join(directory, name, "native_calls.cpp"),
      "-o",
      calls,
    ]),
  ]);
  const prelude = ["-std=c++17", "-fPIC", "-I", preludeDirectory, join(preludeDirectory, "prelude_host.cpp")];
  await compile("g++", [...prelude, kernels, calls, ...torch.link, "-shared", "-o", library]);
  return library;
}

/** What g++ needs to compile for PyTorch, and to link with it. */
async function torchCompiler(): Promise<{ compile: string[]; link: string[] }> {
  const program =
    "import json, torch.utils.cpp_extension as c; print(json.dumps([c.include_paths(), c.library_paths()]))";
  const [includes, libraries] = JSON.parse((await runProgram(python, ["-c", program])).stdout) as [string[], string[]];
  return {
    compile: ["-std=c++20", ...includes.map((path) => `-I${path}`)],
    link: [...libraries.map((path) => `-L${path}`), "-ltorch", "-ltorch_cpu", "-lc10"],
  };
}

describe("generated PyTorch package", () => {
  /** What the Python program said of each of its checks. */
  let errors: ReadonlyMap<string, string | null> | undefined;
  let missing = "";
  beforeAll(async () => {
    if (!(await hasModule("torch"))) missing = `PyTorch not found (${python}): the generated package is not run`;
    else if (!(await hasCompiler("g++"))) missing = "g++ not found: the generated package is not run";
    if (missing !== "") return;
    const program = fileURLToPath(new URL("checks.py", import.meta.url));
    const { exitCode, stdout, stderr } = await runProgram(
      python,
      [program, directory, await hostLibrary()],
      oneThread,
      900,
    );
    expect(exitCode, stderr).toBe(0);
    errors = new Map(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
        .map(({ check, error }) => [check, error]),
    );
  }, 1_200_000);

  it.for([
    "layers_equal_those_of_torch_from_the_same_state_dict",
    "packed_sequences_equal_those_of_torch",
    "heads_are_layers_beside_each_other",
    "layers_have_parameters_for_gates_of_few_terms",
    "gradients_equal_finite_differences",
    "clipping_and_cutting_are_those_of_autograd",
    "operators_pass_opcheck",
    "what_is_beside_a_layer_is_that_of_torch",
    "second_derivatives_are_refused",
    "compile_export_and_autocast_work",
    "wrong_arguments_are_named",
    "compiled_kernels_equal_the_loop_for_any_batch",
    "native_calls_equal_the_loop",
    "native_calls_are_differentiated_as_operators_are",
    "weight_gradients_are_products_over_all_steps",
    "views_are_served",
    "unlisted_sizes_go_through_stepwise_kernels",
    "a_refused_launch_is_an_error",
    "a_device_is_chosen_by_what_it_can_hold",
    "sources_are_compiled_once_in_units_for_all_cores",
    "scans_are_the_equations_of_the_paper",
    "scan_gradients_equal_finite_differences",
    "scan_layers_equal_log_space_layers_from_the_same_state_dict",
    "scan_operators_pass_opcheck",
    "scan_layers_compile_export_and_autocast",
    "wrong_arguments_of_scans_are_named",
    "compiled_scans_equal_operations_for_any_batch",
  ])("%s", (check, context: TestContext) => {
    if (errors === undefined) context.skip(missing);
    expect(errors!.has(check)).toBe(true);
    expect(errors!.get(check)).toBeNull();
  });
});
