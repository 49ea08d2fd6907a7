import { type CudaDevice, findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { linearCells } from "../../../packages/kernelgen/src/cell/index.js";
import { headerFiles } from "../../../packages/kernelgen/src/cuda/header/header-files.js";
import { solveKernelSet } from "../../../packages/kernelgen/src/cuda/kernel-set.js";
import { torchPackageFiles } from "../../../packages/kernelgen/src/cuda/torch/package-files.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { leaky, selective } from "../own-cells.js";

const devices = ["h200", "a100"].map((id) => findDevice(id) as CudaDevice);
const problems = [{ cell: "elman", headDim: 32, heads: 2, batch: 4, dataType: "fp16" }].map(defineProblem);
const set = solveKernelSet(problems, devices, true);
const contents = (name: string): ReadonlyMap<string, string> =>
  new Map(torchPackageFiles(set, name).map((file) => [file.name, file.content as string]));

describe("files of a PyTorch package", () => {
  it("are the same again, and all text", () => {
    expect(contents("fast_rnn")).toEqual(contents("fast_rnn"));
    for (const [name, content] of contents("fast_rnn")) expect(content, name).toEqual(expect.any(String));
  });

  it("name the package wherever it is named", () => {
    const files = contents("fast_rnn");
    expect([...files.keys()].every((name) => /^(setup\.py|README\.md|fast_rnn\/.+)$/.test(name))).toBe(true);
    for (const [name, content] of files) expect(content, name).not.toContain("PACKAGE_NAME");
    expect(files.get("fast_rnn/operators.py")).toContain('NAMESPACE = "fast_rnn"');
  });

  it("hold each kernel that the manifest lists, with its plan's hash, tensors and C functions", () => {
    const files = contents("fast_rnn");
    const manifest = JSON.parse(files.get("fast_rnn/plans.json")!);
    expect(manifest.devices.map(({ architecture }: { architecture: string }) => architecture)).toEqual(["90a", "80"]);
    expect(manifest.kernels).toHaveLength(6);
    for (const kernel of manifest.kernels) {
      const source = files.get(`fast_rnn/${kernel.source}`)!;
      expect(source).toContain(`PLAN_HASH[] = "${kernel.plan.hash}"`);
      expect(source).toContain(`constexpr int BLOCK_COUNT = ${kernel.plan.blockCount};`);
      for (const what of ["launch", "scratch_bytes", "plan"]) expect(source).toContain(`${kernel.name}_${what}(`);
      expect(source.match(/static_cast<[^>]+>\(tensors\[\d+\]\)/g)).toHaveLength(kernel.tensors.length);
      const wx = kernel.tensors.find(({ name }: { name: string }) => name === "wx" || name === "d_wx");
      expect(wx).toMatchObject({ shape: [4, "T", 1, 2, 32], type: "fp16" });
    }
  });

  it.for(["", "Fast", "fast-rnn", "fast__rnn", "1rnn", "class", "torch", "a/../b", "a.b", "x".repeat(65)])(
    "refuse the name %j",
    (name) => {
      expect(() => torchPackageFiles(set, name)).toThrowError(/^package name "/);
    },
  );
});

describe("a set of kernels", () => {
  it("leaves out what no family can serve, with the numbers", () => {
    const sizes = [
      { cell: "lstm", headDim: 32, batch: 4, dataType: "fp32" },
      { cell: "lstm", headDim: 8192, batch: 4, dataType: "bf16" },
    ].map(defineProblem);
    const v100 = findDevice("v100") as CudaDevice;
    const { kernels, leftOut } = solveKernelSet(sizes, [v100], false);
    expect(kernels.map(({ name }) => name)).toEqual(["lstm_32x1_b4_fp32_inference_forward"]);
    expect(leftOut).toEqual([
      {
        name: "lstm_8192x1_b4_bf16_inference_forward",
        deviceId: "v100",
        reason: expect.stringMatching(/lstm forward, heads 8192x1.*no bf16 matrix instructions/s),
      },
    ]);
    expect(() => solveKernelSet(sizes.slice(1), [v100], false)).toThrowError(/8192x1/);
  });

  it("has a user's linear recurrences beside the known ones, on inputs that have their biases, and one of a name", () => {
    const own = [selective, leaky].map((cell) => defineProblem({ cell, headDim: 32, batch: 2, dataType: "fp32" }));
    const set = solveKernelSet(own, devices.slice(0, 1), false);
    const files = torchPackageFiles(set, "fast_rnn");
    const cells = files.find((file) => file.name === "fast_rnn/linear_cells.py")!.content;
    expect([...`${cells}`.matchAll(/name="(\w+)"/g)].map(([, name]) => name)).toEqual([
      ...linearCells.keys(),
      "selective",
      "leaky",
    ]);
    for (const { source } of set.scans) expect(source).not.toContain("BIAS_GATE_COUNT");
    const other = defineProblem({ cell: { ...selective, name: "mingru" }, headDim: 32, batch: 2, dataType: "fp32" });
    expect(() => solveKernelSet([other], devices, false)).toThrowError("two cells are called mingru");
  });

  it("has a scan for each pass of a linear recurrence, with its C functions, and none for a C++ header", () => {
    const scans = [{ cell: "mingru", headDim: 32, heads: 2, batch: 2, dataType: "fp32" }].map(defineProblem);
    const set = solveKernelSet(scans, devices.slice(0, 1), true);
    const files = new Map(torchPackageFiles(set, "scans").map((file) => [file.name, file.content as string]));
    const rows = JSON.parse(files.get("scans/plans.json")!).scans;
    expect(rows.map(({ name, pass, channels }: Record<string, unknown>) => [name, pass, channels])).toEqual([
      ["mingru_32x2_b2_fp32_scan_forward", "forward", 64],
      ["mingru_32x2_b2_fp32_scan_backward", "backward", 64],
    ]);
    for (const { name, source, plan } of rows) {
      const text = files.get(`scans/${source}`)!;
      expect(text).toContain(`PLAN_HASH[] = "${plan.hash}"`);
      for (const what of ["launch", "prepare_scratch", "scratch_bytes", "plan"]) {
        expect(text).toContain(`${name}_${what}(`);
      }
    }
    expect(() => headerFiles(set, "scans")).toThrowError(
      "cell: mingru is a linear recurrence; a C++ header has none, --target cuda, torch and wgsl write them",
    );
  });
});
