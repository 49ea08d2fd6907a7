import { existsSync } from "node:fs";
import { expect, it, type TestContext } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import type { OpenDevice } from "../../../packages/kernelgen/src/wgsl/node-device.js";
import { planRecurrent } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { scanFamily } from "../../../packages/kernelgen/src/wgsl/scan/forward.js";
import { requireDevice } from "./devices.js";
import { expectRight } from "./expect-numbers.js";
import { expectRightGradients } from "./recurrent/expect-gradients.js";
import { families, problemOf, seed, webGpuDevice } from "./tilings.js";

// Numbers in fp16, which SwiftShader does not have: on lavapipe (Mesa 25 or later) where it is installed, else on the machine's device.

/** Where Mesa 25 has its description; Debian 12's own Mesa, which Dawn does not take, has another name. */
const lavapipe = "/usr/share/vulkan/icd.d/lvp_icd.json";
const chosen = process.env.VK_DRIVER_FILES ?? "swiftshader";
if (chosen.includes("swiftshader") && existsSync(lavapipe)) process.env.VK_DRIVER_FILES = lavapipe;
const isLavapipe = process.env.VK_DRIVER_FILES?.includes("lvp_icd") ?? false;

// Lavapipe takes seconds to compile a kernel: there, few cells, and tiles with little that is unrolled.
const cellNames = isLavapipe ? ["lstm"] : [...cells.keys()];
const trainedCellNames = isLavapipe ? ["elman"] : [...cells.keys()];
const defaultDevice = webGpuDevice("webgpu-default");
const halfDevice = {
  ...defaultDevice,
  features: ["shader-f16"] as const,
  assumed: { ...defaultDevice.assumed, registersPerInvocation: 64 },
};

async function requireHalf(context: TestContext): Promise<OpenDevice> {
  const opened = await requireDevice(context);
  if (!opened.description.features.includes("shader-f16")) {
    context.skip(`fp16 cannot be run here: ${opened.description.name} has no shader-f16`);
  }
  return opened;
}

it.for(families)("forward passes of the family $name, stored in fp16", async (family, context) => {
  const { device } = await requireHalf(context);
  for (const cell of cellNames) {
    const problem = problemOf({ cell, headDim: 6, heads: 2, batch: 2, steps: 5, dataType: "fp16" });
    const { plan } = solveFamily(problem, halfDevice, family);
    await expectRight(device, plan!, family, problem, seed, tolerances.fp16);
  }
});

it("gradients of a network that is stored in fp16", async (context) => {
  const { device } = await requireHalf(context);
  for (const cell of trainedCellNames) {
    const sizes = { cell, headDim: 7, inputDim: 3, batch: 2, steps: 3 };
    const program = planRecurrent({ ...sizes, training: true, dataType: "fp16" }, halfDevice);
    await expectRightGradients(device, program, sizes.steps, seed % 1000);
  }
});

it("scans that are stored in fp16", async (context) => {
  const { device } = await requireHalf(context);
  const problem = problemOf({ cell: "mingru", headDim: 8, batch: 2, steps: 35, dataType: "fp16" });
  const pins = { channelsPerInvocation: 2, timeLanes: 4, stepsPerInvocation: 2, tilesPerChunk: 2 };
  const { plan, reason } = solveFamily(problem, halfDevice, scanFamily, pins);
  expect(reason).toBeUndefined();
  await expectRight(device, plan!, scanFamily, problem, seed, tolerances.fp16);
});
