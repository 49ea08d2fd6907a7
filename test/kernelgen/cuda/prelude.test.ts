import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import {
  compileForDevice,
  compileForHost,
  compileHostPrelude,
  hasCompiler,
  linkForHost,
  runProgram,
} from "./prelude-build.js";

const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let directory: string;
let hasHostCompiler: boolean;
const built = (name: string): string => join(directory, name);

function requireHostCompiler(context: TestContext): void {
  if (!hasHostCompiler) context.skip("g++ not found: the CUDA prelude cannot be run on the CPU");
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-prelude-"));
  hasHostCompiler = await hasCompiler("g++");
  if (!hasHostCompiler) return;
  const [prelude] = await Promise.all([
    compileHostPrelude(directory),
    compileForHost(fixture("prelude_checks.cu"), built("checks.o")),
    compileForHost(fixture("prelude_faults.cpp"), built("faults.o")),
  ]);
  await linkForHost([built("checks.o"), prelude], built("checks"));
  await linkForHost([built("faults.o"), prelude], built("faults"));
}, 120_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

const checks = [
  "positions",
  "shuffles",
  "mma",
  "ldmatrix",
  "copies",
  "widths",
  "bf16",
  "fp16",
  "mma-fp16",
  "functions",
  "grid-barrier",
  "polling",
  "launch",
  "cluster",
  "steps",
];

describe("prelude on the host, against plain loops", () => {
  it.for(checks)("%s", async (name, context) => {
    requireHostCompiler(context);
    const { exitCode, stdout, stderr } = await runProgram(built("checks"), [name]);
    expect(`${stdout}${stderr}`).toMatch(new RegExp(`^${name}: passed$`, "m"));
    expect(exitCode).toBe(0);
  });

  it("passes all checks in random orders of blocks, warps and lanes", async (context) => {
    requireHostCompiler(context);
    for (const seed of ["1", "2", "3", "4"]) {
      const { exitCode, stdout } = await runProgram(built("checks"), [], { KERNELGEN_SCHEDULE_SEED: seed });
      expect(stdout.match(/: passed$/gm), `seed ${seed}\n${stdout}`).toHaveLength(checks.length);
      expect(exitCode).toBe(0);
    }
  });

  it("passes all checks where fibers switch through ucontext", async (context) => {
    requireHostCompiler(context);
    const prelude = await compileHostPrelude(directory, "-O0", "-DKERNELGEN_USE_UCONTEXT");
    await linkForHost([built("checks.o"), prelude], built("checks-ucontext"));
    const { exitCode, stdout } = await runProgram(built("checks-ucontext"), []);
    expect(stdout.match(/: passed$/gm), stdout).toHaveLength(checks.length);
    expect(exitCode).toBe(0);
  });
});

/** The exit code of the host's own messages; the sanitizers end a program with 1. */
const hostFaultExitCode = 70;

const reportedFaults: readonly [fault: string, message: RegExp][] = [
  ["ldmatrix-beyond", /thread 16 .*ldmatrix_x4: accesses 16 B from byte 256 of shared memory, the block has 256 B/],
  [
    "ldmatrix-misaligned",
    /lane 1\): ldmatrix_x2: needs an address that is a multiple of 16 B, this one is 8 B past one/,
  ],
  ["load-misaligned", /load_relaxed: needs an address that is a multiple of 16 B, this one is 4 B past one/],
  ["load-of-shared", /load_streaming: needs global memory, the address is byte 0 of shared memory/],
  [
    "return-before-barrier",
    /thread 3 .*has returned, but thread 0 of the block waits for it at sync_block \(.*prelude_faults\.cpp:\d+\)/,
  ],
  ["return-after-barrier-began", /thread 60 .*has returned, but thread 0 of the block waits for it at sync_block/],
  ["barrier-after-return", /thread 1 .*waits at sync_block .*, but thread 0 of the block has returned/],
  [
    "barrier-in-branch",
    /lanes of a warp meet at different collectives: this one at sync_block .*, lane 0 at sync_block/,
  ],
  ["shuffle-in-branch", /thread 7 .*has returned, but thread 0 of the block waits for it at shuffle_xor/],
  ["shuffle-after-return", /thread 1 .*waits at shuffle_xor .*, but lane 0 of the warp has returned/],
  [
    "different-collectives",
    /lanes of a warp meet at different collectives: this one at sync_warp .*, lane 0 at shuffle_xor/,
  ],
  ["partial-warp", /mma_m16n8k16_bf16 .* needs 32 lanes, the warp has 16/],
  ["poll-in-vain", /deadlock: .*\n.*threads 0 to 31 wait at sync_block .*\n.*threads 32 to 63 poll in spin_pause/],
  ["poll-next-block", /deadlock: .*\n.*block 0, threads 0 to 31 poll in spin_pause/],
  ["poll-with-barrier", /deadlock: threads poll for what no thread stores/],
  ["poll-without-pause", /has loaded \d+ times without a pause: .* must call spin_pause\(\)/],
  ["poll-with-barrier-without-pause", /has loaded \d+ times without a pause/],
  [
    "grid-barrier-in-branch",
    /deadlock: .*\n.*block 0, threads 0 to 0 poll .*\n.*block 0, threads 1 to 63 wait at sync_block/,
  ],
  ["grid-barrier-of-three", /sync_grid: is told of 3 blocks, the launch has 2/],
  ["grid-barrier-not-cooperative", /sync_grid: the launch is not cooperative/],
  [
    "store-beyond-a-block",
    /store_async: accesses 16 B from byte 256 of shared memory, block 1 of the cluster has 256 B/,
  ],
  ["store-to-a-block-that-returned", /store_async: block 0 of the cluster has returned/],
  ["return-before-stores-land", /block \d has returned, but \d+ stores to its shared memory are on their way/],
  ["barrier-not-made", /store_async: there is no barrier, or it has been overwritten/],
  ["cluster-barrier-in-branch", /has returned, but threads of the cluster wait for it|of the cluster has returned/],
  ["rank-beyond-the-cluster", /cluster_address: needs a rank of 0 to 1, it is 2/],
  ["function-outside-of-kernel", /a device function was called outside of a kernel/],
  ["launch-inside-of-kernel", /launch inside of a kernel/],
];

