import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../../../packages/kernelgen/bin/kernelgen.js", import.meta.url));

/** What the command did. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `kernelgen` command as a user does, its output piped. */
export const runKernelgen = (...parameters: readonly string[]): Promise<CommandOutcome> =>
  runKernelgenWith({}, ...parameters);

/** The same with further environment variables. */
export function runKernelgenWith(
  variables: Readonly<Record<string, string>>,
  ...parameters: readonly string[]
): Promise<CommandOutcome> {
  const { FORCE_COLOR: _, NO_COLOR: __, ...environment } = process.env;
  const env = { ...environment, ...variables };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [command, ...parameters], { env, timeout: 50_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ exitCode: error.code, stdout, stderr });
      else reject(error);
    });
  });
}
