import { parseWgsl, validate, writeSpirv } from "naga-wasm";
import { describe, expect, it } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { gridFamily } from "../../../packages/kernelgen/src/wgsl/grid.js";
import { planRecurrent } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { trainedModules } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-training.js";
import { families, problemOf, webGpuDevice } from "./tilings.js";

// The compiler of wgpu, which shares nothing with Dawn's. It has no subgroup operations in WGSL yet.

const defaultDevice = webGpuDevice("webgpu-default");
const halfDevice = { ...defaultDevice, features: ["shader-f16"] as const };

/** Compiles a module to SPIR-V; throws `NagaError` where it is not valid. */
function compile(source: string): Uint32Array {
  const module = parseWgsl(source);
  return writeSpirv(module, validate(module));
}

describe.each([...cells.keys(), "gru_reset_first"])("naga accepts the modules of %s", (cell) => {
  it.each(["fp32", "fp16"] as const)("in %s, of networks for training and for inference", (dataType) => {
    const isTrained = cell !== "gru_reset_first";
    for (const [family, headDim] of [
      ["resident", 9],
      ["stepwise", 32],
    ] as const) {
      const sizes = { cell, headDim, inputDim: 5, batch: 3, family, dataType };
      const program = planRecurrent({ ...sizes, training: isTrained }, halfDevice);
      const modules = [
        program.forward,
        ...program.projections,
        ...(program.training === undefined ? [] : trainedModules(program.training)),
      ];
      for (const { source } of modules) expect(compile(source).length).toBeGreaterThan(0);
    }
  });
});

it.each([...families, gridFamily])("naga accepts forward modules of the family $name, whatever they keep", (family) => {
  for (const keeps of [{ stateOutput: "sequence" }, { stateOutput: "last" }]) {
    for (const [headDim, heads, batch] of [
      [7, 1, 1],
      [20, 2, 5],
    ] as const) {
      const { plan } = solveFamily(problemOf({ headDim, heads, batch, ...keeps }), defaultDevice, family);
      expect(compile(family.emit(plan!)[0]!.text).length).toBeGreaterThan(0);
    }
  }
});

it("naga refuses what is no WGSL", () => {
  expect(() => compile("fn f() -> f32 { return 1u; }")).toThrow();
});
