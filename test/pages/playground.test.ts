import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, solvePlan } from "kernelgen";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { pageTimeout, requireChromium, serve } from "./chromium.js";
import { lowContrasts } from "./contrast.js";

const example = fileURLToPath(new URL("../../examples/playground/", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "playground-"));
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  await build({ configFile: join(example, "vite.config.ts"), logLevel: "silent", build: { outDir: out } });
  server = await serve(out);
});

afterAll(() => {
  server.close();
  rmSync(out, { recursive: true });
});

const small = {
  device: "webgpu-default",
  cell: "gru",
  dataType: "fp32",
  headDim: "32",
  heads: "2",
  batch: "2",
  steps: "8",
};
const tooLarge = {
  device: "webgpu-default",
  cell: "lstm",
  dataType: "fp32",
  headDim: "2048",
  heads: "1",
  batch: "16",
  steps: "1024",
};

interface Opened {
  readonly page: Page;
  /** What went wrong so far: messages on the console, failed requests, and requests to elsewhere. */
  readonly problems: readonly string[];
}

/** The page with a question, solved. */
async function open(
  context: TestContext,
  question: Readonly<Record<string, string>>,
  options: Parameters<Awaited<ReturnType<typeof requireChromium>>["newPage"]>[0] = {},
): Promise<Opened> {
  const browser = await requireChromium(context);
  const page = await browser.newPage(options);
  page.setDefaultTimeout(pageTimeout);
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) problems.push(request.url());
  });
  page.on("response", (response) => {
    if (!response.ok()) problems.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`${server.url}#${new URLSearchParams(question)}`);
  await solved(page);
  return { page, problems };
}

