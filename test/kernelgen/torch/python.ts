import { runProgram } from "../cuda/prelude-build.js";

/** The Python to run, for example that of a virtual environment with PyTorch. */
export const python = process.env.KERNELGEN_PYTHON ?? "python3";

/** Whether that Python starts and has a module. */
export async function hasModule(module: string): Promise<boolean> {
  const program = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  try {
    return (await runProgram(python, ["-c", program])).exitCode === 0;
  } catch {
    return false;
  }
}
