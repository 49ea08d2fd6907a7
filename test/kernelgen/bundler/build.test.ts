import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, type ProblemOptions, planToJson, solvePlan } from "kernelgen";
import { buildKernels, checkKernels } from "kernelgen/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Within the project, so that a configuration finds the package as one of an application does. */
const cache = fileURLToPath(new URL("../../../node_modules/.cache/", import.meta.url));
mkdirSync(cache, { recursive: true });
const directory = mkdtempSync(join(cache, "build-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

const gru: ProblemOptions = { cell: "gru", headDim: 8, batch: 2, steps: 4, dataType: "fp32" };
const lstm: ProblemOptions = { cell: "lstm", headDim: 16, heads: 2, steps: 4 };
const small = `{ name: "small", cell: "gru", headDim: 8, batch: 2, steps: 4, devices: ["webgpu-default", "webgpu-compatibility"] }`;
const large = `{ name: "large", cell: "lstm", headDim: size, heads: 2, steps: 4, devices: ["h200"] }`;

function writeConfig(config: string, ...kernels: readonly string[]): void {
  writeFileSync(
    config,
    `import { defineKernels } from "kernelgen/build";
import { size } from "./size.js";
export default defineKernels([${kernels.join(", ")}]);
void size;
`,
  );
}

/** An application with two kernels, and where it builds them. */
function application(name: string): { readonly config: string; readonly out: string } {
  const root = join(directory, name);
  mkdirSync(root);
  const config = join(root, "kernels.config.ts");
  writeFileSync(join(root, "size.ts"), "export const size: number = 16;\n");
  writeConfig(config, small, large);
  return { config, out: join(root, "generated") };
}

const filesIn = (out: string): string[] =>
  readdirSync(out, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(out, name)).isFile())
    .toSorted();

const contents = (out: string) =>
  Object.fromEntries(filesIn(out).map((name) => [name, readFileSync(join(out, name), "utf8")]));

const names = (report: Awaited<ReturnType<typeof buildKernels>>) =>
  report.kernels.filter(({ isSolvedAnew }) => isSolvedAnew).map(({ name, device }) => `${name} ${device}`);

describe("buildKernels", () => {
  const app = application("app");
  let first: Awaited<ReturnType<typeof buildKernels>>;
  beforeAll(async () => {
    first = await buildKernels(app);
  });

  it("writes sources and plans as solving by hand gives them", () => {
    for (const [name, id, options, source] of [
      ["small", "webgpu-default", gru, "small_forward.wgsl"],
      ["small", "webgpu-compatibility", gru, "small_forward.wgsl"],
      ["large", "h200", { ...lstm, dataType: "bf16" }, "large_forward.cu"],
    ] as const) {
      const device = findDevice(id);
      const { plan, family } = solvePlan(defineProblem(options), device, familiesFor(device));
      expect(JSON.parse(readFileSync(join(app.out, name, id, "plan.json"), "utf8"))).toEqual(planToJson(plan));
      const text = readFileSync(join(app.out, name, id, source), "utf8");
      expect(text).toBe(family.emit(plan, name)[0]!.text);
      expect(text).toContain(plan.hash);
    }
    expect(readFileSync(join(app.out, "large/h200/large_forward.cu"), "utf8")).toContain("namespace large_forward {");
  });

  it("lists every file with its hash in the manifest", () => {
    const { files, kernels } = JSON.parse(readFileSync(join(app.out, "manifest.json"), "utf8"));
    expect([...Object.keys(files), "manifest.json"].toSorted()).toEqual(filesIn(app.out));
    expect(first.written.toSorted()).toEqual(filesIn(app.out));
    for (const [name, hash] of Object.entries(files)) {
      expect(
        createHash("sha256")
          .update(readFileSync(join(app.out, name)))
          .digest("hex"),
      ).toBe(hash);
    }
    expect(kernels.map((kernel: { name: string; device: string }) => `${kernel.name} ${kernel.device}`)).toEqual(
      names(first),
    );
  });

  it("writes the same bytes elsewhere", async () => {
    const other = application("elsewhere");
    await buildKernels(other);
    expect(contents(other.out)).toEqual(contents(app.out));
  });

  it("solves and writes nothing where nothing has changed", async () => {
    const second = await buildKernels(app);
    expect([names(second), second.written, second.removed]).toEqual([[], [], []]);
    expect(await checkKernels(app)).toMatchObject({ isUpToDate: true });
  });

  it("solves the kernels whose inputs have changed, through an import too, and check says so before", async () => {
    const before = application("changed");
    cpSync(app.out, before.out, { recursive: true });
    writeFileSync(join(before.config, "../size.ts"), "export const size = 32;\n");
    expect(await checkKernels(before)).toMatchObject({
      isUpToDate: false,
      stale: ["large.ts", "large/h200/large_forward.cu", "large/h200/plan.json", "manifest.json"],
      missing: [],
      extra: [],
    });
    const report = await buildKernels(before);
    expect(names(report)).toEqual(["large h200"]);
    expect(report.written.toSorted()).toEqual([
      "large.ts",
      "large/h200/large_forward.cu",
      "large/h200/plan.json",
      "manifest.json",
    ]);
    expect(await checkKernels(before)).toMatchObject({ isUpToDate: true });
  });

  it("removes the files of a kernel that is gone, and nothing that it did not write", async () => {
    const fewer = application("fewer");
    cpSync(app.out, fewer.out, { recursive: true });
    writeConfig(fewer.config, small);
    writeFileSync(join(fewer.out, "notes.txt"), "mine");
    const gone = filesIn(fewer.out).filter((name) => /^(large|cuda-include)/.test(name));
    expect(await checkKernels(fewer)).toMatchObject({
      stale: ["manifest.json"],
      extra: [...gone, "notes.txt"].toSorted(),
    });
    expect((await buildKernels(fewer)).removed.toSorted()).toEqual(gone);
    expect(existsSync(join(fewer.out, "large"))).toBe(false);
    expect(filesIn(fewer.out)).toContain("notes.txt");
  });

  it("never removes what a manifest names outside of the directory", async () => {
    const edited = application("edited-manifest");
    cpSync(app.out, edited.out, { recursive: true });
    const path = join(edited.out, "manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...manifest, files: { ...manifest.files, "../size.ts": "0" } }));
    expect((await buildKernels(edited)).removed).toEqual([]);
    expect(existsSync(join(edited.out, "../size.ts"))).toBe(true);
  });

  it("finds files that were changed or lost, and writes them again", async () => {
    const damaged = application("damaged");
    cpSync(app.out, damaged.out, { recursive: true });
    writeFileSync(join(damaged.out, "small/webgpu-default/small_forward.wgsl"), "// by hand\n");
    rmSync(join(damaged.out, "cuda-include/prelude.cuh"));
    expect(await checkKernels(damaged)).toMatchObject({
      stale: ["small/webgpu-default/small_forward.wgsl"],
      missing: ["cuda-include/prelude.cuh"],
      extra: [],
    });
    expect(names(await buildKernels(damaged))).toEqual(["small webgpu-default"]);
    expect(contents(damaged.out)).toEqual(contents(app.out));
  });

  it("considers what is on request alone where a definition asks for it", async () => {
    const { config, out } = application("on-request");
    const half = `cell: "lstm", headDim: 16, dataType: "fp16", steps: 4, devices: ["webgpu-h200-experimental"]`;
    // Of these devices, the one without subgroup matrices is a tier for adapters without.
    const tiers = `devices: ["webgpu-h200-experimental", "webgpu-default"], subgroupMatrices: true`;
    writeConfig(
      config,
      `{ name: "waiting", cell: "lstm", headDim: 256, steps: 4, devices: ["webgpu-h200"], assumeForwardProgress: true }`,
      `{ name: "patient", cell: "lstm", headDim: 256, steps: 4, devices: ["webgpu-h200"] }`,
      `{ name: "matrices", ${half}, inputDim: 3, subgroupMatrices: true, family: "subgroup-matrix" }`,
      `{ name: "tiers", cell: "lstm", headDim: 16, ${tiers} }`,
    );
    await buildKernels({ config });
    const built = (name: string): string => readFileSync(join(out, name), "utf8");
    const familyOf = (name: string): string => JSON.parse(built(`${name}/webgpu-h200/plan.json`)).family;
    expect([familyOf("waiting"), familyOf("patient")]).toEqual(["grid", "stepwise"]);
    const program = JSON.parse(built("matrices/webgpu-h200-experimental/program.json"));
    expect(program.forward.family).toBe("subgroup-matrix");
    expect(program.requires.features).toContain("chromium-experimental-subgroup-matrix");
    expect(existsSync(join(out, "tiers/webgpu-default/plan.json"))).toBe(true);
    writeConfig(config, `{ name: "none", cell: "lstm", headDim: 16, subgroupMatrices: true }`);
    await expect(buildKernels({ config })).rejects.toThrow("kernel none: subgroup matrices: need the feature");
  });

  it("writes nothing where one kernel has no configuration, and names it", async () => {
    const impossible = application("impossible");
    writeConfig(
      impossible.config,
      small,
      `{ name: "huge", cell: "lstm", headDim: 16384, dataType: "fp32", devices: ["h200"], family: "resident" }`,
    );
    await expect(buildKernels(impossible)).rejects.toMatchObject({
      code: "no-configuration",
      message: expect.stringMatching(/^kernel huge: .*16384/),
    });
    expect(existsSync(impossible.out)).toBe(false);
  });
});

describe("a configuration", () => {
  const root = join(directory, "wrong");
  mkdirSync(root);
  const config = join(root, "kernels.config.ts");

  it.each([
    ["export default 3;", "exports no list of kernels"],
    ["export default [3];", "kernel 1: is no object"],
    [`export default [{ name: "a", cell: "lstm" }];`, "kernel 1: headDim is missing"],
    [`export default [{ name: "a", cell: "lstm", headDim: 8, size: 3 }];`, 'kernel 1: unknown field "size"'],
    [`export default [{ name: "a", cell: "lstm", headDim: "8" }];`, 'headDim: "8" is no number'],
    [
      `export default [{ name: "a", cell: "lstm", headDim: 0 }];`,
      "kernel a: head dimension: 0 is not an integer from 1",
    ],
    [`export default [{ name: "a", cell: "lstn", headDim: 8 }];`, 'unknown cell "lstn"'],
    [`export default [{ name: "../a", cell: "lstm", headDim: 8 }];`, 'kernel name "../a"'],
    [`export default [{ name: "a__b", cell: "lstm", headDim: 8 }];`, 'kernel name "a__b"'],
    [
      `export default [{ name: "a", cell: "lstm", headDim: 8, layers: 2 }];`,
      "layers is for a network, which needs inputDim",
    ],
    [
      `export default [{ name: "a", cell: "lstm", headDim: 8, inputDim: 0 }];`,
      "input dimension: 0 is not an integer from 1",
    ],
    [
      `export default [{ name: "a", cell: "lstm", headDim: 8, inputDim: 4, devices: ["h200"] }];`,
      "a network (inputDim) runs on WebGPU devices, and NVIDIA H200 is none",
    ],
    [`export default [{ name: "a", cell: "lstm", headDim: 8, devices: [] }];`, "devices: the list is empty"],
    [
      `export default [{ name: "a", cell: "lstm", headDim: 8, devices: ["h200", "H200"] }];`,
      "two of its devices are called h200",
    ],
    [`export default [{ name: "a", cell: "lstm", headDim: 8, devices: ["./none.json"] }];`, "cannot read ./none.json"],
    [
      `const a = { cell: "lstm", headDim: 8 }; export default [{ ...a, name: "Aa" }, { ...a, name: "aA" }];`,
      "Aa and aA differ in case alone",
    ],
    ["export default [", "kernels.config.ts:1: Unexpected end of file"],
    [`throw new Error("not today");`, "kernels.config.ts: not today"],
    [`import "./nothing.js"; export default [];`, 'Could not resolve "./nothing.js"'],
  ])("%s is refused", async (text, message) => {
    writeFileSync(config, text);
    await expect(buildKernels({ config })).rejects.toThrow(message);
    expect(readdirSync(root)).toEqual(["kernels.config.ts"]);
  });
});