const solved = (page: Page) => page.locator('.answer[aria-busy="false"]').waitFor({ timeout: pageTimeout });

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe("the playground", () => {
  it("solves in the browser what is solved elsewhere, and loads nothing from elsewhere", async (context) => {
    const { page, problems } = await open(context, {});
    const device = findDevice("h200");
    const problem = defineProblem({ cell: "lstm", headDim: 768, batch: 16 });
    const { plan } = solvePlan(problem, device, familiesFor(device));
    await page.getByText(plan.hash, { exact: true }).waitFor();
    const source = await page.getByRole("region", { name: "Source of lstm_forward.cu" }).innerText();
    expect(source).toContain(`PLAN_HASH[] = "${plan.hash}"`);
    expect(await page.locator("[aria-labelledby=budgets] .bar").count()).toBe(plan.budgets.length);
    const tile = page.getByRole("img", { name: /R of one head and gate, 768 by 768/ });
    const [, blocks, rows] = /: (\d+) blocks of (\d+) rows/.exec((await tile.getAttribute("aria-label"))!)!;
    expect(Number(blocks) * Number(rows)).toBe(problem.headDim);
    // As many for each part of the batch.
    expect(plan.launch.blockCount % Number(blocks)).toBe(0);
    await page.getByRole("img", { name: /Predicted time of the \d+ fastest tilings/ }).waitFor();
    // Every family that fits has a bar to see, in a colour of its own.
    const fills = await page.locator("[aria-labelledby=families] .fill").evaluateAll((bars) =>
      bars.map((bar) => ({
        color: getComputedStyle(bar).backgroundColor,
        width: bar.getBoundingClientRect().width,
      })),
    );
    expect(fills.length).toBeGreaterThan(2);
    expect(new Set(fills.map(({ color }) => color)).size).toBe(fills.length);
    for (const { color, width } of fills) {
      expect(color).not.toBe("rgba(0, 0, 0, 0)");
      expect(width).toBeGreaterThan(0);
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("runs the WGSL kernel on the browser's GPU, with the right numbers", async (context) => {
    const { page, problems } = await open(context, small);
    await page.getByRole("button", { name: "Run on this browser's GPU" }).click();
    const row = page.getByRole("row", { name: /^h / });
    await row.waitFor({ timeout: pageTimeout });
    const [, error, verdict] = (await row.innerText()).split("\t");
    expect(Number(error)).toBeLessThan(1e-5);
    expect(verdict).toBe("right");
    expect(await page.locator("[aria-labelledby=run]").innerText()).toMatch(/[\d.]+ µs a step/);
    // A linear recurrence, as a scan.
    await page.getByLabel("Cell").selectOption({ label: "minGRU" });
    await page.getByRole("region", { name: "Source of mingru_forward.wgsl" }).waitFor();
    await page.getByRole("button", { name: "Run on this browser's GPU" }).click();
    await page.getByRole("row", { name: /^h_last .* right$/ }).waitFor({ timeout: pageTimeout });
    // The same GPU as a device to plan for.
    await page.getByLabel("Device").selectOption({ label: "The GPU of this browser (WebGPU)" });
    await page.getByText("Solving for").waitFor();
    await solved(page);
    expect(await page.getByText("Solved.").count()).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("says in numbers why nothing fits, and what would", async (context) => {
    const { page, problems } = await open(context, tooLarge);
    const refused = page.getByRole("region", { name: /No such kernel fits WebGPU default limits/ });
    // The projected inputs of four gates in fp32.
    const needed = (16 * 1024 * 4 * 2048 * 4).toLocaleString("en-US").replaceAll(",", "\u202f");
    expect(await refused.innerText()).toContain(`needs a storage buffer of ${needed} B`);
    await refused
      .getByRole("button", { name: /units of a head/ })
      .first()
      .click();
    await page.getByText("Solving for").waitFor();
    await solved(page);
    expect(await page.getByText("Solved.").count()).toBe(1);
    expect(Number(await page.getByLabel("Head size").inputValue())).toBeLessThan(2048);
    await page.getByLabel("Batch").fill("0");
    await page.getByText("batch: 0 is not an integer from 1 to").waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it("offers another data type or pass, and fewer steps, where those have a kernel", async (context) => {
    const offered = async (question: Readonly<Record<string, string>>): Promise<string[]> => {
      const { page } = await open(context, question);
      const choices = await page.locator("section.refused .choices button").allInnerTexts();
      await page.locator("section.refused .choices button").first().click();
      await page.getByText("Solved.").waitFor();
      await page.close();
      return choices;
    };
    expect(await offered({ ...small, dataType: "bf16" })).toEqual(["fp32"]);
    expect(await offered({ ...small, pass: "backward", dataType: "bf16" })).toEqual(["Forward, fp32"]);
    // A fourth of the tensor is as much as may be bound.
    expect((await offered({ ...tooLarge, dataType: "bf16" }))[0]).toBe("fp32, 256 steps");
  });

  it("is of use without WebGPU, and says that there is none", async (context) => {
    const browser = await requireChromium(context);
    const page = await browser.newPage();
    page.setDefaultTimeout(pageTimeout);
    await page.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
    await page.goto(`${server.url}#${new URLSearchParams(small)}`);
    await solved(page);
    await page.getByRole("region", { name: "Run it here" }).getByText("This browser has no WebGPU adapter.").waitFor();
    // A link from somebody who has one.
    await page.goto(`${server.url}#${new URLSearchParams({ ...small, device: "this-browser" })}`);
    await page.getByRole("status").getByText("no WebGPU adapter").waitFor();
    await page.close();
  });

  it("can be used by keyboard", async (context) => {
    const { page } = await open(context, small);
    const order: string[] = [];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press("Tab");
      order.push(
        await page.evaluate(
          () => (document.activeElement as HTMLInputElement).labels?.[0]?.querySelector("span")?.innerText ?? "",
        ),
      );
    }
    expect(order).toEqual(["Device", "Cell", "Data type", "Pass", "Head size D", "Heads N", "Batch B"]);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    expect(outline).toBe("solid");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("3");
    await page.waitForFunction(() => location.hash.includes("batch=3"));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.includes("headDim=768"));
    await solved(page);
    // The source scrolls by keyboard once it has the focus.
    const source = page.getByRole("region", { name: /^Source of/ });
    await source.focus();
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.activeElement!.scrollTop > 0);
    await page.close();
  });

  it.for(["light", "dark"] as const)("fits a phone and can be read in the %s scheme", async (colorScheme, context) => {
    for (const question of [small, tooLarge]) {
      const { page, problems } = await open(context, question, { colorScheme, viewport: { width: 360, height: 740 } });
      expect(await overflow(page)).toBe(0);
      expect(await page.evaluate(lowContrasts)).toEqual([]);
      const brightness = await page.evaluate(() =>
        Number(/\d+/.exec(getComputedStyle(document.body).backgroundColor)![0]),
      );
      expect(brightness > 128).toBe(colorScheme === "light");
      expect(problems).toEqual([]);
      await page.close();
    }
  });
});
