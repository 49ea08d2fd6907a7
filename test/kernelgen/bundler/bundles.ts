import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import esbuildPlugin from "kernelgen/esbuild";
import rollupPlugin from "kernelgen/rollup";
import vitePlugin from "kernelgen/vite";
import webpackPlugin from "kernelgen/webpack";
import { rollup } from "rollup";
import { type Rolldown, build as vite } from "vite";
import webpack from "webpack";

/** The application that is bundled. */
export const app = fileURLToPath(new URL("./fixtures/app/", import.meta.url));
const entry = join(app, "main.js");
const config = join(app, "kernels.config.ts");

/** What a bundler made. */
export interface Bundle {
  /** The file that exports what the entry exports. */
  readonly file: string;
  /** The files that went into it, as the bundler says. */
  readonly modules: readonly string[];
}

/** Bundles the application into a directory, for a browser, with each bundler. */
export const bundlers: Readonly<Record<string, (out: string) => Promise<Bundle>>> = {
  async vite(out) {
    const result = (await vite({
      root: app,
      configFile: false,
      logLevel: "silent",
      plugins: [vitePlugin()],
      build: { outDir: out, lib: { entry, formats: ["es"], fileName: "bundle" } },
    })) as Rolldown.RolldownOutput[];
    return { file: join(out, "bundle.js"), modules: result.flatMap(({ output }) => modulesOf(output)) };
  },
  async rollup(out) {
    // A warning, as of modules that import each other, would be printed with every build of an application.
    const onwarn = ({ message }: { message: string }): never => {
      throw new Error(message);
    };
    const bundle = await rollup({ input: entry, plugins: [rollupPlugin({ config }), packages], onwarn });
    const { output } = await bundle.write({ file: join(out, "bundle.mjs"), format: "es" });
    return { file: join(out, "bundle.mjs"), modules: modulesOf(output) };
  },
  async webpack(out) {
    const stats = await new Promise<webpack.Stats>((resolve, reject) => {
      webpack(
        {
          mode: "production",
          optimization: { minimize: false },
          context: app,
          entry,
          experiments: { outputModule: true },
          output: { path: out, filename: "bundle.mjs", library: { type: "module" } },
          plugins: [webpackPlugin({ config })],
        },
        (error, stats) => (stats === undefined ? reject(error) : resolve(stats)),
      );
    });
    if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
    const { modules = [] } = stats.toJson({ all: false, modules: true, nestedModules: true, ids: true });
    const names = modules.flatMap((module) => [module, ...(module.modules ?? [])]).map(({ name }) => name ?? "");
    return { file: join(out, "bundle.mjs"), modules: names };
  },
  async esbuild(out) {
    const { metafile } = await esbuild({
      entryPoints: [entry],
      outfile: join(out, "bundle.mjs"),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      metafile: true,
      plugins: [esbuildPlugin({ config })],
    });
    return { file: join(out, "bundle.mjs"), modules: Object.keys(metafile.inputs) };
  },
};

const modulesOf = (output: readonly { readonly type: string; readonly moduleIds?: readonly string[] }[]): string[] =>
  output.flatMap(({ type, moduleIds }) => (type === "chunk" ? (moduleIds ?? []) : []));

/** Rollup alone does not look for packages. */
const packages = {
  name: "packages",
  resolveId: (id: string): string | null =>
    /^[a-z@]/.test(id) && !id.startsWith("virtual:") ? fileURLToPath(import.meta.resolve(id)) : null,
};
