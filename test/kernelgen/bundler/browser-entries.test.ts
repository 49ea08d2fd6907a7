import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

/** The files that a page gets which imports this entry, bundled for a browser from the built package. */
async function filesOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: `export * from "${entry}";`, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imported.filter((path) => path.startsWith("node:") || builtinModules.includes(path))).toEqual([]);
  return Object.keys(metafile.inputs);
}

it("the main entry runs in a browser, solver and all", async () => {
  expect((await filesOf("kernelgen")).some((file) => file.includes("constrint/"))).toBe(true);
});

it.each(["kernelgen/webgpu", "kernelgen/build"])("%s runs in a browser and brings no solver", async (entry) => {
  expect((await filesOf(entry)).filter((file) => /constrint\/|hwmodels\//.test(file))).toEqual([]);
});
