import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// A run of its own, for the test of the skip reporter.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL(".", import.meta.url)),
    include: ["skips.ts"],
    reporters: ["default", fileURLToPath(new URL("../skip-reporter.ts", import.meta.url))],
  },
});
