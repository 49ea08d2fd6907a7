import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuiltNetwork, chooseTier, createRecurrent, requestDeviceFor } from "kernelgen/webgpu";
import { afterAll, expect, it } from "vitest";
import { bundlers } from "../kernelgen/bundler/bundles.js";
import { requireDevice } from "../kernelgen/wgsl/devices.js";
import { pageTimeout, requireChromium, serve } from "./chromium.js";

const out = mkdtempSync(join(tmpdir(), "page-bundle-"));
afterAll(() => rmSync(out, { recursive: true }));

/** What a bundle of the application exports. */
interface Application {
  readonly speech: BuiltNetwork;
  readonly chooseTier: typeof chooseTier;
  readonly createRecurrent: typeof createRecurrent;
  readonly requestDeviceFor: typeof requestDeviceFor;
}

/** Runs the application's network on a device; the same function in node and, as text, in a page. */
async function outputsOf({ speech, chooseTier, createRecurrent }: Application, device: GPUDevice): Promise<number[]> {
  const { program } = chooseTier(speech, device);
  /** Numbers between −1 and 1 without a pattern. */
  const numbers = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * seed));
  const { headDim, inputDim, batch } = program;
  const layer = {
    input: numbers(3 * headDim * inputDim, 12.9898),
    recurrent: numbers(3 * headDim * headDim, 78.233),
    bias: numbers(4 * headDim, 37.719),
  };
  const network = await createRecurrent(device, program, { layers: [[layer]] });
  const { output } = await network.forward(numbers(batch * 20 * inputDim, 3.1173));
  network.destroy();
  return [...output];
}

it("a bundled network computes the same numbers in Chromium as in node", async (context) => {
  const browser = await requireChromium(context);
  const { file } = await bundlers.esbuild!(out);
  writeFileSync(
    join(out, "index.html"),
    `<!doctype html><title>a bundled network</title><script type="module">
import * as application from "./bundle.mjs";
const outputsOf = ${outputsOf};
async function run() {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await application.requestDeviceFor(application.chooseTier(application.speech, adapter), adapter);
  return outputsOf(application, device);
}
globalThis.outputs = run();
</script>`,
  );
  const server = await serve(out);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(pageTimeout);
    await page.goto(server.url);
    await page.waitForFunction(() => "outputs" in globalThis);
    const inPage = await page.evaluate(() => (globalThis as unknown as { outputs: Promise<number[]> }).outputs);
    const { device } = await requireDevice(context);
    const expected = await outputsOf(await import(pathToFileURL(file).href), device);
    expect(inPage.length).toBe(2 * 20 * 8);
    for (const [index, value] of expected.entries()) expect(Math.abs(inPage[index]! - value)).toBeLessThan(1e-6);
    expect(Math.max(...inPage.map(Math.abs))).toBeGreaterThan(0.1);
    await page.close();
  } finally {
    server.close();
  }
});
