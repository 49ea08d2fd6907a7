import { runProgram } from "../cuda/prelude-build.js";

/** The Python to run, for example that of a virtual environment with PyTorch. */
export const python = process.env.KERNELGEN_PYTHON ?? "python3";

/** Whether that Python starts and can import a module. */
export async function canImport(module: string): Promise<boolean> {
  try {
    return (await runProgram(python, ["-c", `import ${module}`])).exitCode === 0;
  } catch {
    return false;
  }
}
