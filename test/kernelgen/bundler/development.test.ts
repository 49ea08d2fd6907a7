import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import vitePlugin from "kernelgen/vite";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { app } from "./bundles.js";

// Within the project, so that packages are found, and not below node_modules, which Vite does not watch.
const out = fileURLToPath(new URL("../../../out/", import.meta.url));
mkdirSync(out, { recursive: true });
const root = mkdtempSync(join(out, "development-"));
cpSync(app, root, { recursive: true });

let server: ViteDevServer;
beforeAll(async () => {
  server = await createServer({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [vitePlugin()],
    server: { host: "127.0.0.1", port: 0 },
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

const code = async (url: string): Promise<string> => (await server.transformRequest(url))!.code;

it("Vite's development server solves again when an import of the definition changes", async () => {
  // As a browser does: the page's script, then what it imports. Vite adds versions to names, which the plugin has to see through.
  await code("/main.js");
  expect(await code("/lstm.kernel.ts?v=1")).toMatch(/"heads":\s*2/);
  expect(await code("/lstm.kernel.ts")).toMatch(/"heads":\s*2/);
  const changed = new Promise((resolve) => server.watcher.once("change", resolve));
  // The watcher needs a moment before it sees changes.
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeFileSync(join(root, "sizes.ts"), "export const heads = 3;\n");
  await changed;
  await expect.poll(() => code("/lstm.kernel.ts"), { timeout: 20_000 }).toMatch(/"heads":\s*3/);
  // A mistake is told, without the plugin's own stack, and corrected by the next change.
  writeFileSync(join(root, "sizes.ts"), "export const heads = ;\n");
  const outcome = () => code("/lstm.kernel.ts").catch((error: Error) => error.stack ?? "");
  await expect.poll(outcome, { timeout: 20_000 }).toMatch(/sizes\.ts:1: Unexpected ";"/);
  expect(await outcome()).not.toContain("dist/bundler");
  writeFileSync(join(root, "sizes.ts"), "export const heads = 4;\n");
  await expect.poll(outcome, { timeout: 20_000 }).toMatch(/"heads":\s*4/);
});

it("says what is wrong with a definition", async () => {
  writeFileSync(join(root, "wrong.kernel.ts"), 'export default { cell: "lstm", headDim: 0 };\n');
  await expect(code("/wrong.kernel.ts")).rejects.toThrow("kernel wrong: head dimension: 0 is not an integer from 1");
  await expect(code("virtual:kernelgen/none")).rejects.toThrow('has no kernel "none"; it has wake, speech, other');
});
