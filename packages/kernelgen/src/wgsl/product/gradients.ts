import type { WebGpuDevice } from "hwmodels";
import { type GateTerm, gatePlaces } from "../../cell/definition.js";
import type { Problem } from "../../plan/problem.js";
import { gradientName } from "../../plan/tensors.js";
import { elementType, runStruct } from "../module-source.js";
import type { ProductModule } from "../recurrent/program.js";
import { type ProductSource, productModule } from "./product-source.js";
import { solveProductTile } from "./product-tiling.js";
import { type PlannedProduct, plannedProduct } from "./projection.js";

/** The gates that have a term, in its tensor's order, by their places among all gates. */
const gatesOf = ({ cell }: Problem, term: GateTerm): readonly number[] =>
  gatePlaces(cell).flatMap((places, gate) => (places[term] === undefined ? [] : [gate]));

/** Declarations that all products of du share; `gates` are the places in d_u of the gates of the tensor whose gradient is computed. */
function declarations(problem: Problem, gates: readonly number[], bindings: readonly string[]): string {
  const { heads, headDim, batch, cell } = problem;
  const list = gates.map((gate) => `${gate}u`).join(", ");
  return `const HEAD_COUNT = ${heads}u;
const HEAD_DIM = ${headDim}u;
const LAYER_DIM = HEAD_COUNT * HEAD_DIM;
const BATCH = ${batch}u;
const GATE_COUNT = ${cell.gates.length}u;
// The gates of the tensor, by their places in d_u.
const GATES = array<u32, ${gates.length}>(${list});

${bindings.map((binding, index) => `@group(0) @binding(${index}) var<storage, ${binding};`).join("\n")}

${runStruct}
@group(0) @binding(${bindings.length}) var<uniform> run: Run;

// du of a gate of the tensor and a unit of the layer, in a row (sequence and step) of d_u [B,T,G,N,D].
fn gate_gradient(row: u32, gate: u32, unit: u32) -> f32 {
  return d_u[(row * GATE_COUNT + GATES[gate]) * LAYER_DIM + unit];
}`;
}

interface GradientProduct {
  readonly name: string;
  readonly source: Pick<ProductSource, "rows" | "columns" | "inner" | "left" | "right" | "store" | "description">;
  /** The gates of the tensor. */
  readonly term: GateTerm;
  /** Gradients and states are f32; what is `stored` has the problem's type. */
  readonly bindings: readonly {
    readonly name: string;
    readonly access: "read" | "read_write";
    readonly stored?: true;
  }[];
  /** Rows of the result; those of the sequences, B·T, if left out. */
  readonly rows?: number;
  readonly columns: number;
  readonly inner: number;
  readonly count?: number;
  readonly inputDim: number;
}

function gradientProduct(problem: Problem, device: WebGpuDevice, product: GradientProduct): PlannedProduct {
  const { name, bindings, columns, inner, count = 1, inputDim } = product;
  const rows = product.rows ?? problem.batch * problem.steps;
  const tile = solveProductTile({ rows, columns, inner, count }, device);
  const entryPoint = `${problem.cell.name}_${name}`;
  const source = productModule(
    {
      ...product.source,
      entryPoint,
      declarations: declarations(
        problem,
        gatesOf(problem, product.term),
        bindings.map(
          ({ access, name, stored }) =>
            `${access}> ${name}: array<${elementType(stored ? problem.dataType : "fp32").scalar}>`,
        ),
      ),
    },
    tile,
  );
  const module: Omit<ProductModule, "rowTile" | "columnTile"> = {
    entryPoint,
    source: `${problem.dataType === "fp16" ? "enable f16;\n" : ""}${source}`,
    bindings: [
      ...bindings.map(
        (binding) =>
          ({ name: binding.name, type: binding.access === "read" ? "read-only-storage" : "storage" }) as const,
      ),
      { name: "run", type: "uniform" },
    ],
    inputDim,
    columns,
    count,
    ...(product.rows === undefined ? {} : { rows: product.rows }),
  };
  return plannedProduct(tile, module);
}

/** d_x[b,t,i] += Σ_g,n,d du[b,t,g,n,d]·weights[g,n,d,i], over the gates with an input. */
export function inputGradient(problem: Problem, inputDim: number, device: WebGpuDevice): PlannedProduct {
  const outputs = gatesOf(problem, "input").length * problem.heads * problem.headDim;
  const { load } = elementType(problem.dataType);
  return gradientProduct(problem, device, {
    name: "input_gradient",
    term: "input",
    bindings: [
      { name: "d_u", access: "read" },
      { name: "weights", access: "read", stored: true },
      { name: "d_x", access: "read_write" },
    ],
    source: {
      description: `Gradient of a layer's input: d_x [B,T,I] += du [B,T,G,N,D] times weights [G,N,D,I], ${problem.cell.name}`,
      rows: "(BATCH * run.steps)",
      columns: `${inputDim}u`,
      inner: `${outputs}u`,
      left: { body: "return gate_gradient(row, inner / LAYER_DIM, inner % LAYER_DIM);", contiguous: "inner" },
      right: { body: `return ${load(`weights[inner * ${inputDim}u + column]`)};`, contiguous: "outer" },
      store: `d_x[row * ${inputDim}u + column] += value;`,
    },
    columns: inputDim,
    inner: outputs,
    inputDim,
  });
}

