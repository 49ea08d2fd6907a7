import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

import { hasModule, python } from "../kernelgen/torch/python.js";
import { webGpuEnvironment } from "../kernelgen/wgsl/devices.js";

const run = promisify(execFile);
const command = fileURLToPath(new URL("../../packages/kernelgen/bin/kernelgen.js", import.meta.url));
const example = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));

describe("examples", () => {
  const out = mkdtempSync(join(tmpdir(), "example-"));
  afterAll(() => rmSync(out, { recursive: true }));

  it("solver-api finds the four prices", async () => {
    const { stdout } = await run(process.execPath, [example("solver-api/run.js")]);
    expect(stdout).toContain("satisfied { x1: 120, x2: 125, x3: 150, x4: 316 }");
  });

  it("schedule finds the shortest day, and a plan of it that holds", async () => {
    const { stdout } = await run(process.execPath, [example("schedule/run.js")]);
    const hours = Number(/^optimal: (\d+) hours$/m.exec(stdout)?.[1]);
    const rows = [...stdout.matchAll(/^(desk|shelf|chair|crate) +([.gp]+)/gm)].map(([, , row]) => row!);
    // Glueing and painting hours and power of each order, as the example states them.
    const orders = [
      [3, 3, 2],
      [1, 2, 1],
      [2, 1, 1],
      [1, 1, 2],
    ] as const;
    expect(rows.map((row) => row.length)).toEqual([hours, hours, hours, hours]);
    rows.forEach((row, i) => {
      const [glue, paint] = orders[i]!;
      expect(row).toMatch(new RegExp(`^\\.*g{${glue}}\\.{2,}p{${paint}}\\.*$`));
    });
    for (let hour = 0; hour < hours; hour++) {
      const now = rows.map((row) => row[hour]!);
      for (const letter of "gp") expect(now.filter((busy) => busy === letter).length).toBeLessThanOrEqual(1);
      expect(now.reduce((power, busy, i) => power + (busy === "." ? 0 : orders[i]![2]), 0)).toBeLessThanOrEqual(3);
    }
    // No order of the press and of the booth is done earlier, even with all the power there could be.
    const permutations = (items: readonly number[]): number[][] =>
      items.length === 0
        ? [[]]
        : items.flatMap((first) =>
            permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
          );
    const endOf = (press: readonly number[], booth: readonly number[]): number => {
      const dry: number[] = [];
      let glued = 0;
      for (const i of press) {
        glued += orders[i]![0];
        dry[i] = glued + 2;
      }
      return booth.reduce((free, i) => Math.max(free, dry[i]!) + orders[i]![1], 0);
    };
    const sequences = permutations([0, 1, 2, 3]);
    expect(hours).toBe(Math.min(...sequences.flatMap((press) => sequences.map((booth) => endOf(press, booth)))));
    expect(stdout).toMatch(/^not in an hour less: .*there is one press.*an hour less$/m);
  });

  it("conflict names the wishes that conflict, and what is possible without each", async () => {
    const { stdout } = await run(process.execPath, [example("conflict/run.js")]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("unsatisfiable: 7 of 8 wishes conflict; none of them can be left out");
    expect(lines[1]).toBe("  line 6: the panel closes the day: Panel == 4");
    // Two talks fit between the first and the last slot, so that the demo would be in slot 1, in the keynote's room.
    const possible = lines
      .filter((line) => line.startsWith("without "))
      .map((line) => line.slice(line.indexOf(": ") + 2));
    expect(possible.length).toBe(7);
    for (const timetable of possible) expect(JSON.parse(timetable)).toMatchObject({ Keynote: 1 });
  });

  it("build-step writes WGSL and CUDA kernels whose sources carry their plan's hash", async () => {
    const config = example("build-step/kernels.config.ts");
    await run(process.execPath, [command, "build", "--config", config, "--out", out]);
    expect(readdirSync(out).toSorted()).toEqual([
      "cuda-include",
      "manifest.json",
      "page",
      "page.ts",
      "server",
      "server.ts",
    ]);
    for (const [directory, source] of [
      ["server/h200", "server_forward.cu"],
      ["server/rtx4090", "server_forward.cu"],
      ["page/webgpu-default", "page_forward.wgsl"],
    ] as const) {
      const plan = JSON.parse(readFileSync(join(out, directory, "plan.json"), "utf8"));
      expect(readFileSync(join(out, directory, source), "utf8")).toContain(plan.hash);
    }
  });

  it("state-tracking trains as torch.nn does from the same weights", { timeout: 120_000 }, async (context) => {
    if (!(await hasModule("torch"))) context.skip(`PyTorch not found (${python}): the example is not run`);
    const json = join(out, "training.json");
    const sizes = [
      "--steps",
      "6",
      "--hidden",
      "8",
      "--batch",
      "4",
      "--iterations",
      "12",
      "--dtype",
      "fp32",
      "--json",
      json,
    ];
    await run(process.execPath, [example("state-tracking/run.js"), ...sizes]);
    const { results } = JSON.parse(readFileSync(json, "utf8"));
    expect(results.generated.losses).toHaveLength(12);
    results["torch.nn"].losses.forEach((loss: number, iteration: number) => {
      expect(results.generated.losses[iteration]).toBeCloseTo(loss, 4);
    });
    expect(results.generated.losses[11]).not.toBeCloseTo(results.generated.losses[0], 4);
  });

  it("training-web trains on WebGPU until every step of fresh, longer sequences is right", async (context) => {
    try {
      const { stdout } = await run(process.execPath, [example("training-web/train.js")], {
        env: webGpuEnvironment(),
      });
      expect(stdout).toMatch(/^after \d+ iterations of 12 steps: 100\.0 % right over 48 steps of 32 fresh sequences/m);
    } catch (error) {
      if (String(error).includes("no WebGPU")) context.skip(`no WebGPU device to train on: ${String(error)}`);
      throw error;
    }
  });
});
