import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { KernelgenError } from "../errors.js";

/** The names under which a build's configuration is looked for, in this order. */
export const configNames = [
  "kernels.config.ts",
  "kernels.config.mts",
  "kernels.config.js",
  "kernels.config.mjs",
] as const;

/** The configuration of a directory. Throws `KernelgenError` "invalid-config" naming what was looked for. */
export function findConfig(directory: string): string {
  const found = configNames.map((name) => resolve(directory, name)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new KernelgenError("invalid-config", `no ${configNames.join(", ")} in ${resolve(directory)}`);
  }
  return found;
}

/** What a file of definitions exports by default, and the files that decide it. */
export interface LoadedFile {
  readonly value: unknown;
  /** The file and the local modules that it imports; absolute paths. */
  readonly files: readonly string[];
}

/** Called with the files that decide the definitions as soon as they are known: where there are mistakes, those with the mistakes. */
export type OnFiles = (files: readonly string[]) => void;

/**
 * Runs a file of kernel definitions, TypeScript or JavaScript, and returns its default export. It is bundled with its local imports first, so
 * that node need not know TypeScript and a changed import is read anew; packages are left to node.
 *
 * Throws `KernelgenError` "invalid-config" with the place of a syntax error or the message of what the file threw.
 */
export async function loadDefinitionFile(path: string, onFiles?: OnFiles): Promise<LoadedFile> {
  if (!existsSync(path)) throw new KernelgenError("invalid-config", `cannot read ${path}: there is no such file`);
  const directory = dirname(path);
  const { code, files } = await bundle(path, directory, onFiles);
  onFiles?.(files);
  // Beside the file, so that packages are found as from it.
  const bundled = join(directory, `.${basename(path)}.${process.pid}-${loads++}.mjs`);
  try {
    await writeFile(bundled, code);
    const module = (await import(/* @vite-ignore */ pathToFileURL(bundled).href)) as { default?: unknown };
    return { value: module.default, files };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new KernelgenError("invalid-config", `${path}: ${message}`, { cause: error });
  } finally {
    await rm(bundled, { force: true });
  }
}

/** Tells the bundles of a process apart: node keeps a module that it has loaded. */
let loads = 0;

async function bundle(
  path: string,
  directory: string,
  onFiles: OnFiles | undefined,
): Promise<{ code: string; files: readonly string[] }> {
  // Not with the rest of the command, whose other parts would wait for it.
  const { build } = await import("esbuild");
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [path],
      absWorkingDir: directory,
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      target: `node${process.versions.node}`,
      format: "esm",
      packages: "external",
      logLevel: "silent",
      define: { "import.meta.url": JSON.stringify(pathToFileURL(path).href) },
    });
    return { code: outputFiles[0]!.text, files: Object.keys(metafile.inputs).map((file) => resolve(directory, file)) };
  } catch (error) {
    const { errors = [] } = error as Partial<BundleFailure>;
    onFiles?.([path, ...errors.flatMap(({ location }) => (location ? [resolve(directory, location.file)] : []))]);
    throw new KernelgenError("invalid-config", `${path}: ${syntaxErrors(errors, error)}`, { cause: error });
  }
}

/** What esbuild throws. */
interface BundleFailure {
  readonly errors: readonly { text: string; location: { file: string; line: number } | null }[];
}

/** What esbuild found wrong, each with its line. */
function syntaxErrors(errors: BundleFailure["errors"], error: unknown): string {
  if (errors.length === 0) return error instanceof Error ? error.message : String(error);
  return errors
    .map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text))
    .join("; ");
}
