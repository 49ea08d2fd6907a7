import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageTimeout, requireChromium, serve } from "./chromium.js";
import { lowContrasts } from "./contrast.js";

const example = fileURLToPath(new URL("../../examples/training/", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "training-"));
let server: Awaited<ReturnType<typeof serve>>;
let modules: readonly string[];

beforeAll(async () => {
  const built = await build({
    configFile: join(example, "vite.config.ts"),
    logLevel: "silent",
    build: { outDir: out },
  });
  modules = (built as Rolldown.RolldownOutput).output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
  server = await serve(out);
});

afterAll(() => {
  server.close();
  rmSync(out, { recursive: true });
});

describe("the training page", () => {
  it("ships no solver", () => {
    expect(modules.some((module) => module.includes("recurrent/"))).toBe(true);
    expect(modules.filter((module) => /constrint\/|hwmodels\//.test(module))).toEqual([]);
  });

  it("trains a network that tracks the ball to 100 %, which then plays right", async (context) => {
    const browser = await requireChromium(context);
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    page.setDefaultTimeout(pageTimeout);
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", ({ message }) => problems.push(message));
    await page.goto(`${server.url}?seed=1`);
    await page.getByRole("button", { name: "Train on this browser's GPU" }).click();
    const trained = page.getByText(/^100 % right on 512 new games, after \d+ iterations/);
    await trained.waitFor({ timeout: pageTimeout });
    // Cups 1 and 2, then 2 and 3, then 1 and 3: the ball goes from 1 to 2, to 3, and back to 1.
    for (const [names, cup] of [
      ["1 and 2", 2],
      ["2 and 3", 3],
      ["1 and 3", 1],
    ] as const) {
      await page.getByRole("button", { name: `Swap ${names}` }).click();
      await page.getByText(new RegExp(`After \\d+ of at most 12 swaps the network says: cup ${cup}\\.`)).waitFor();
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    );
    expect(await page.evaluate(lowContrasts)).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("says before anything is pressed that there is no WebGPU", async (context) => {
    const browser = await requireChromium(context);
    const page = await browser.newPage();
    page.setDefaultTimeout(pageTimeout);
    await page.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
    await page.goto(server.url);
    await page.getByText("This browser has no WebGPU adapter.").waitFor();
    expect(await page.getByRole("button", { name: "Train on this browser's GPU" }).isDisabled()).toBe(true);
    await page.close();
  });
});
