import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KernelgenError } from "../errors.js";
import type { GeneratedFile } from "../generate.js";

/**
 * Writes all files or none: each goes to a temporary name first, and gets its own only when all are written. Throws `KernelgenError`
 * "output" naming the directory and the cause.
 */
export async function writeFiles(directory: string, files: readonly GeneratedFile[]): Promise<void> {
  const temporary = (file: GeneratedFile): string => join(directory, `.${file.name}.partial`);
  try {
    await mkdir(directory, { recursive: true });
    for (const file of files) await requireReplaceable(join(directory, file.name));
    for (const file of files) await writeFile(temporary(file), file.content);
    for (const file of files) await rename(temporary(file), join(directory, file.name));
  } catch (error) {
    for (const file of files) await rm(temporary(file), { force: true }).catch(() => undefined);
    const cause = error instanceof Error ? error.message : String(error);
    throw new KernelgenError("output", `cannot write to ${directory}: ${cause}`, { cause: error });
  }
}

/** A folder in a file's place would stop the renaming midway, when some files have their names already. */
async function requireReplaceable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new Error(`${path} is a directory`);
}
