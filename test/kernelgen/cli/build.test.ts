import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

const cache = fileURLToPath(new URL("../../../node_modules/.cache/", import.meta.url));
mkdirSync(cache, { recursive: true });
const directory = mkdtempSync(join(cache, "build-command-"));
afterAll(() => rmSync(directory, { recursive: true }));

const config = join(directory, "kernels.config.mjs");
const write = (headDim: number | "?"): void =>
  writeFileSync(
    config,
    `export default [{ name: "tiny", cell: "elman", headDim: ${headDim}, devices: ["webgpu-default"] }];`,
  );

it("kernelgen build writes, --check judges by its exit code, and both speak JSON", async () => {
  write(4);
  const built = await runKernelgen("build", "--config", config);
  expect([built.exitCode, built.stderr]).toEqual([0, ""]);
  expect(built.stdout).toMatch(
    /^tiny for webgpu-default: \w+, plan [0-9a-f]{16}, .* µs a step predicted\n.*4 files written/,
  );
  const checked = await runKernelgen("build", "--config", config, "--check");
  expect([checked.exitCode, checked.stderr]).toEqual([0, ""]);
  write(8);
  const stale = await runKernelgen("build", "--config", config, "--check", "--json");
  expect(stale.exitCode).toBe(1);
  expect(stale.stderr).toContain("4 stale, 0 missing, 0 extra; run kernelgen build");
  expect(JSON.parse(stale.stdout)).toMatchObject({ upToDate: false, missing: [], extra: [] });
  writeFileSync(join(directory, "generated/notes.txt"), "mine");
  const foreign = await runKernelgen("build", "--config", config, "--check");
  expect(foreign.stderr).toContain("1 extra; run kernelgen build, and delete the extra files that it leaves");
  rmSync(join(directory, "generated/notes.txt"));
  writeFileSync(join(directory, "generated/manifest.json"), "{");
  const unreadable = await runKernelgen("build", "--config", config, "--check", "--json");
  // Of a kernel's files, then, none is said to belong to nothing.
  expect(JSON.parse(unreadable.stdout)).toMatchObject({ upToDate: false, missing: [], extra: [] });
  const none = await runKernelgen("build", "--config", join(directory, "none.ts"));
  expect([none.exitCode, none.stdout]).toEqual([2, ""]);
  expect(none.stderr).toMatch(/^kernelgen: cannot read .*none\.ts/);
});

it("kernelgen build --watch builds again after a change, and outlives a mistake", async () => {
  write("?");
  const command = fileURLToPath(new URL("../../../packages/kernelgen/bin/kernelgen.js", import.meta.url));
  const child = spawn(process.execPath, [
    command,
    "build",
    "--config",
    config,
    "--out",
    join(directory, "watched"),
    "--watch",
    "--json",
  ]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextBuild = async () => JSON.parse((await lines.next()).value);
  const nextMistake = () => new Promise<string>((resolve) => child.stderr.once("data", (text) => resolve(`${text}`)));
  try {
    // Not even the first build has to succeed.
    expect(await nextMistake()).toMatch(/kernels\.config\.mjs:\d+: Unexpected "\?"/);
    write(4);
    expect((await nextBuild()).written.length).toBe(4);
    const mistake = nextMistake();
    write(-1);
    expect(await mistake).toContain("head dimension: -1 is not an integer");
    write(8);
    expect((await nextBuild()).kernels).toMatchObject([{ name: "tiny", solved: true }]);
    const plan = JSON.parse(readFileSync(join(directory, "watched/tiny/webgpu-default/plan.json"), "utf8"));
    expect(plan.problem.headDim).toBe(8);
  } finally {
    child.kill();
  }
});
