import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findDevice, type WebGpuDevice } from "hwmodels";
import { defineProblem, familiesFor, forwardTensors, randomInputs, referenceForward, solvePlan } from "kernelgen";
import type { BuiltKernel, BuiltNetwork, chooseTier, createBuiltForward, createRecurrent } from "kernelgen/webgpu";
import { afterAll, describe, expect, it } from "vitest";
import { tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { verifyForward } from "../../../packages/kernelgen/src/wgsl/verify.js";
import { requireDevice } from "../wgsl/devices.js";
import { bundlers } from "./bundles.js";

/** What a bundle of the application exports. */
interface Application {
  readonly lstm: BuiltKernel;
  readonly wake: BuiltKernel;
  readonly speech: BuiltNetwork;
  readonly chooseTier: typeof chooseTier;
  readonly createBuiltForward: typeof createBuiltForward;
  readonly createRecurrent: typeof createRecurrent;
}

const problem = defineProblem({ cell: "lstm", headDim: 8, heads: 2, batch: 3, steps: 4, dataType: "fp32" });

/** What the kernel's source should be for a device of the catalogue, by solving it here. */
function sourceFor(id: string): string {
  const device = findDevice(id);
  const { plan, family } = solvePlan(problem, device, familiesFor(device));
  return family.emit(plan)[0]!.text;
}

const limitsOf = (id: string) => ({
  limits: (findDevice(id) as WebGpuDevice).limits as unknown as GPUSupportedLimits,
  features: new Set<string>(),
});

describe.each(Object.entries(bundlers))("the plugin for %s", (_name, bundle) => {
  const out = mkdtempSync(join(tmpdir(), "kernelgen-bundle-"));
  afterAll(() => rmSync(out, { recursive: true }));
  let bundled: ReturnType<typeof bundle> | undefined;
  const made = () => {
    bundled ??= bundle(out);
    return bundled;
  };
  const application = async (): Promise<Application> => import(pathToFileURL((await made()).file).href);

  it("puts solved kernels in the place of their definitions, for each tier", async () => {
    const { lstm, wake, speech } = await application();
    expect([lstm.name, wake.name, speech.name]).toEqual(["lstm", "wake", "speech"]);
    expect(lstm.tensors).toEqual(forwardTensors(problem));
    for (const { device, source } of lstm.tiers) expect(source).toBe(sourceFor(device));
    // CUDA is none of a bundle's business.
    expect(wake.tiers.map(({ device }) => device)).toEqual(["webgpu-default"]);
  });

  it("ships no solver", async () => {
    const { modules } = await made();
    expect(modules.filter((module) => /wgsl\/runtime\.js/.test(module)).length).toBe(1);
    expect(modules.filter((module) => /constrint\/|hwmodels|node_modules\/(?!kernelgen)/.test(module))).toEqual([]);
  });

  it("takes the best tier that a device can hold, and computes the right numbers", async (context) => {
    const { lstm, chooseTier, createBuiltForward } = await application();
    expect(chooseTier(lstm, limitsOf("webgpu-compatibility")).device).toBe("webgpu-compatibility");
    const none = { ...limitsOf("webgpu-default"), limits: { maxStorageBuffersPerShaderStage: 4 } };
    expect(() => chooseTier(lstm, none as never)).toThrow(/maxStorageBuffersPerShaderStage: .* needs \d+, .* has 4/);
    const { device } = await requireDevice(context);
    const forward = await createBuiltForward(device, lstm);
    for (const { largestError } of await verifyForward(forward, problem, 1)) {
      expect(largestError).toBeLessThan(tolerances.fp32);
    }
    forward.destroy();
  });

  it("runs a network that was solved at build time", async (context) => {
    const { speech, chooseTier, createRecurrent } = await application();
    const { device } = await requireDevice(context);
    const { program } = chooseTier(speech, device);
    const steps = 3;
    const problem = defineProblem({ cell: "gru", headDim: 8, batch: 2, steps, dataType: "fp32" });
    const { recurrent, bias, h_initial } = randomInputs(problem, 2);
    const weights = randomInputs(problem, 3).wx!.slice(0, 3 * 8 * program.inputDim);
    const inputs = randomInputs(problem, 4).wx!.slice(0, 2 * steps * program.inputDim);
    const layer = {
      input: Float32Array.from(weights),
      recurrent: Float32Array.from(recurrent!),
      bias: Float32Array.from(bias!),
    };
    const network = await createRecurrent(device, program, { layers: [[layer]] });
    const { output } = await network.forward(Float32Array.from(inputs));
    network.destroy();
    // Wx in float64: [B,T,I] times [G·D,I].
    const wx = Float64Array.from({ length: 2 * steps * 3 * 8 }, (_, index) => {
      const [row, column] = [Math.floor(index / 24), index % 24];
      return sumOf(
        program.inputDim,
        (i) => inputs[row * program.inputDim + i]! * weights[column * program.inputDim + i]!,
      );
    });
    const initial = new Float64Array(h_initial!.length);
    const { h } = referenceForward(problem, { wx, recurrent: recurrent!, bias: bias!, h_initial: initial });
    expect(output.length).toBe(h!.length);
    for (const [index, value] of h!.entries()) expect(Math.abs(output[index]! - value)).toBeLessThan(1e-5);
  });
});

const sumOf = (count: number, term: (index: number) => number): number =>
  Array.from({ length: count }, (_, index) => term(index)).reduce((sum, value) => sum + value, 0);
