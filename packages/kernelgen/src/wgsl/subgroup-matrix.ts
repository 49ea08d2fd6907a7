import { constant, type IntVar, type Model, max, table } from "constrint";
import type { SubgroupMatrixShape, WebGpuDevice } from "hwmodels";
import { gatesWith } from "../cell/definition.js";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import { dataTypeBytes } from "../plan/data-type.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { matrixCosts, stepCosts } from "./cost.js";
import { refuseForward } from "./requirements.js";
import { emitSubgroupMatrix } from "./subgroup-matrix-source.js";
import { lanesPerVector, scratchRegisters, slotRegisters, workgroupBudgets } from "./workgroup-tiling.js";

const floatBytes = 4;

/**
 * Bytes between the ends of a column in workgroup memory and the beginning of the next: a row of memory banks is as long as many columns, so
 * that without them the columns of a matrix would lie in the same banks.
 */
const columnPaddingBytes = 16;

/** The products of subgroup matrices that serve a problem: of the type that R is stored in, with sums in f32, and of sides that divide R's. */
const shapesFor = ({ dataType, headDim }: Problem, { subgroupMatrices }: WebGpuDevice): SubgroupMatrixShape[] =>
  shapesOfType(dataType, subgroupMatrices).filter(({ m, k }) => headDim % m === 0 && headDim % k === 0);

const componentOf = (dataType: Problem["dataType"]): "f16" | "f32" => (dataType === "fp16" ? "f16" : "f32");

const shapesOfType = (
  dataType: Problem["dataType"],
  shapes: readonly SubgroupMatrixShape[],
): readonly SubgroupMatrixShape[] =>
  shapes.filter(({ component, result }) => component === componentOf(dataType) && result === "f32");

/**
 * One workgroup for each head and batch tile; the whole time loop inside, in one dispatch, R·h by subgroup matrices.
 *
 * R's tiles of m rows are dealt to the subgroups, each of which keeps the first columns of its tiles in its registers for all steps and reads
 * the others from storage in each. h lies in workgroup memory in the type of R; the sums meet there in f32.
 *
 * Subgroup matrices are an experiment of Dawn's, so this family is considered on request alone (`subgroupMatrices`).
 */
export const subgroupMatrixFamily: KernelFamily<WebGpuDevice> = {
  name: "subgroup-matrix",
  target: "wgsl",
  refuse: (problem, device) => refuseForward(problem, device) ?? refuseMatrices(problem, device),
  tile(problem, device, model) {
    const { cell, headDim, heads, batch } = problem;
    const { limits, assumed, subgroupSizes } = device;
    const costs = stepCosts(problem, device);
    const elementBytes = dataTypeBytes[problem.dataType];
    const shape = statedShape(problem, device, model);
    const { rows, columns, inner } = shape;
    const gateCount = gatesWith(cell, "recurrent").length;
    const gateVectors = Math.ceil(cell.gates.length / lanesPerVector);

    // Smaller subgroups than the largest make more of them than have a part; those are idle in the product.
    const largestSubgroup = subgroupSizes!.max;
    const maxInvocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
    const subgroups = model.int("subgroups", 1, Math.max(1, Math.floor(maxInvocations / largestSubgroup)));
    const rowTiles = constant(gateCount * headDim).dividedBy(rows);
    const rowTilesPerSubgroup = model.int("rowTilesPerSubgroup", 1, gateCount * headDim);
    model.add(times(subgroups, rowTilesPerSubgroup).eq(rowTiles), "every subgroup has as many rows of R");
    const columnTiles = model.int("columnTiles", 1, batch);
    const batchTile = times(columnTiles, columns);
    const batchBlocks = ceilQuotient(batch, batchTile);
    model.add(times(columnTiles.minus(1), columns, batchBlocks).lt(batch), "no smaller batch tile has as many blocks");
    const innerTiles = constant(headDim).dividedBy(inner);
    const innerTilesInRegisters = model.int("innerTilesInRegisters", 0, headDim);
    model.add(innerTilesInRegisters.le(innerTiles), "no more of R than there is");
    const innerTilesInStorage = innerTiles.minus(innerTilesInRegisters);

    const invocations = subgroups.times(largestSubgroup);
    const ownSlots = ceilQuotient(times(batchTile, headDim), invocations);
    const stateStride = constant(headDim + columnPaddingBytes / elementBytes);
    const stateElements = times(batchTile, stateStride);
    const sumStride = constant(headDim + columnPaddingBytes / floatBytes);
    const sumElements = times(batchTile, sumStride, gateCount);
    const workgroupBytes = plus(stateElements.times(elementBytes), sumElements.times(floatBytes));

    const ownTiles = times(rowTilesPerSubgroup, columnTiles);
    const registers = plus(
      times(rowTilesPerSubgroup, innerTilesInRegisters, shape.leftRegisters),
      times(ownTiles, shape.resultRegisters),
      // The operands of a product that are read for it.
      plus(shape.leftRegisters, shape.rightRegisters),
      slotRegisters(cell, ownSlots),
      ownSlots.times(gateVectors * lanesPerVector),
      scratchRegisters,
    );

    const products = times(subgroups, ownTiles, innerTiles);
    const blockCount = batchBlocks.times(heads);
    const waves = ceilQuotient(blockCount, assumed.computeUnitCount);
    const stepTerms: readonly CostTerm[] = [
      {
        name: "matrix product",
        amount: max([times(products, shape.productPicoseconds), innerTiles.times(matrixCosts(device).productLatency)]),
        price: 1,
      },
      {
        name: "workgroup memory",
        amount: times(subgroups, innerTiles, columnTiles, inner, columns),
        price: elementBytes * costs.workgroupByte,
      },
      // Once to write the sums, once to read them.
      { name: "workgroup memory", amount: sumElements, price: 2 * floatBytes * costs.workgroupByte },
      { name: "workgroup memory", amount: constant(1), price: 2 * costs.workgroupLatency },
      {
        name: "storage",
        amount: times(subgroups, rowTilesPerSubgroup, innerTilesInStorage, rows, inner),
        price: elementBytes * costs.storageByte,
      },
      { name: "storage", amount: innerTilesInStorage, price: costs.storageLatency },
      // The compute unit's rate bounds all slots together; an invocation finishes its own one after the other.
      {
        name: "pointwise part",
        amount: times(ownSlots, max([invocations.times(costs.pointwise), constant(costs.ownSlot)])),
        price: 1,
      },
      { name: "barriers", amount: constant(2), price: costs.workgroupBarrier },
    ];
    const costTerms = repeated(stepTerms, waves);
    return {
      unknowns: [rows, columns, inner, subgroups, rowTilesPerSubgroup, columnTiles, innerTilesInRegisters],
      derived: {
        inputGateCount: constant(gatesWith(cell, "input").length),
        headDim: constant(headDim),
        headCount: constant(heads),
        batch: constant(batch),
        batchTile,
        batchBlocks,
        unitTile: constant(headDim),
        invocations,
        ownSlots,
        innerTiles,
        stateStride,
        stateElements,
        sumStride,
        sumElements,
        workgroupsX: constant(heads),
        workgroupsY: batchBlocks,
        workgroupsZ: constant(1),
        dispatchCount: constant(1),
      },
      launch: { blockCount, threadsPerBlock: invocations, sharedBytesPerBlock: workgroupBytes },
      budgets: workgroupBudgets(device, invocations, {
        workgroupBytes,
        registers,
        largestDispatchDimension: max([constant(heads), batchBlocks]),
      }),
      cost: waves.times(totalCost(stepTerms)),
      costTerms,
    };
  },
  emit: emitSubgroupMatrix,
};