/** d_weights[g,n,d,i] += Σ_b,t du[b,t,g,n,d]·x[b,t,i]. */
export function weightGradient(problem: Problem, inputDim: number, device: WebGpuDevice): PlannedProduct {
  const rows = gatesOf(problem, "input").length * problem.heads * problem.headDim;
  const { load } = elementType(problem.dataType);
  return gradientProduct(problem, device, {
    name: "weight_gradient",
    term: "input",
    bindings: [
      { name: "d_u", access: "read" },
      { name: "x", access: "read", stored: true },
      { name: "d_weights", access: "read_write" },
    ],
    source: {
      description: `Gradient of a layer's input weights: d_weights [G,N,D,I] += du [B,T,G,N,D] transposed times x [B,T,I], ${problem.cell.name}`,
      rows: `${rows}u`,
      columns: `${inputDim}u`,
      inner: "(BATCH * run.steps)",
      left: { body: "return gate_gradient(inner, row / LAYER_DIM, row % LAYER_DIM);", contiguous: "outer" },
      right: { body: `return ${load(`x[inner * ${inputDim}u + column]`)};`, contiguous: "outer" },
      store: `d_weights[row * ${inputDim}u + column] += value;`,
    },
    rows,
    columns: inputDim,
    inner: problem.batch * problem.steps,
    inputDim,
  });
}

/** d_recurrent[g,n,d,k] += Σ_b,t du[b,t,g,n,d]·h[b,t−1,n,k], h before the first step being the initial one. */
export function recurrentGradient(problem: Problem, device: WebGpuDevice): PlannedProduct {
  const { headDim, heads, cell } = problem;
  const { load, store } = elementType(problem.dataType);
  const output = cell.states[0]!.name;
  return gradientProduct(problem, device, {
    name: "recurrent_gradient",
    term: "recurrent",
    bindings: [
      { name: "d_u", access: "read" },
      { name: output, access: "read", stored: true },
      { name: "initial_states", access: "read" },
      { name: gradientName("recurrent"), access: "read_write" },
    ],
    source: {
      description: `Gradient of the recurrent matrix: d_recurrent [G,N,D,D] += du [B,T,G,N,D] transposed times ${output} of the step before, ${cell.name}`,
      rows: "HEAD_DIM",
      columns: "HEAD_DIM",
      inner: "(BATCH * run.steps)",
      left: {
        body: "return gate_gradient(inner, z / HEAD_COUNT, (z % HEAD_COUNT) * HEAD_DIM + row);",
        contiguous: "outer",
      },
      right: {
        body: `let unit = (z % HEAD_COUNT) * HEAD_DIM + column;
  let time = inner % run.steps;
  if (time == select(0u, run.steps - 1u, run.reversed == 1u)) {
    return ${load(store("initial_states[(inner / run.steps) * LAYER_DIM + unit]"))};
  }
  let before = select(inner - 1u, inner + 1u, run.reversed == 1u);
  return ${load(`${output}[before * run.output_stride + run.output_offset + unit]`)};`,
        contiguous: "outer",
      },
      store: "d_recurrent[(z * HEAD_DIM + row) * HEAD_DIM + column] += value;",
    },
    rows: headDim,
    columns: headDim,
    inner: problem.batch * problem.steps,
    count: gatesOf(problem, "recurrent").length * heads,
    inputDim: headDim,
  });
}

/** d_bias[g,n,d] += Σ_b,t du[b,t,g,n,d]: a product with a column of ones. */
export function biasGradient(problem: Problem, device: WebGpuDevice): PlannedProduct {
  const rows = gatesOf(problem, "bias").length * problem.heads * problem.headDim;
  return gradientProduct(problem, device, {
    name: "bias_gradient",
    term: "bias",
    bindings: [
      { name: "d_u", access: "read" },
      { name: gradientName("bias"), access: "read_write" },
    ],
    source: {
      description: `Gradient of the bias: d_bias [G,N,D] += du [B,T,G,N,D] summed over sequences and steps, ${problem.cell.name}`,
      rows: `${rows}u`,
      columns: "1u",
      inner: "(BATCH * run.steps)",
      left: { body: "return gate_gradient(inner, row / LAYER_DIM, row % LAYER_DIM);", contiguous: "outer" },
      right: { body: "return 1.0;", contiguous: "outer" },
      store: "d_bias[row] += value;",
    },
    rows,
    columns: 1,
    inner: problem.batch * problem.steps,
    inputDim: 1,
  });
}
