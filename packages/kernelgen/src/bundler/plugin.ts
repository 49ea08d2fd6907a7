import { dirname, resolve } from "node:path";
import { createUnplugin, type UnpluginInstance } from "unplugin";
import { KernelgenError } from "../errors.js";
import { checkNamedDefinition } from "./check-definitions.js";
import { configInputs, deviceFiles } from "./config-inputs.js";
import { findConfig, loadDefinitionFile, type OnFiles } from "./definition-file.js";
import { builtData } from "./kernel-data.js";
import { type KernelInput, kernelInputs } from "./kernel-input.js";
import { type Solved, solve } from "./solved.js";
import { tool } from "./tool.js";

/** What the plugins of all bundlers take. */
export interface PluginOptions {
  /** The file of definitions that `virtual:kernelgen/NAME` takes; left out, `kernels.config.ts` of the bundler's root directory. */
  readonly config?: string;
}

const virtualPrefix = "virtual:kernelgen/";
/** The same for webpack. */
const withoutScheme = virtualPrefix.replace(":", "-");
/** Marks a resolved virtual module for other plugins, as Rollup's convention is. */
const resolvedPrefix = `\0${virtualPrefix}`;
/** Vite adds versions and times to the names of files; other queries, as ?raw, want something else than the kernel. */
const versionQuery = /\?[vt]=[^&]*$/;
const loaded = /^\0virtual:kernelgen\/|\.kernel\.[cm]?[jt]s(\?[vt]=[^&]*)?$/;

/**
 * The bundler plugin: puts solved kernels in the place of `*.kernel.ts` modules (`defineKernel`) and of `virtual:kernelgen/NAME`, the kernel
 * of that name in `kernels.config.ts`. A bundle so has plans and WGSL for each tier, and no solver. The module exports it as `kernel` or, of a
 * definition with `inputDim`, as `network`, and by default.
 */
export const kernelgenPlugin: UnpluginInstance<PluginOptions | undefined> = createUnplugin((options) => {
  let root = ".";
  /** By the hash of their inputs; a bundler that watches asks for the same again and again. */
  const solved = new Map<string, Solved>();
  const solveOnce = (input: KernelInput): Solved => {
    const known = solved.get(input.hash) ?? solve(input);
    solved.set(input.hash, known);
    return known;
  };

  async function fromFile(file: string, onFiles: OnFiles): Promise<LoadedModule> {
    const { value } = await loadDefinitionFile(file, onFiles);
    const definition = checkNamedDefinition(value, file);
    const directory = dirname(file);
    onFiles(deviceFiles(definition, directory));
    return { name: definition.name, inputs: kernelInputs(definition, directory, tool()) };
  }

  async function fromConfig(name: string, onFiles: OnFiles): Promise<LoadedModule> {
    const config = options?.config === undefined ? findConfig(root) : resolve(root, options.config);
    const { inputs } = await configInputs(config, tool(), onFiles);
    const ofKernel = inputs.filter((input) => input.name === name);
    if (ofKernel.length === 0) {
      const names = [...new Set(inputs.map((input) => input.name))];
      throw new KernelgenError("invalid-config", `${config} has no kernel "${name}"; it has ${names.join(", ")}`);
    }
    return { name, inputs: ofKernel };
  }

  async function load(id: string, onFiles: OnFiles): Promise<string> {
    const { name, inputs } = await (id.startsWith(resolvedPrefix)
      ? fromConfig(id.slice(resolvedPrefix.length), onFiles)
      : fromFile(id.replace(versionQuery, ""), onFiles));
    const webGpu = inputs.filter(({ device }) => device.kind === "webgpu");
    if (webGpu.length === 0) {
      throw new KernelgenError(
        "invalid-config",
        `kernel ${name}: none of its devices is a WebGPU device, as a bundle needs`,
      );
    }
    const [[kind, built]] = Object.entries(builtData(webGpu.map(solveOnce))) as [[string, unknown]];
    return `export const ${kind} = ${JSON.stringify(built)};\nexport default ${kind};\n`;
  }

  return {
    name: "kernelgen",
    enforce: "pre",
    vite: {
      configResolved(config) {
        root = config.root;
      },
    },
    webpack(compiler) {
      root = compiler.context;
      // To webpack, what stands before a colon is a scheme, which it wants to read itself.
      new compiler.webpack.NormalModuleReplacementPlugin(/^virtual:kernelgen\//, (module) => {
        module.request = `${withoutScheme}${module.request.slice(virtualPrefix.length)}`;
      }).apply(compiler);
    },
    resolveId: {
      filter: { id: /^(virtual:kernelgen|virtual-kernelgen)\// },
      handler: (id) => `${resolvedPrefix}${id.slice(virtualPrefix.length)}`,
    },
    load: {
      filter: { id: loaded },
      async handler(id) {
        try {
          // Watched also where they have a mistake, so that its correction builds again.
          return await load(id, (files) => {
            for (const file of files) this.addWatchFile(file);
          });
        } catch (error) {
          throw withoutStack(error);
        }
      },
    },
  };
});

/** A module to be replaced: the kernel's name and inputs. */
interface LoadedModule {
  readonly name: string;
  readonly inputs: readonly KernelInput[];
}

/** A mistake in a definition for a bundler, which prints an error's stack and causes: here the message says all. */
function withoutStack(error: unknown): unknown {
  if (!(error instanceof KernelgenError)) return error;
  const plain = new KernelgenError(error.code, error.message);
  plain.stack = `${plain.name}: ${plain.message}`;
  return plain;
}
