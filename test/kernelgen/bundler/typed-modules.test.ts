import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildKernels } from "kernelgen/node";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
const directory = mkdtempSync(join(root, "node_modules/.cache/typed-modules-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the TypeScript compiler says of the application's files. */
async function typeErrors(main: string): Promise<string> {
  writeFileSync(join(directory, "main.ts"), main);
  const compiler = join(root, "node_modules/.bin/tsc");
  try {
    await promisify(execFile)(compiler, ["-p", directory]);
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

it("the modules of a build have the exact numbers in their types", async () => {
  writeFileSync(
    join(directory, "kernels.config.ts"),
    `import { defineKernels } from "kernelgen/build";
export default defineKernels([
  { name: "both", cell: "gru", headDim: 8, batch: 2, steps: 4, dataType: "fp32", devices: ["webgpu-default", "h200"] },
  { name: "net", cell: "lstm", inputDim: 3, headDim: 8, devices: ["webgpu-default"] },
]);`,
  );
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2023",
        module: "nodenext",
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        types: [],
      },
      files: ["main.ts", "kernels.config.ts"],
    }),
  );
  await buildKernels({ config: join(directory, "kernels.config.ts") });
  const right = `import { chooseTier, createBuiltForward, createRecurrent, type RecurrentWeights } from "kernelgen/webgpu";
import { cudaKernels, kernel } from "./generated/both.js";
import net from "./generated/net.js";
import type config from "./kernels.config.js";
const shape: readonly [2, 4, 3, 1, 8] = kernel.tensors[0].shape;
const device: "webgpu-default" = kernel.tiers[0].device;
const threads: number = cudaKernels[0].plan.launch.threadsPerBlock;
const inputs: 3 = net.tiers[0].program.inputDim;
const name: "both" = null! as (typeof config)[0]["name"];
export const used = [shape, device, threads, inputs, name, chooseTier, (gpu: GPUDevice) => createBuiltForward(gpu, kernel)];
export const run = (gpu: GPUDevice, weights: RecurrentWeights) => createRecurrent(gpu, chooseTier(net, gpu).program, weights);
`;
  expect(await typeErrors(right)).toBe("");
  expect(await typeErrors(right.replace("[2, 4, 3, 1, 8]", "[2, 4, 4, 1, 8]"))).toMatch(
    /main\.ts\(5,7\): error TS2322/,
  );
});
