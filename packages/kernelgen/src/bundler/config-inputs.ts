import { dirname, join, resolve } from "node:path";
import { deviceFile } from "../device-named.js";
import { checkDefinitions } from "./check-definitions.js";
import type { KernelDefinition } from "./definition.js";
import { findConfig, loadDefinitionFile, type OnFiles } from "./definition-file.js";
import { type KernelInput, kernelInputs } from "./kernel-input.js";
import type { Tool } from "./tool.js";

/** What a configuration asks for. */
export interface ConfigInputs {
  /** A kernel for each of its devices, in the order of the configuration. */
  readonly inputs: readonly KernelInput[];
  /** The files that decide it; absolute paths. */
  readonly dependencies: readonly string[];
  /** Where a build writes to unless it is told. */
  readonly defaultOut: string;
}

/** Reads a configuration, or the one of the working directory. Throws `KernelgenError` for what is wrong in it. */
export async function configInputs(
  config: string | undefined,
  tool: Tool,
  onDependencies?: OnFiles,
): Promise<ConfigInputs> {
  const path = config === undefined ? findConfig(".") : resolve(config);
  const directory = dirname(path);
  const { value, files } = await loadDefinitionFile(path, onDependencies);
  const definitions = checkDefinitions(value, path);
  const descriptions = definitions.flatMap((definition) => deviceFiles(definition, directory));
  const dependencies = [...new Set([...files, ...descriptions])];
  onDependencies?.(dependencies);
  return {
    inputs: definitions.flatMap((definition) => kernelInputs(definition, directory, tool)),
    dependencies,
    defaultOut: join(directory, "generated"),
  };
}

/** The descriptions of devices that a definition in this directory names by their files; absolute paths. */
export function deviceFiles({ devices = [] }: KernelDefinition, directory: string): readonly string[] {
  return devices.flatMap((device) => deviceFile(device, directory) ?? []);
}
