import { gateInput, gatesWith } from "../../cell/definition.js";
import { compileRows, type InputRows, type Numbers, type RowEvaluator } from "../../cell/evaluate-rows.js";
import type { LinearCell } from "../../cell/linear.js";
import { add, input, type Scalar, topologicalOrder } from "../../cell/scalar.js";
import { substitute } from "../../cell/substitute.js";
import type { Problem } from "../../plan/problem.js";

/** Values of a scan's tensors by name, in the layouts of `scanTensors`; all of one precision. */
export type ScanValues<Values extends Numbers = Numbers> = Readonly<Record<string, Values>>;

/** Graphs over a cell's gates, evaluated for all channels of a few steps of one sequence at once. */
export interface GateRows {
  /** For each graph a row of channels for each step; valid until the next call. */
  readonly results: readonly Float64Array[];
  /** The most steps of one call. */
  readonly capacity: number;
  /** Evaluates the graphs at `count` steps of sequence b from step t on; further inputs are read from where their offsets say. */
  evaluate(b: number, t: number, count: number): void;
}

/** Elements that a call evaluates: few enough for the rows of all nodes to stay in the cache, many enough to hide the calls. */
const elementsPerCall = 1024;

const biasInput = (name: string): string => `bias_${name}`;

/**
 * Prepares graphs that read the gates of a linear cell, and maybe other rows.
 *
 * @param others rows that the graphs read beside the gates, by the names of their inputs
 */
export function gateRows(
  problem: Problem & { readonly cell: LinearCell },
  values: ScanValues,
  roots: readonly Scalar[],
  others: Readonly<Record<string, InputRows>> = {},
): GateRows {
  const { cell, steps } = problem;
  const channels = problem.heads * problem.headDim;
  const biased = gatesWith(cell, "bias");
  const gateInputs = cell.gates.map(gateInput);
  // Pre-activations with a bias: the sum of two inputs.
  const replacements = new Map<Scalar, Scalar>();
  for (const node of topologicalOrder(roots)) {
    const gate = node.kind === "input" ? biased.find((candidate) => gateInput(candidate) === node.name) : undefined;
    if (gate !== undefined) replacements.set(node, add(node, input(biasInput(gate.name))));
  }
  const inputs: Record<string, InputRows> = { ...others };
  for (const name of gateInputs) inputs[name] = { values: values.wx!, offset: 0, stride: gateInputs.length * channels };
  for (const [index, gate] of biased.entries()) {
    inputs[biasInput(gate.name)] = { values: values.bias!, offset: index * channels, stride: 0 };
  }
  const capacity = Math.min(steps, Math.max(1, Math.floor(elementsPerCall / channels)));
  const rows: RowEvaluator = compileRows(substitute(roots, replacements), inputs, channels, capacity);
  return {
    results: rows.results,
    capacity,
    evaluate(b, t, count) {
      const row = (b * steps + t) * gateInputs.length;
      for (let g = 0; g < gateInputs.length; g++) inputs[gateInputs[g]!]!.offset = (row + g) * channels;
      rows.evaluate(count);
    },
  };
}
