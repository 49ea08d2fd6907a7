// Compiling CUDA sources for the tests: with g++ and the host prelude, and with nvcc.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const runFile = promisify(execFile);

/** The folder that holds prelude.cuh. */
export const preludeDirectory = fileURLToPath(new URL("../../../packages/kernelgen/assets/cuda", import.meta.url));

/** How everything that runs on the CPU is compiled, sanitizers apart. */
export const hostOptions = ["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fstack-clash-protection"];

/** What kernels are checked with as they run. */
export const kernelSanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/** How a program ended. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program; an exit code other than 0 is no error, a signal or more than `timeoutSeconds` is. */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  timeoutSeconds = 30,
): Promise<Outcome> {
  try {
    const { stdout, stderr } = await runFile(program, [...parameters], {
      // Leaks are not what these programs are run for, and looking for them needs ptrace, which some containers forbid.
      env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0", ...environment },
      timeout: 1000 * timeoutSeconds,
      maxBuffer: 2 ** 26,
    });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== "number") throw error;
    return { exitCode: code, stdout: stdout ?? "", stderr: stderr ?? "" };
  }
}

/** Whether the compiler starts: `g++`, `nvcc`. */
export async function hasCompiler(compiler: string): Promise<boolean> {
  try {
    return (await runProgram(compiler, ["--version"])).exitCode === 0;
  } catch {
    return false;
  }
}

/** Compiles with prelude.cuh in reach; throws with the compiler's messages. */
export async function compile(compiler: string, parameters: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram(compiler, [...parameters, `-I${preludeDirectory}`], {}, 120);
  if (exitCode !== 0) throw new Error(`${compiler} ${parameters.join(" ")} failed:\n${stderr}`);
}

/** Compiles the host's side of the prelude, for the address sanitizer; returns the object file. */
export async function compileHostPrelude(directory: string, ...options: readonly string[]): Promise<string> {
  const object = join(directory, `prelude_host${options.join("")}.o`);
  const source = join(preludeDirectory, "prelude_host.cpp");
  await compile("g++", [...hostOptions, "-fsanitize=address", ...options, "-c", source, "-o", object]);
  return object;
}

/** Compiles one .cu file as C++ for the CPU with the address and undefined behaviour sanitizers; `object` is the output. */
export async function compileForHost(source: string, object: string): Promise<void> {
  await compile("g++", [...hostOptions, ...kernelSanitizers, "-x", "c++", "-c", source, "-o", object]);
}

/** Links what compileForHost and compileHostPrelude made. */
export async function linkForHost(objects: readonly string[], program: string): Promise<void> {
  await compile("g++", ["-fsanitize=address,undefined", ...objects, "-o", program]);
}

/** Compiles one .cu file for GPUs of these architectures ("sm_80"), every warning an error; `object` is the output. */
export async function compileForDevice(
  source: string,
  object: string,
  architectures: readonly string[],
): Promise<void> {
  const targets = architectures.flatMap((name) => ["-gencode", `arch=${name.replace("sm", "compute")},code=${name}`]);
  const options = ["-std=c++17", "-Werror", "all-warnings", "-Xcompiler", "-O0", "--threads", "2"];
  await compile("nvcc", [...options, ...targets, "-c", source, "-o", object]);
}