/** The product of subgroup matrices that a plan's kernel multiplies by; undefined of another family. */
export function subgroupMatrixOf({ family, parameters, problem }: Plan): SubgroupMatrixShape | undefined {
  if (family !== "subgroup-matrix") return undefined;
  const { matrixRows, matrixColumns, matrixInner } = parameters as Readonly<Record<string, number>>;
  return {
    component: componentOf(problem.dataType),
    result: "f32",
    m: matrixRows!,
    n: matrixColumns!,
    k: matrixInner!,
  };
}

/** The chosen product of subgroup matrices, left [rows,inner] times right [inner,columns]. */
interface StatedShape {
  readonly rows: IntVar;
  readonly columns: IntVar;
  readonly inner: IntVar;
  /** Registers of an invocation for its part of a matrix. */
  readonly leftRegisters: IntVar;
  readonly rightRegisters: IntVar;
  readonly resultRegisters: IntVar;
  /** What a product takes of a compute unit. */
  readonly productPicoseconds: IntVar;
}

function statedShape(problem: Problem, device: WebGpuDevice, model: Model): StatedShape {
  const elementBytes = dataTypeBytes[problem.dataType];
  // The smaller a subgroup, the larger the part of each of its invocations.
  const registersOf = (elements: number, bytes: number): number =>
    Math.ceil((elements * bytes) / floatBytes / device.subgroupSizes!.min);
  const choices = shapesFor(problem, device).map(({ m, n, k }) => ({
    matrixRows: m,
    matrixColumns: n,
    matrixInner: k,
    leftRegisters: registersOf(m * k, elementBytes),
    rightRegisters: registersOf(k * n, elementBytes),
    resultRegisters: registersOf(m * n, floatBytes),
    productPicoseconds: matrixCosts(device).product(m * n * k),
  }));
  const variable = (name: keyof (typeof choices)[number]): IntVar =>
    model.int(name, [...new Set(choices.map((choice) => choice[name]))]);
  const variables = {
    rows: variable("matrixRows"),
    columns: variable("matrixColumns"),
    inner: variable("matrixInner"),
    leftRegisters: variable("leftRegisters"),
    rightRegisters: variable("rightRegisters"),
    resultRegisters: variable("resultRegisters"),
    productPicoseconds: variable("productPicoseconds"),
  };
  model.add(
    table(
      Object.values(variables),
      choices.map((choice) => Object.values(choice)),
    ),
    "a product of subgroup matrices that the device has",
  );
  return variables;
}

function refuseMatrices(problem: Problem, device: WebGpuDevice): string | undefined {
  const { dataType, headDim, cell } = problem;
  const { features, name, subgroupMatrices } = device;
  if (!features.includes("chromium-experimental-subgroup-matrix")) {
    return `subgroup matrices: need the feature chromium-experimental-subgroup-matrix, which ${name} lacks`;
  }
  if (gatesWith(cell, "recurrent").length === 0) return `${cell.name} has no recurrent product`;
  const ofType = shapesOfType(dataType, subgroupMatrices);
  if (ofType.length === 0) {
    return `subgroup matrices: ${name} has none of ${componentOf(dataType)} with sums in f32, which ${dataType} needs`;
  }
  if (shapesFor(problem, device).length > 0) return undefined;
  const sides = [...new Set(ofType.map(({ m, k }) => `${m} and ${k}`))].join(", or of ");
  return `subgroup matrices: the head dimension ${headDim} is no multiple of ${sides}, the rows and columns of R that ${name} multiplies at once`;
}
