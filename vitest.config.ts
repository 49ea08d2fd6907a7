import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (name: string, entry = "index"): string =>
  fileURLToPath(new URL(`./packages/${name}/src/${entry}.ts`, import.meta.url));

// Tests of a package's parts import its source files; the aliases make packages see each other's source too, so that a
// module never exists twice in one run. Tests of the commands spawn the built files, as a user does.
export default defineConfig({
  resolve: {
    alias: {
      constrint: source("constrint"),
      hwmodels: source("hwmodels"),
      "kernelgen/build": source("kernelgen", "build"),
      "kernelgen/node": source("kernelgen", "node"),
      "kernelgen/webgpu": source("kernelgen", "webgpu"),
      kernelgen: source("kernelgen"),
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default", fileURLToPath(new URL("./test/support/skip-reporter.ts", import.meta.url))],
  },
});
