import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findDevice, type WebGpuDevice } from "hwmodels";
import { defineProblem, familiesFor, forwardTensors, solvePlan } from "kernelgen";
import type { BuiltKernel, chooseTier, createBuiltForward } from "kernelgen/webgpu";
import { afterAll, describe, expect, it } from "vitest";
import { tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { verifyForward } from "../../../packages/kernelgen/src/wgsl/verify.js";
import { requireDevice } from "../wgsl/devices.js";
import { bundlers } from "./bundles.js";

/** What a bundle of the application exports. */
interface Application {
  readonly lstm: BuiltKernel;
  readonly wake: BuiltKernel;
  readonly chooseTier: typeof chooseTier;
  readonly createBuiltForward: typeof createBuiltForward;
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
    const { lstm, wake } = await application();
    expect([lstm.name, wake.name]).toEqual(["lstm", "wake"]);
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
    expect(() => chooseTier(lstm, none as never)).toThrow(/maxStorageBuffersPerShaderStage: needs \d+, has 4/);
    const { device } = await requireDevice(context);
    const forward = await createBuiltForward(device, lstm);
    for (const { largestError } of await verifyForward(forward, problem, 1)) {
      expect(largestError).toBeLessThan(tolerances.fp32);
    }
    forward.destroy();
  });
});
