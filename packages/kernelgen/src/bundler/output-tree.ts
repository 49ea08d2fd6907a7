import { preludeFiles } from "../cuda/support-files.js";
import type { GeneratedFile } from "../generate.js";
import { kernelDirectory, sha256 } from "./kernel-input.js";
import { type Manifest, type ManifestKernel, manifestName, manifestText } from "./manifest.js";
import { planHashOf, resultFile, type Solved, targetOf } from "./solved.js";
import type { Tool } from "./tool.js";
import { typeScriptModule } from "./typescript-module.js";

/** Where the headers lie that the CUDA kernels include. Kernels have names without hyphens. */
export const cudaIncludeDirectory = "cuda-include";

/**
 * All files of a build, the manifest last, paths relative to the build's directory:
 *
 *     KERNEL.ts                        the module of a kernel: tensors, plans and WGSL of all its devices
 *     KERNEL/DEVICE/plan.json          its plan for a device; of a network program.json
 *     KERNEL/DEVICE/KERNEL_forward.*   its source, WGSL or CUDA
 *     cuda-include/                    what the CUDA kernels include
 *     manifest.json
 */
export function outputTree(solved: readonly Solved[], tool: Tool): readonly GeneratedFile[] {
  const kernels: ManifestKernel[] = [];
  const files: GeneratedFile[] = [];
  for (const one of solved) {
    const { input, result, sources } = one;
    const directory = kernelDirectory(input);
    const sourceFiles = sources.map(({ name, text }) => ({ name: `${directory}/${name}`, content: text }));
    const json = `${JSON.stringify(result, undefined, 2)}\n`;
    files.push({ name: `${directory}/${resultFile(one.kind)}`, content: json }, ...sourceFiles);
    kernels.push({
      name: input.name,
      device: input.device.id,
      inputs: input.hash,
      plan: planHashOf(one),
      sources: sourceFiles.map(({ name }) => name),
    });
  }
  for (const name of new Set(solved.map(({ input }) => input.name))) {
    const ofKernel = solved.filter(({ input }) => input.name === name);
    files.push({ name: `${name}.ts`, content: typeScriptModule(ofKernel) });
  }
  if (solved.some((one) => targetOf(one) === "cuda")) {
    files.push(...preludeFiles().map(({ name, content }) => ({ name: `${cudaIncludeDirectory}/${name}`, content })));
  }
  const hashes = files.map(({ name, content }): [string, string] => [name, sha256(content)]);
  const manifest: Manifest = { tool, kernels, files: Object.fromEntries(hashes.toSorted(byName)) };
  return [...files, { name: manifestName, content: manifestText(manifest) }];
}

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);
