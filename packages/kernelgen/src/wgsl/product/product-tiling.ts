import { constant, evaluate, type IntExpr, Model, max, type Solution } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { KernelgenError } from "../../errors.js";
import { totalCost } from "../../plan/cost-term.js";
import { ceilQuotient, plus, times } from "../../plan/integer-expressions.js";
import { barrierTerm, type DeviceCosts, deviceCosts } from "../cost.js";
import { lanesPerVector, powersOfTwo } from "../workgroup-tiling.js";

/** The extents of a product result[row,column] = Σ_inner left[row,inner]·right[inner,column], and how many of them are computed at once. */
export interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly count: number;
}

/**
 * How a workgroup computes its tile of a product: lanes of rows by lanes of columns, each invocation with so many rows and so many vectors
 * of four columns, `innerTile` inner indices at a time from workgroup memory.
 */
export interface ProductTile {
  readonly rowLanes: number;
  readonly columnLanes: number;
  readonly rowsPerInvocation: number;
  readonly vectorsPerInvocation: number;
  readonly innerTile: number;
  readonly workgroupBytes: number;
}

const floatBytes = 4;
/** Addresses, counters and temporaries of an invocation. */
const scratchRegisters = 20;
const unrollChoices = [1, 2, 4, 8] as const;
const innerTileChoices = [8, 16, 32] as const;

/**
 * The tile with the least predicted time for a product on a device:
 *
 *     waves(workgroups) · ⌈inner / innerTile⌉ · (loads from storage + 2 barriers + multiply-adds and workgroup memory)
 *
 * within the device's invocations, workgroup memory and assumed registers. Throws `KernelgenError` "no-configuration" where nothing fits.
 */
export function solveProductTile(shape: ProductShape, device: WebGpuDevice): ProductTile {
  const { limits, assumed } = device;
  const costs = deviceCosts(device);
  const model = new Model();
  const lanes = powersOfTwo(Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX));
  const rowLanes = model.int("rowLanes", lanes);
  const columnLanes = model.int("columnLanes", lanes);
  const rowsPerInvocation = model.int("rowsPerInvocation", unrollChoices);
  const vectorsPerInvocation = model.int("vectorsPerInvocation", [1, 2]);
  const innerTile = model.int("innerTile", innerTileChoices);
  const unknowns = [rowLanes, columnLanes, rowsPerInvocation, vectorsPerInvocation, innerTile];

  const invocations = times(rowLanes, columnLanes);
  const rowTile = times(rowLanes, rowsPerInvocation);
  const columnTile = times(columnLanes, vectorsPerInvocation, lanesPerVector);
  const workgroupBytes = times(innerTile, rowTile.plus(columnTile), floatBytes);
  const registers = plus(
    times(rowsPerInvocation, vectorsPerInvocation, lanesPerVector),
    rowsPerInvocation,
    vectorsPerInvocation.times(lanesPerVector),
    scratchRegisters,
  );
  model.add(invocations.ge(Math.min(lanes.at(-1)!, smallestWorkgroup)), "a workgroup fills a subgroup");
  model.add(invocations.le(lanes.at(-1)!), "invocations");
  model.add(workgroupBytes.le(limits.maxComputeWorkgroupStorageSize), "workgroup memory");
  model.add(registers.le(assumed.registersPerInvocation), "registers of an invocation");
  model.add(registers.times(invocations).le(assumed.registersPerWorkgroup), "registers of a workgroup");

  const rowBlocks = ceilQuotient(shape.rows, rowTile);
  const columnBlocks = ceilQuotient(shape.columns, columnTile);
  const innerTiles = ceilQuotient(shape.inner, innerTile);
  model.add(rowBlocks.le(limits.maxComputeWorkgroupsPerDimension), "workgroups of rows");
  model.add(columnBlocks.le(limits.maxComputeWorkgroupsPerDimension), "workgroups of columns");
  const blocks = times(rowBlocks, columnBlocks, shape.count);
  const units = assumed.computeUnitCount;
  const waves = ceilQuotient(blocks, units);
  const cost = times(waves, innerTiles, tileCost(costs));
  const best = model.minimize(cost, { arithmetic: "graph" });
  if (best.solution === undefined) {
    throw new KernelgenError(
      "no-configuration",
      `no tile of a product of ${shape.rows} x ${shape.inner} by ${shape.inner} x ${shape.columns} fits ${device.name}: ` +
        `${limits.maxComputeInvocationsPerWorkgroup} invocations, ${limits.maxComputeWorkgroupStorageSize} B of workgroup memory`,
    );
  }
  return tileOf(best.solution);

  /** Picoseconds of one inner tile of one workgroup. */
  function tileCost(costs: DeviceCosts): IntExpr {
    const loadedBytes = times(innerTile, rowTile.plus(columnTile), floatBytes);
    const readBytes = times(
      invocations,
      plus(rowsPerInvocation.times(floatBytes), vectorsPerInvocation.times(lanesPerVector * floatBytes)),
      innerTile,
    );
    const vectorProducts = times(rowsPerInvocation, vectorsPerInvocation, innerTile);
    return plus(
      loadedBytes.times(costs.storageByte + costs.workgroupByte),
      constant(costs.storageLatency + costs.workgroupLatency),
      totalCost([barrierTerm(device, constant(2), invocations)]),
      max([
        vectorProducts.times(invocations).times(costs.vectorMultiplyAdd),
        vectorProducts.times(costs.vectorMultiplyAddLatency),
        readBytes.times(costs.workgroupByte),
      ]),
    );
  }

  function tileOf(solution: Solution): ProductTile {
    const values = Object.fromEntries(unknowns.map((unknown) => [unknown.name, solution[unknown.name]!]));
    return { ...(values as unknown as ProductTile), workgroupBytes: evaluate(workgroupBytes, solution) };
  }
}

/** Fewer invocations than a subgroup of most GPUs would leave lanes idle. */
const smallestWorkgroup = 32;
