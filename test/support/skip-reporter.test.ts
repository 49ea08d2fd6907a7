import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const runFile = promisify(execFile);
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const config = fileURLToPath(new URL("./skip-fixture/vitest.config.ts", import.meta.url));

async function reportOf(...options: string[]): Promise<string> {
  const { stdout } = await runFile(process.execPath, [vitest, "run", "--no-color", "--config", config, ...options], {
    env: { PATH: process.env.PATH, NO_COLOR: "1" },
    timeout: 50_000,
  });
  return stdout;
}

it("names every skipped test under its reason", async () => {
  expect(await reportOf()).toContain(` Not tested: 3 skipped tests
   compiler not found
     skips.ts > a machine without a compiler > compiles
     skips.ts > a machine without a compiler > links
   without a reason
     skips.ts > a machine without a compiler > is put off
`);
});

it("leaves out what a run by name did not ask for", async () => {
  const report = await reportOf("--testNamePattern", "links");
  expect(report).toContain(" Not tested: 1 skipped test\n   compiler not found\n");
  expect(report).not.toContain("is put off");
});
