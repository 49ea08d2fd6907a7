import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "./tool.js";

export const manifestName = "manifest.json";

/** What a build wrote, and from what. */
export interface Manifest {
  readonly tool: Tool;
  readonly kernels: readonly ManifestKernel[];
  /** SHA-256 of every file of the build but this one, by its path within the build's directory. */
  readonly files: Readonly<Record<string, string>>;
}

/** A kernel for one device. */
export interface ManifestKernel {
  readonly name: string;
  readonly device: string;
  /** SHA-256 of what the kernel was made from (`KernelInput.hash`). */
  readonly inputs: string;
  /** The plan's hash, which the source carries. */
  readonly plan: string;
  /** The paths of its source files. */
  readonly sources: readonly string[];
}

export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, undefined, 2)}\n`;

/** The manifest of a directory; undefined if there is none that this version can read. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(directory, manifestName), "utf8")) as Partial<Manifest>;
    return manifest.tool && manifest.kernels && manifest.files ? (manifest as Manifest) : undefined;
  } catch {
    return undefined;
  }
}
