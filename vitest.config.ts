import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** An entry of a package, and the source file behind it. */
const entry = (name: string, file: string) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(`./packages/${file}.ts`, import.meta.url)),
});

// Tests of a package's parts import its source files; the aliases make packages see each other's source too, so that a
// module never exists twice in one run. Tests of the commands spawn the built files, as a user does.
export default defineConfig({
  resolve: {
    alias: [
      ...["constrint", "hwmodels", "kernelgen"].map((name) => entry(name, `${name}/src/index`)),
      entry("constrint/names", "constrint/src/names"),
      ...["build", "node", "webgpu"].map((name) => entry(`kernelgen/${name}`, `kernelgen/src/${name}`)),
      ...["esbuild", "rollup", "vite", "webpack"].map((name) =>
        entry(`kernelgen/${name}`, `kernelgen/src/bundler/${name}`),
      ),
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    reporters: ["default", fileURLToPath(new URL("./test/support/skip-reporter.ts", import.meta.url))],
  },
});
