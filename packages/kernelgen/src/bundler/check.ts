import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { isFrom } from "./build.js";
import { configInputs } from "./config-inputs.js";
import { type KernelInput, kernelDirectory, sha256 } from "./kernel-input.js";
import { type Manifest, manifestName, manifestText, readManifest } from "./manifest.js";
import { cudaIncludeDirectory } from "./output-tree.js";
import { resultFile } from "./solved.js";
import { tool } from "./tool.js";

/** How the files of a directory differ from what a build would write; paths within the directory. */
export interface CheckReport {
  readonly out: string;
  readonly isUpToDate: boolean;
  /** Made from other inputs or by another version, or changed since. */
  readonly stale: readonly string[];
  readonly missing: readonly string[];
  /** Belong to no kernel of the configuration. */
  readonly extra: readonly string[];
}

/**
 * Compares a directory with what `buildKernels` would write there, without solving: by the hashes of the kernels' inputs and of the files.
 *
 * Throws what `buildKernels` throws for a configuration.
 */
export async function checkKernels({
  config,
  out,
}: {
  readonly config?: string | undefined;
  readonly out?: string | undefined;
} = {}): Promise<CheckReport> {
  const { inputs, defaultOut } = await configInputs(config, tool());
  const directory = out === undefined ? defaultOut : resolve(out);
  const manifest = await readManifest(directory);
  const present = new Set(await filesIn(directory));
  const expected = expectedFiles(inputs, manifest);
  if (manifest === undefined) {
    // Only a build can tell which of these belong to the kernels.
    const directories = [...inputs.map(kernelDirectory), cudaIncludeDirectory];
    for (const name of present) {
      if (directories.some((parent) => name.startsWith(`${parent}/`))) expected.set(name, undefined);
    }
  }
  const stale: string[] = [];
  const missing: string[] = [];
  for (const [name, hash] of expected) {
    if (!present.has(name)) missing.push(name);
    else if (hash === undefined || sha256(await readFile(join(directory, name))) !== hash) stale.push(name);
  }
  const extra = [...present].filter((name) => !expected.has(name));
  return {
    out: directory,
    isUpToDate: stale.length + missing.length + extra.length === 0,
    stale: stale.toSorted(),
    missing: missing.toSorted(),
    extra: extra.toSorted(),
  };
}

/** The files that should be there, with their hashes; without one if a build would write another, or if only a build can tell. */
function expectedFiles(
  inputs: readonly KernelInput[],
  manifest: Manifest | undefined,
): Map<string, string | undefined> {
  const expected = new Map<string, string | undefined>();
  const kernels = manifest?.kernels ?? [];
  const written = Object.entries(manifest?.files ?? {});
  const fresh = (input: KernelInput): boolean => kernels.some((kernel) => isFrom(kernel, input));
  for (const input of inputs) {
    const directory = kernelDirectory(input);
    expected.set(`${directory}/${resultFile(input.network === undefined ? "kernel" : "network")}`, undefined);
    for (const [name, hash] of written) {
      if (name.startsWith(`${directory}/`)) expected.set(name, fresh(input) ? hash : undefined);
    }
  }
  for (const name of new Set(inputs.map((input) => input.name))) {
    const ofKernel = inputs.filter((input) => input.name === name);
    const before = kernels.filter((kernel) => kernel.name === name);
    const isSame = before.length === ofKernel.length && ofKernel.every((input, i) => isFrom(before[i]!, input));
    expected.set(`${name}.ts`, isSame ? manifest?.files[`${name}.ts`] : undefined);
  }
  const shared = written.filter(([name]) => name.startsWith(`${cudaIncludeDirectory}/`));
  if (inputs.some(({ device }) => device.kind === "cuda")) for (const [name, hash] of shared) expected.set(name, hash);
  // The manifest's own bytes follow from what it says.
  const isCurrent = kernels.length === inputs.length && inputs.every((input, i) => isFrom(kernels[i]!, input));
  return expected.set(manifestName, manifest && isCurrent ? sha256(manifestText(manifest)) : undefined);
}

/** The files below a directory, none if there is no such directory. What begins with a dot is no file of a build. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
