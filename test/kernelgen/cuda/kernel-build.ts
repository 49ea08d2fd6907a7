import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, type TestContext } from "vitest";
import { checkSource } from "../../../packages/kernelgen/src/cuda/check/check-source.js";
import { families } from "../../../packages/kernelgen/src/families.js";
import { kernelName } from "../../../packages/kernelgen/src/plan/kernel-name.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import {
  compile,
  compileHostPrelude,
  hasCompiler,
  hostOptions,
  kernelSanitizers,
  linkForHost,
  type Outcome,
  preludeDirectory,
  runProgram,
} from "./prelude-build.js";

/** What every check program has in common, compiled once. */
export interface CommonBuild {
  /** The header that includes what every kernel and its check include, with its compiled form beside it. */
  readonly header: string;
  /** What every check program is linked with. */
  readonly objects: readonly string[];
}

/** Where a program that is linked with check.cpp says so. */
const linkedCheck = "-DKERNELGEN_LINK_CHECK";

/** How kernels are compiled. Lines are enough for the sanitizers' reports; full debugging data takes a third of the time. */
const kernelOptions = [...hostOptions, "-g1", ...kernelSanitizers, linkedCheck];

/** Compiles the prelude's host side, the check program's common part, and the headers, which are a third of a kernel's time. */
async function compileCommon(directory: string): Promise<CommonBuild> {
  const check = join(directory, "check.o");
  const source = join(preludeDirectory, "check.cpp");
  const header = join(directory, "common.hpp");
  await writeFile(
    header,
    ["<algorithm>", "<cmath>", '"prelude.cuh"', '"check.hpp"'].map((name) => `#include ${name}\n`).join(""),
  );
  const [prelude] = await Promise.all([
    compileHostPrelude(directory),
    compile("g++", [...kernelOptions, "-x", "c++-header", header, "-o", `${header}.gch`]),
    // Without the undefined behaviour sanitizer, with which these templates take three times as long.
    compile("g++", [...hostOptions, "-fsanitize=address", linkedCheck, "-c", source, "-o", check]),
  ]);
  return { header, objects: [prelude, check] };
}

/** Where the tests of a file build kernels for the CPU: made before them, and gone after them. */
export interface HostBuilds {
  newDirectory(): string;
  /** What check programs have in common; skips the test, with the reason, where there is no g++. */
  commonBuild(context: TestContext): CommonBuild;
}

/** Registers the hooks of a test file that builds kernels for the CPU. */
export function hostBuilds(name: string): HostBuilds {
  let directory: string;
  let common: CommonBuild | undefined;
  let directoryCount = 0;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), `kernelgen-${name}-`));
    if (await hasCompiler("g++")) common = await compileCommon(directory);
  }, 180_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return {
    newDirectory: () => join(directory, `${directoryCount++}`),
    commonBuild: (context) => common ?? context.skip("g++ not found: generated CUDA kernels cannot be run on the CPU"),
  };
}

/** The text of a plan's kernel. */
export function kernelText(plan: Plan): string {
  const family = families.find(({ name, target }) => name === plan.family && target === plan.target)!;
  return family.emit(plan)[0]!.text;
}

/** A check program on the CPU, and the directory that it was built in. */
export interface CheckProgram {
  readonly directory: string;
  run(parameters: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Outcome>;
}

/** Builds the check program of a plan with the address and undefined behaviour sanitizers, its kernel edited by `edit`. */
export async function buildCheck(
  plan: Plan,
  directory: string,
  { header, objects }: CommonBuild,
  edit: (kernel: string) => string = (kernel) => kernel,
): Promise<CheckProgram> {
  await mkdir(directory, { recursive: true });
  const check = checkSource(plan);
  await writeFile(join(directory, `${kernelName(plan.problem)}.cu`), edit(kernelText(plan)));
  await writeFile(join(directory, check.name), check.text);
  const program = join(directory, "check");
  const source = ["-include", header, "-x", "c++", "-c", join(directory, check.name), "-o", `${program}.o`];
  await compile("g++", [...kernelOptions, ...source]);
  await linkForHost([`${program}.o`, ...objects], program);
  return { directory, run: (parameters, environment) => runProgram(program, parameters, environment, 60) };
}

/** What the check program says of one output. */
export interface OutputError {
  readonly output: string;
  /** The largest error of a forward pass's values, the error by norm of a backward pass's. */
  readonly largestError: number;
  readonly valueCount: number;
  readonly verdict: string;
}

/** The lines that the check program prints, one for each output. */
export function outputErrors(stdout: string): readonly OutputError[] {
  const line =
    /^\w+_(?:forward|backward) (\w+): (?:largest|relative) error (\S+) over (\d+) values, allowed \S+: (\w+)$/gm;
  return [...stdout.matchAll(line)].map(([, output, error, count, verdict]) => ({
    output: output!,
    largestError: error === "inf" ? Infinity : Number(error),
    valueCount: Number(count),
    verdict: verdict!,
  }));
}
