import { findDevice } from "hwmodels";
import { defineProblem, familiesFor, planToJson, solveFamily } from "kernelgen";
import { describe, expect, it } from "vitest";
import { matrixTile } from "../../examples/playground/src/tile.js";

const cases = ["h200", "a100", "webgpu-default", "webgpu-h200"].flatMap((id) =>
  [24, 300, 768].flatMap((headDim) =>
    // WGSL has no bf16, and its kernels go forward.
    (id.startsWith("webgpu") ? ["fp32"] : ["bf16", "fp32"]).flatMap((dataType) =>
      (id.startsWith("webgpu") ? ["forward"] : ["forward", "backward"]).map((pass) => ({
        id,
        headDim,
        dataType,
        pass,
        batch: 4,
      })),
    ),
  ),
);

/** The best plan of every family that has one. */
function plansOf({ id, ...options }: (typeof cases)[number]) {
  const device = findDevice(id);
  const problem = defineProblem({ cell: "lstm", ...options });
  return familiesFor(device).flatMap((family) => {
    const { plan } = solveFamily(problem, device, family);
    return plan === undefined ? [] : [planToJson(plan)];
  });
}

describe("the tile over R", () => {
  it.each(cases)("places every column of R once: $pass, $dataType $headDim on $id", (options) => {
    const plans = plansOf(options);
    expect(plans.some((plan) => matrixTile(plan) !== undefined)).toBe(true);
    for (const plan of plans) {
      const tile = matrixTile(plan);
      if (tile === undefined) continue;
      const segments = tile.segments.toSorted((a, b) => a.begin - b.begin);
      expect(segments.map(({ begin }) => begin)).toEqual([0, ...segments.map(({ end }) => end)].slice(0, -1));
      const columns = options.headDim * (options.pass === "backward" ? 4 : 1);
      expect(segments.at(-1)!.end).toBe(columns);
      expect(tile.unitBlocks).toBe(plan.derived.unitBlocks ?? 1);
      // A block's columns of h are those of its part of R, and padding.
      if (plan.derived.innerPadded !== undefined) {
        expect(tile.blockColumns).toBe(Math.min(columns, plan.derived.innerPadded));
      }
    }
  });

  it("shows what does not fit in registers in shared memory", () => {
    const [plan] = plansOf({ id: "h200", headDim: 256, dataType: "bf16", pass: "forward", batch: 4 });
    const { parameters, derived } = plan!;
    const half = { ...plan!, parameters: { ...parameters, innerTilesInRegisters: derived.innerTiles! / 2 } };
    const columns = (place: string): number =>
      matrixTile(half)!
        .segments.filter((segment) => segment.place === place)
        .reduce((sum, { begin, end }) => sum + end - begin, 0);
    expect([columns("registers"), columns("shared")]).toEqual([128, 128]);
  });
});
