import { readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { GeneratedFile } from "../generate.js";
import { writeFiles } from "../write-files.js";
import { configInputs } from "./config-inputs.js";
import { type KernelInput, kernelDirectory, sha256 } from "./kernel-input.js";
import { type Manifest, type ManifestKernel, readManifest } from "./manifest.js";
import { outputTree } from "./output-tree.js";
import { planHashOf, resultFile, type Solved, solve } from "./solved.js";
import { tool } from "./tool.js";

/** What a build reads and writes, and whom it tells. */
export interface BuildOptions {
  /** The file of definitions; left out, the one of `configNames` in the working directory. */
  readonly config?: string | undefined;
  /** The directory to write to; left out, `generated` beside the configuration. */
  readonly out?: string | undefined;
  /** Called before each kernel and device, and once when all are done. */
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
  /**
   * Called with the files that decide what is built (`BuildReport.dependencies`) as soon as they are known, also where the build then fails:
   * a file with a mistake is among them. The last call counts.
   */
  readonly onDependencies?: ((files: readonly string[]) => void) | undefined;
}

/** How far a build is. */
export interface BuildProgress {
  readonly done: number;
  readonly total: number;
  /** What comes next; undefined at the end. */
  readonly next: KernelInput | undefined;
}

/** What a build did. */
export interface BuildReport {
  readonly out: string;
  readonly kernels: readonly BuiltKernelReport[];
  /** Files that were written, since they were missing or had other bytes. */
  readonly written: readonly string[];
  /** Files of an earlier build that no kernel has any more. */
  readonly removed: readonly string[];
  readonly unchanged: number;
  /** The files that decide what is built: the configuration, its local imports, descriptions of devices. */
  readonly dependencies: readonly string[];
}

/** What was built of a kernel or a network for one device. */
export interface BuiltKernelReport {
  readonly name: string;
  readonly device: string;
  readonly family: string;
  /** The plan's hash, which the source carries. */
  readonly plan: string;
  /** Of a kernel. A network's time depends on its inputs too. */
  readonly predictedMicrosecondsPerStep?: number;
  /** False if an earlier build had solved the same. */
  readonly isSolvedAnew: boolean;
}

/**
 * Writes the kernels of a configuration: WGSL and CUDA source, TypeScript modules, plans and a manifest (`outputTree`). A kernel whose inputs
 * are those of the manifest is not solved again. Files are replaced one by one, the manifest last, and none is ever half-written.
 *
 * Throws `KernelgenError` "invalid-config" for what is wrong in the configuration, "no-configuration" for a kernel that a device cannot hold,
 * "output" for a directory that cannot be written; then nothing has been written.
 */
export async function buildKernels({
  config,
  out,
  onProgress,
  onDependencies,
}: BuildOptions = {}): Promise<BuildReport> {
  const current = tool();
  const { inputs, dependencies, defaultOut } = await configInputs(config, current, onDependencies);
  const directory = out === undefined ? defaultOut : resolve(out);
  const manifest = await readManifest(directory);
  const kernels: { readonly solved: Solved; readonly isSolvedAnew: boolean }[] = [];
  for (const input of inputs) {
    onProgress?.({ done: kernels.length, total: inputs.length, next: input });
    const reused = manifest && (await reuse(input, manifest, directory));
    kernels.push({ solved: reused ?? solve(input), isSolvedAnew: reused === undefined });
  }
  onProgress?.({ done: inputs.length, total: inputs.length, next: undefined });
  const files = outputTree(
    kernels.map(({ solved }) => solved),
    current,
  );
  const changed = await changedFiles(directory, files);
  const removed = Object.keys(manifest?.files ?? {}).filter(
    (name) => isInside(directory, name) && !files.some((file) => file.name === name),
  );
  await writeFiles(directory, changed);
  for (const name of removed) await removeFile(directory, name);
  return {
    out: directory,
    kernels: kernels.map(({ solved, isSolvedAnew }) => reportOf(solved, isSolvedAnew)),
    written: changed.map(({ name }) => name),
    removed,
    unchanged: files.length - changed.length,
    dependencies,
  };
}

const reportOf = (solved: Solved, isSolvedAnew: boolean): BuiltKernelReport => ({
  name: solved.input.name,
  device: solved.input.device.id,
  plan: planHashOf(solved),
  ...(solved.kind === "kernel"
    ? { family: solved.result.family, predictedMicrosecondsPerStep: solved.result.predictedMicrosecondsPerStep }
    : { family: solved.result.forward.family }),
  isSolvedAnew,
});

/** What an earlier build solved from the same inputs; undefined if there is none, or if a file of it is not what was written. */
async function reuse(input: KernelInput, manifest: Manifest, directory: string): Promise<Solved | undefined> {
  const entry = manifest.kernels.find((kernel) => isFrom(kernel, input));
  if (entry === undefined) return undefined;
  const kind = input.network === undefined ? "kernel" : "network";
  const [result, ...sources] = await Promise.all(
    [`${kernelDirectory(input)}/${resultFile(kind)}`, ...entry.sources].map(async (name) => {
      const content = await readFile(join(directory, name), "utf8").catch(() => undefined);
      return content !== undefined && sha256(content) === manifest.files[name] ? { name, content } : undefined;
    }),
  );
  if (result === undefined || sources.some((source) => source === undefined)) return undefined;
  return {
    kind,
    input,
    result: JSON.parse(result.content),
    sources: sources.map((source) => ({ name: source!.name.split("/").at(-1)!, text: source!.content })),
  } as Solved;
}

/** Whether a kernel of a manifest was made from these inputs. */
export const isFrom = (kernel: ManifestKernel, input: KernelInput): boolean =>
  kernel.name === input.name && kernel.device === input.device.id && kernel.inputs === input.hash;

async function changedFiles(directory: string, files: readonly GeneratedFile[]): Promise<readonly GeneratedFile[]> {
  const changed: GeneratedFile[] = [];
  for (const file of files) {
    const present = await readFile(join(directory, file.name)).catch(() => undefined);
    if (present === undefined || !present.equals(Buffer.from(file.content))) changed.push(file);
  }
  return changed;
}

/** Whether a path of a manifest, which anybody may have edited, stays within the build's directory. */
function isInside(directory: string, name: string): boolean {
  const path = relative(directory, resolve(directory, name));
  return path !== "" && path !== ".." && !path.startsWith(`..${sep}`);
}

/** Removes a file, and the directories that it leaves empty. */
async function removeFile(directory: string, name: string): Promise<void> {
  await rm(join(directory, name), { force: true });
  for (let parent = dirname(name); parent !== "."; parent = dirname(parent)) {
    const removed = await rmdir(join(directory, parent)).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
