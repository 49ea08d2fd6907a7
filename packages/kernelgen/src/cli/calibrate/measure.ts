import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { scriptName } from "../../calibrate/measuring-files.js";
import { KernelgenError } from "../../errors.js";
import { ProgressBar } from "../progress-bar.js";

/**
 * Runs the script in a directory of prepared kernels, with a progress bar. Throws `KernelgenError` "no-device" without nvcc or a GPU, and
 * "wrong-result" if not one kernel was measured.
 */
export async function runMeasurements(directory: string): Promise<void> {
  for (const program of ["nvidia-smi", "nvcc"]) {
    await promisify(execFile)(program, program === "nvcc" ? ["--version"] : ["-L"]).catch((error: Error) => {
      throw new KernelgenError(
        "no-device",
        `${program} does not run here (${error.message.split("\n")[0]}); --prepare writes the kernels to measure elsewhere`,
        { cause: error },
      );
    });
  }
  const bar = new ProgressBar();
  const child = spawn("bash", [scriptName], { cwd: directory, stdio: ["ignore", "pipe", "inherit"] });
  const failures: string[] = [];
  let measured = 0;
  bar.show(0, 1, "building");
  for await (const line of createInterface({ input: child.stdout })) {
    const [, done, total, text] = /^(\d+)\/(\d+) (.*)$/.exec(line) ?? [];
    if (done === undefined) failures.push(line);
    else {
      bar.show(Number(done), Number(total), text!);
      if (/: [\d.]+ us a step$/.test(line)) measured += 1;
      else failures.push(text!);
    }
  }
  bar.clear();
  for (const failure of failures) console.error(`kernelgen: ${failure}`);
  if (measured === 0) throw new KernelgenError("wrong-result", "no kernel was measured");
}
