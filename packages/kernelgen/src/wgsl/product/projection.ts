import type { WebGpuDevice } from "hwmodels";
import { gatesWith } from "../../cell/definition.js";
import { isLinear } from "../../cell/linear.js";
import type { Problem } from "../../plan/problem.js";
import { elementType } from "../module-source.js";
import type { ProductModule } from "../recurrent/program.js";
import { lanesPerVector } from "../workgroup-tiling.js";
import { productModule } from "./product-source.js";
import { type ProductTile, solveProductTile } from "./product-tiling.js";

/** What a module's dispatch needs of a device. */
export interface ModuleLaunch {
  readonly threadsPerBlock: number;
  readonly sharedBytesPerBlock: number;
  readonly storageBufferCount: number;
}

/** A product's module, and what its dispatch needs. */
export interface PlannedProduct {
  readonly module: ProductModule;
  readonly launch: ModuleLaunch;
}

/** A product's module with the tile that its source was written for. */
export function plannedProduct(
  tile: ProductTile,
  module: Omit<ProductModule, "rowTile" | "columnTile">,
): PlannedProduct {
  return {
    module: {
      ...module,
      rowTile: tile.rowLanes * tile.rowsPerInvocation,
      columnTile: tile.columnLanes * tile.vectorsPerInvocation * lanesPerVector,
    },
    launch: {
      threadsPerBlock: tile.rowLanes * tile.columnLanes,
      sharedBytesPerBlock: tile.workgroupBytes,
      storageBufferCount: module.bindings.filter(({ type }) => type !== "uniform").length,
    },
  };
}

/** Bindings of the uniform that says how many rows a product has. */
export const rowsUniform = (binding: number): string => `struct Run {
  // Rows of the batch's sequences: B·T.
  rows: u32,
}
@group(0) @binding(${binding}) var<uniform> run: Run;`;

/** WGSL of the bias that a projection adds to a column: of a linear recurrence that has biases, whose kernels then read none. */
function biasSource({ cell, heads, headDim }: Problem, load: (expression: string) => string): string {
  const units = heads * headDim;
  const biased = gatesWith(cell, "bias");
  const cases = gatesWith(cell, "input").flatMap((gate, g) => {
    const place = biased.indexOf(gate);
    return place < 0 ? [] : [`    case ${g}u: { return ${load(`bias[${place * units}u + column % ${units}u]`)}; }`];
  });
  return `fn bias_of(column: u32) -> f32 {
  switch (column / ${units}u) {
${cases.join("\n")}
    default: { return 0.0; }
  }
}`;
}

/**
 * The input projection of a layer, before its recurrence: wx[b,t,g,n,d] = Σ_i weights[g,n,d,i]·x[b,t,i], one tiled product over the rows
 * (b,t) of all steps. Of a linear recurrence also + bias[g,n,d], so that its backward kernel needs one buffer less.
 */
export function projection(problem: Problem, inputDim: number, device: WebGpuDevice): PlannedProduct {
  const { cell, heads, headDim, batch, steps } = problem;
  const columns = gatesWith(cell, "input").length * heads * headDim;
  const { scalar, load, store } = elementType(problem.dataType);
  const tile = solveProductTile({ rows: batch * steps, columns, inner: inputDim, count: 1 }, device);
  const entryPoint = `${cell.name}_projection`;
  const addsBias = isLinear(cell) && gatesWith(cell, "bias").length > 0;
  const source = productModule(
    {
      entryPoint,
      description: `Input projection of a recurrent layer: wx [B,T,G,N,D] = x [B,T,I] times weights [G,N,D,I] transposed, ${cell.name}, heads ${headDim}x${heads}, inputs ${inputDim}`,
      declarations: `const INPUT_DIM = ${inputDim}u;
const COLUMNS = ${columns}u;

@group(0) @binding(0) var<storage, read> x: array<${scalar}>;  // [B,T,I]
@group(0) @binding(1) var<storage, read> weights: array<${scalar}, COLUMNS * INPUT_DIM>;  // [G,N,D,I]
@group(0) @binding(2) var<storage, read_write> wx: array<${scalar}>;  // [B,T,G,N,D]
${rowsUniform(3)}${addsBias ? `\n@group(0) @binding(4) var<storage, read> bias: array<${scalar}>;  // [G,N,D]\n\n${biasSource(problem, load)}` : ""}`,
      rows: "run.rows",
      columns: "COLUMNS",
      inner: "INPUT_DIM",
      left: { body: `return ${load("x[row * INPUT_DIM + inner]")};`, contiguous: "inner" },
      right: { body: `return ${load("weights[column * INPUT_DIM + inner]")};`, contiguous: "inner" },
      store: `wx[row * COLUMNS + column] = ${store(addsBias ? "value + bias_of(column)" : "value")};`,
    },
    tile,
  );
  return plannedProduct(tile, {
    entryPoint,
    source: `${problem.dataType === "fp16" ? "enable f16;\n" : ""}${source}`,
    bindings: [
      { name: "x", type: "read-only-storage" },
      { name: "weights", type: "read-only-storage" },
      { name: "wx", type: "storage" },
      { name: "run", type: "uniform" },
      ...(addsBias ? [{ name: "bias", type: "read-only-storage" } as const] : []),
    ],
    inputDim,
    columns,
    count: 1,
  });
}
