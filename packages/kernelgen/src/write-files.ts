import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KernelgenError } from "./errors.js";
import type { GeneratedFile } from "./generate.js";

/**
 * Writes all files or none: each goes to a temporary name first, and gets its own, in the order given, only when all are written. Throws `KernelgenError`
 * "output" naming the directory and the cause.
 */
export async function writeFiles(directory: string, files: readonly GeneratedFile[]): Promise<void> {
  const temporary = ({ name }: GeneratedFile): string => join(directory, dirname(name), `.${basename(name)}.partial`);
  try {
    await fs.mkdir(directory, { recursive: true });
    for (const folder of new Set(files.map(({ name }) => dirname(name)))) {
      await fs.mkdir(join(directory, folder), { recursive: true });
    }
    for (const file of files) await requireReplaceable(join(directory, file.name));
    for (const file of files) await fs.writeFile(temporary(file), file.content);
    for (const file of files) await fs.rename(temporary(file), join(directory, file.name));
  } catch (error) {
    for (const file of files) await fs.rm(temporary(file), { force: true }).catch(() => undefined);
    const cause = error instanceof Error ? error.message : String(error);
    throw new KernelgenError("output", `cannot write to ${directory}: ${cause}`, { cause: error });
  }
}

/** Writes one file, or none, at a path. Throws `KernelgenError` "output" naming the directory and the cause. */
export const writeFile = (path: string, content: string): Promise<void> =>
  writeFiles(dirname(path), [{ name: basename(path), content }]);

/** A folder in a file's place would stop the renaming midway, when some files have their names already. */
async function requireReplaceable(path: string): Promise<void> {
  const found = await fs.stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new Error(`${path} is a directory`);
}
