import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

const sizes = ["--head-dim", "20", "--heads", "2", "--batch", "3", "--steps", "4"];
const cuda = ["generate", "--target", "cuda", "--device", "h200", ...sizes];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-generate-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** SHA-256 of each file of a directory, hidden ones included. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const digest = async (name: string) =>
    createHash("sha256")
      .update(await readFile(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await digest(name)] as const)));
}

describe("kernelgen generate", () => {
  const sources = [
    "check.cpp",
    "check.hpp",
    "lstm_forward.cu",
    "lstm_forward_check.cu",
    "plan.json",
    "prelude.cuh",
    "prelude_device.cuh",
    "prelude_device_cluster.cuh",
    "prelude_device_launch.cuh",
  ];

  it("writes the CUDA kernel, its check program and its plan, and lists them", async () => {
    const out = join(directory, "new", "kernels");
    const { exitCode, stdout, stderr } = await runKernelgen(...cuda, "--out", out, "--json");
    expect([exitCode, stderr]).toEqual([0, ""]);
    const report = JSON.parse(stdout);
    expect(report.directory).toBe(out);
    expect(report.files.toSorted()).toEqual(sources);
    expect((await readdir(out)).sort()).toEqual(sources);
    const plan = JSON.parse(await readFile(join(out, "plan.json"), "utf8"));
    expect(plan.hash).toBe(report.plan);
    expect(plan.problem).toMatchObject({ cell: "lstm", headDim: 20, heads: 2, batch: 3, steps: 4 });
    for (const name of ["lstm_forward.cu", "lstm_forward_check.cu"]) {
      expect(await readFile(join(out, name), "utf8")).toContain(plan.hash);
    }
    // The launch geometry in the source is the plan's.
    const source = await readFile(join(out, "lstm_forward.cu"), "utf8");
    const constant = (name: string): number => Number(new RegExp(`constexpr \\w+ ${name} = (\\d+);`).exec(source)![1]);
    expect(constant("BLOCK_COUNT")).toBe(plan.launch.blockCount);
    expect(constant("THREADS_PER_BLOCK")).toBe(plan.launch.threadsPerBlock);
    expect(constant("SHARED_BYTES")).toBe(plan.launch.sharedBytesPerBlock);
  });

  it.for([
    ["cuda with a case", [...cuda, "--case", "3"]],
    ["wgsl", ["generate", "--target", "wgsl", ...sizes]],
  ] as const)("writes the same bytes again: %s", async ([, parameters]) => {
    const outs = [join(directory, "first"), join(directory, "second")] as const;
    for (const out of outs) expect((await runKernelgen(...parameters, "--out", out)).exitCode).toBe(0);
    const first = await hashes(outs[0]);
    expect(Object.keys(first).length).toBeGreaterThan(1);
    expect(await hashes(outs[1])).toEqual(first);
    // Over what is there, too.
    expect((await runKernelgen(...parameters, "--out", outs[0])).exitCode).toBe(0);
    expect(await hashes(outs[0])).toEqual(first);
  });

  it("writes a case of the sizes that the tensors have, another for another seed", async () => {
    const outs = [join(directory, "3"), join(directory, "4")] as const;
    for (const out of outs) await runKernelgen(...cuda, "--case", out.slice(-1), "--out", out);
    const size = async (name: string): Promise<number> => (await readFile(join(outs[0], name))).length;
    const [units, steps] = [3 * 2 * 20, 4];
    expect(await size("wx.bin")).toBe(units * steps * 4 * 2);
    expect(await size("recurrent.bin")).toBe(4 * 2 * 20 * 20 * 2);
    expect(await size("bias.bin")).toBe(4 * 2 * 20 * 2);
    expect(await size("h_initial.bin")).toBe(units * 2);
    expect(await size("c_initial.bin")).toBe(units * 4);
    expect(await size("h.expected.bin")).toBe(units * steps * 8);
    expect(await size("c.expected.bin")).toBe(units * steps * 8);
    const [third, fourth] = [await hashes(outs[0]), await hashes(outs[1])];
    for (const name of Object.keys(third)) {
      expect(third[name] === fourth[name], name).toBe(!name.endsWith(".bin"));
    }
  });

  it("says where it cannot write, and leaves nothing half written", async () => {
    const file = join(directory, "file");
    await writeFile(file, "mine");
    const overFile = await runKernelgen(...cuda, "--out", file);
    expect([overFile.exitCode, overFile.stdout]).toEqual([1, ""]);
    expect(overFile.stderr).toMatch(new RegExp(`^kernelgen: cannot write to ${file}: .+\n$`));
    expect(await readFile(file, "utf8")).toBe("mine");

    const out = join(directory, "out");
    await mkdir(join(out, ".prelude.cuh.partial"), { recursive: true });
    const blocked = await runKernelgen(...cuda, "--out", out);
    expect(blocked.exitCode).toBe(1);
    expect(blocked.stderr).toContain(`cannot write to ${out}: `);
    expect(await readdir(out)).toEqual([".prelude.cuh.partial"]);
  });
});
