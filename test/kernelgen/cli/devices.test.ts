import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { devices, findDevice, parseDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordedGpus } from "../../hwmodels/probe/recorded-gpus.js";
import { hasCompiler } from "../cuda/prelude-build.js";
import { runKernelgen, runKernelgenWith } from "./run-kernelgen.js";

const runFile = promisify(execFile);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-devices-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function stdoutOf(...parameters: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runKernelgen(...parameters);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("kernelgen devices", () => {
  it("lists every device once, and those of one vendor or API", async () => {
    const idsIn = (text: string): string[] =>
      text
        .split("\n")
        .map((line) => line.trim().split(/ {2,}/)[0]!)
        .filter((cell) => devices.some(({ id }) => id === cell));
    const all = await stdoutOf("devices");
    expect(idsIn(all)).toEqual(devices.map(({ id }) => id));
    expect(all).toMatch(/^ {2}h200 +9\.0 +132 +1 980 +227 +60 +4 800 +16 {2}NVIDIA H200$/m);
    expect(idsIn(await stdoutOf("devices", "--vendor", "Apple"))).toEqual(
      ["m1", "m2", "m3", "m4"].map((chip) => `webgpu-apple-${chip}`),
    );
    const cuda = idsIn(await stdoutOf("devices", "--api", "cuda"));
    expect(cuda).toEqual(devices.filter(({ kind }) => kind === "cuda").map(({ id }) => id));
  });

  it("prints the descriptions as JSON", async () => {
    const listed = JSON.parse(await stdoutOf("devices", "--vendor", "nvidia", "--api", "webgpu", "--json"));
    expect(listed).toEqual(["webgpu-h200", "webgpu-h200-experimental", "webgpu-nvidia"].map((id) => findDevice(id)));
  });

  it.for([
    ["--vendor sun", 2, 'unknown vendor "sun"; known vendors: amd, any, apple'],
    ["--vendor apple --api cuda", 1, 'no cuda device of vendor "apple" is known'],
    ["h200", 2, "Unknown argument: h200"],
    ["probe --index 1.5", 2, "index: 1.5 is not a whole number from 0"],
  ] as const)("refuses %s", async ([parameters, exitCode, message]) => {
    const outcome = await runKernelgen("devices", ...parameters.split(" "));
    expect([outcome.exitCode, outcome.stdout]).toEqual([exitCode, ""]);
    expect(outcome.stderr.startsWith(`kernelgen: ${message}`), outcome.stderr).toBe(true);
  });
});

describe("kernelgen devices show", () => {
  it("says every number and where it comes from", async () => {
    const text = await stdoutOf("devices", "show", "H200");
    expect(text).toMatch(/^NVIDIA H200 \(h200\), CUDA, vendor nvidia\n/);
    expect(text).toMatch(/^ {2}multiprocessorCount +132 {2}reported +read from the device, driver 580$/m);
    expect(text).toMatch(/^ {2}timing\.gridBarrierNanoseconds +930 {2}measured +bench\/results\//m);
    expect(text).toMatch(
      /^clusters {2}up to 8 blocks with 1 859 584 B of shared memory, by opting in up to 16 blocks with 3 719 168 B/m,
    );
    expect(text).toMatch(/^ {2}mma\.sync {2}bf16 +16×8×16 +8 +4 +4$/m);
    expect(text).toMatch(/^ {2}wgmma +bf16 +64×8×16 to 64×256×16, 32 widths +8 +- +4 to 128$/m);
    expect(await stdoutOf("devices", "show", "webgpu-mali")).toMatch(/^ {2}subgroupSizes\.min +16 {2}reported /m);
  });

  it("writes a description to change, which --device reads", async () => {
    const json = await stdoutOf("devices", "show", "h200", "--json");
    expect(parseDevice(json, "h200.json")).toEqual(findDevice("h200"));
    const file = join(directory, "my-gpu.json");
    await writeFile(
      file,
      json.replace('"multiprocessorCount": 132', '"multiprocessorCount": 8').replace('"h200"', '"small"'),
    );
    const planned = JSON.parse(
      await stdoutOf("config", "--device", file, "--head-dim", "256", "--heads", "4", "--family", "grid", "--json"),
    );
    expect(planned.device.id).toBe("small");
    const grid = planned.families.find(({ family }: { family: string }) => family === "grid");
    const onH200 = JSON.parse(
      await stdoutOf("config", "--device", "h200", "--head-dim", "256", "--heads", "4", "--family", "grid", "--json"),
    );
    // Eight multiprocessors hold fewer blocks at once: the heads take turns.
    expect(grid.predictedMicrosecondsPerStep).toBeGreaterThan(
      onH200.families.find(({ family }: { family: string }) => family === "grid").predictedMicrosecondsPerStep,
    );
  });

  it("refuses a wrong description with the field, the value and the range", async () => {
    const file = join(directory, "wrong.json");
    await writeFile(file, JSON.stringify({ extends: "h200", timing: { clockMegahertz: -5 } }));
    const { exitCode, stdout, stderr } = await runKernelgen(
      "occupancy",
      "--device",
      file,
      "--threads",
      "32",
      "--registers",
      "32",
    );
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(`kernelgen: ${file}: timing.clockMegahertz: needs a number from 100 to 10000 MHz, got -5\n`);
    const missing = await runKernelgen("devices", "show", join(directory, "none.json"));
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toMatch(/^kernelgen: device: cannot read .*none\.json: ENOENT/);
  });
});

/** A folder of programs for the path, each a shell script. */
async function programs(scripts: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(directory, "path-"));
  for (const [name, script] of Object.entries(scripts)) {
    const file = join(folder, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }
  return folder;
}

describe("kernelgen devices probe", () => {
  const nvidiaSmi = "echo '0, NVIDIA GB10, 12.1, 580.95.05, 2418'";
  /** An nvcc whose program prints recorded devices: its fourth parameter is the program's name. */
  const nvcc = (recorded: unknown): string =>
    `printf '%s\\n' '#!/bin/sh' "cat <<'END'" '${JSON.stringify(recorded)}' END > "$4" && chmod +x "$4"`;
  /** The folders of the shell, and no toolkit of this machine. */
  const withPath = (folder: string): Record<string, string> => ({
    PATH: `${folder}:/bin:/usr/bin`,
    CUDA_HOME: folder,
    CUDA_PATH: folder,
  });

  it("describes the GPU that the CUDA runtime reports, for --device", async () => {
    const folder = await programs({ "nvidia-smi": nvidiaSmi, nvcc: nvcc([recordedGpus.gb10, recordedGpus.thor]) });
    const { exitCode, stdout, stderr } = await runKernelgenWith(withPath(folder), "devices", "probe", "--api", "cuda");
    expect(stderr).toBe(
      [
        "CUDA runtime: NVIDIA GB10, compute capability 12.1, 48 multiprocessors, active clusters 48 of 1, 24 of 2; NVIDIA Thor, compute capability 11.0, 20 multiprocessors",
        "nvidia-smi: NVIDIA GB10 (driver 580.95.05)",
        "",
      ].join("\n"),
    );
    expect(exitCode).toBe(0);
    const file = join(directory, "here.json");
    await writeFile(file, stdout);
    const planned = JSON.parse(await stdoutOf("config", "--device", file, "--head-dim", "64", "--json"));
    expect(planned.device).toEqual({ id: "nvidia-gb10", name: "NVIDIA GB10" });
    const second = await runKernelgenWith(withPath(folder), "devices", "probe", "--api", "cuda", "--index", "1");
    expect(parseDevice(second.stdout, "here.json").name).toBe("NVIDIA Thor");
    const third = await runKernelgenWith(withPath(folder), "devices", "probe", "--api", "cuda", "--index", "2");
    expect([third.exitCode, third.stdout]).toEqual([2, ""]);
    expect(third.stderr).toContain("index: 2 is not one of the devices found: 0 NVIDIA GB10, 1 NVIDIA Thor");
  });

  it("makes do with nvidia-smi where nvcc fails, and says so", async () => {
    const folder = await programs({
      "nvidia-smi": nvidiaSmi,
      nvcc: "echo 'nvcc fatal : no host compiler' >&2; exit 1",
    });
    const parameters = ["devices", "probe", "--api", "cuda", "--json"];
    const { exitCode, stdout } = await runKernelgenWith(withPath(folder), ...parameters);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      sources: [
        { name: "CUDA runtime", found: 0, says: "nvcc failed: nvcc fatal : no host compiler" },
        { name: "nvidia-smi", found: 1, says: "NVIDIA GB10 (driver 580.95.05)" },
      ],
      devices: [findDevice("gb10")],
    });
  });

  it("ends with 3 where there is no GPU, and says what it tried", async () => {
    const folder = await programs({
      "nvidia-smi": 'echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9',
      nvcc: "echo 'nvcc fatal : broken' >&2; exit 1",
    });
    const { exitCode, stdout, stderr } = await runKernelgenWith(withPath(folder), "devices", "probe", "--api", "cuda");
    expect([exitCode, stdout]).toEqual([3, ""]);
    expect(stderr).toBe(
      [
        "kernelgen: no cuda device found on this machine",
        "  CUDA runtime: nvcc failed: nvcc fatal : broken",
        "  nvidia-smi: nvidia-smi failed: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
        "",
      ].join("\n"),
    );
  });

  it("has a device query that nvcc compiles without a warning", { timeout: 120_000 }, async (context) => {
    if (!(await hasCompiler("nvcc"))) context.skip("nvcc not found: the device query is not compiled");
    const source = fileURLToPath(new URL("../../../packages/kernelgen/assets/cuda/device_query.cu", import.meta.url));
    const options = ["-std=c++17", "-Werror", "all-warnings", "-arch=sm_90", "-o", join(directory, "device_query")];
    await runFile("nvcc", [...options, source]);
  });
});
