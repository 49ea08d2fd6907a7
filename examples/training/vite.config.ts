import { fileURLToPath } from "node:url";
import kernelgen from "kernelgen/vite";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Works from any folder of a static server.
  base: "./",
  // Solves tracker.kernel.ts, so that the page ships no solver.
  plugins: [kernelgen()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: "dist", emptyOutDir: true, target: "es2023" },
});