const sanitizedFaults: readonly [fault: string, message: RegExp][] = [
  [
    "global-read-beyond",
    /heap-buffer-overflow .*\nREAD of size 4 .*\n\s+#0 .* global_read_beyond .*prelude_faults\.cpp:\d+/,
  ],
  [
    "global-write-beyond",
    /heap-buffer-overflow .*\nWRITE of size 4 [\s\S]*global_write_beyond .*prelude_faults\.cpp:\d+/,
  ],
  [
    "global-async-beyond",
    /heap-buffer-overflow .*\nREAD of size 16 [\s\S]*global_async_beyond .*prelude_faults\.cpp:\d+/,
  ],
  [
    "shared-read-beyond",
    /heap-buffer-overflow .*\nREAD of size 4 .*\n\s+#0 .* shared_read_beyond .*prelude_faults\.cpp:\d+/,
  ],
  [
    "shared-write-before",
    /heap-buffer-overflow .*\nWRITE of size 1 .*\n\s+#0 .* shared_write_before .*prelude_faults\.cpp:\d+/,
  ],
  ["plain-load-misaligned", /prelude_faults\.cpp:\d+:\d+: runtime error: .*misaligned address/],
  ["deep-stack", /stack-overflow/],
];

describe("faults that the host finds", () => {
  it.for(reportedFaults)("%s", async ([name, message], context) => {
    requireHostCompiler(context);
    const { exitCode, stderr } = await runProgram(built("faults"), [name]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(hostFaultExitCode);
  });

  it.for(sanitizedFaults)("%s (sanitizer)", async ([name, message], context) => {
    requireHostCompiler(context);
    const { exitCode, stderr } = await runProgram(built("faults"), [name]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  });

  it.for(["shows-unwritten-shared", "shows-missing-wait", "shows-missing-commit"])("%s: NaN", async (name, context) => {
    requireHostCompiler(context);
    const { exitCode, stdout } = await runProgram(built("faults"), [name]);
    expect(stdout).toMatch(new RegExp(`^${name} wrote -?nan$`, "m"));
    expect(exitCode).toBe(0);
  });

  it("shows-missing-barrier: wrong in some orders of the warps, in the same ones each time", async (context) => {
    requireHostCompiler(context);
    const write = async (seed: number): Promise<string> =>
      (await runProgram(built("faults"), ["shows-missing-barrier"], { KERNELGEN_SCHEDULE_SEED: `${seed}` })).stdout;
    const written: string[] = [];
    for (let seed = 1; seed <= 8; seed += 1) written.push(await write(seed));
    expect(new Set(written.map((line) => line.replace("-nan", "nan")))).toEqual(
      new Set(["shows-missing-barrier wrote 7\n", "shows-missing-barrier wrote nan\n"]),
    );
    expect(await write(3)).toBe(written[2]);
  });

  it("refuses a seed that is no number", async (context) => {
    requireHostCompiler(context);
    const { exitCode, stderr } = await runProgram(built("faults"), [], { KERNELGEN_SCHEDULE_SEED: "often" });
    expect(stderr).toContain('KERNELGEN_SCHEDULE_SEED must be a whole number, it is "often"');
    expect(exitCode).toBe(hostFaultExitCode);
  });
});

describe("prelude on the device", () => {
  it("compiles with nvcc for sm_80 and sm_90 without a warning", { timeout: 180_000 }, async (context) => {
    if (!(await hasCompiler("nvcc"))) context.skip("nvcc not found: the CUDA prelude is not compiled for a GPU");
    await compileForDevice(fixture("prelude_checks.cu"), built("checks.device.o"), ["sm_80", "sm_90"]);
  });
});
