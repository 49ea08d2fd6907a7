import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const example = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));

describe("examples", () => {
  const out = mkdtempSync(join(tmpdir(), "example-"));
  afterAll(() => rmSync(out, { recursive: true }));

  it("solver-api finds the four prices", async () => {
    const { stdout } = await run(process.execPath, [example("solver-api/run.js")]);
    expect(stdout).toContain("satisfied { x1: 120, x2: 125, x3: 150, x4: 316 }");
  });

  it("build-step writes a WGSL and a CUDA kernel whose sources carry their plan's hash", async () => {
    await run(process.execPath, [example("build-step/build-kernels.js"), out]);
    expect(readdirSync(out).toSorted()).toEqual(["h200", "webgpu-default"]);
    for (const [directory, source] of [
      ["h200", "lstm_forward.cu"],
      ["webgpu-default", "lstm_forward.wgsl"],
    ] as const) {
      const plan = JSON.parse(readFileSync(join(out, directory, "plan.json"), "utf8"));
      expect(readFileSync(join(out, directory, source), "utf8")).toContain(plan.hash);
    }
  });
});
