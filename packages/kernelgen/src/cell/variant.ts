import { KernelgenError } from "../errors.js";
import { type CellDefinition, gateInput, stateInput, stepGraph } from "./definition.js";
import {
  add,
  constant,
  labelled,
  maximum,
  multiply,
  operands,
  type Scalar,
  sigmoid,
  subtract,
  tanh,
  topologicalOrder,
} from "./scalar.js";
import { substitute, withOperands } from "./substitute.js";

/** Ways in which a cell may differ from its definition, as the operators of ONNX have them. */
export interface CellVariant {
  /** LSTM: the gates i and f also read the cell state before the step, and o the one after it, each times a weight of the unit. */
  readonly peepholes?: boolean;
  /** LSTM: f = 1 − i; there is no gate f. */
  readonly coupledGates?: boolean;
  /** What an activation of a gate is applied to is bounded to ±clip. */
  readonly clip?: number;
}

/**
 * A cell in a variant:
 *
 *     peepholes      i = σ(u_i + p_i·c)   f = σ(u_f + p_f·c)   o = σ(u_o + p_o·c')
 *     coupledGates   f = 1 − i
 *     clip           σ(u) becomes σ(min(max(u, −clip), clip)), and tanh of what a gate feeds likewise; tanh(c') is as it was
 *
 * The peepholes are gates p_i, p_f and p_o that have a bias and nothing else, after the others. Throws `KernelgenError` "invalid-problem" for
 * what a cell does not have.
 *
 * Source: https://onnx.ai/onnx/operators, LSTM and GRU; where clipping applies is as onnxruntime's CPU provider does it.
 */
export function variantOf(cell: CellDefinition, { peepholes, coupledGates, clip }: CellVariant): CellDefinition {
  if ((peepholes || coupledGates) && cell.name !== "lstm") {
    throw new KernelgenError("invalid-problem", `${cell.name}: peepholes and coupled gates are an LSTM's`);
  }
  const base = peepholes || coupledGates ? lstmVariant(peepholes ?? false, coupledGates ?? false) : cell;
  return clip === undefined ? base : gateClippedCell(base, clip);
}

/** The name of a cell in a variant; `variantOf` gives it. */
export const variantName = (name: string, { peepholes, coupledGates, clip }: CellVariant): string =>
  [name, ...(coupledGates ? ["coupled"] : []), ...(peepholes ? ["peephole"] : []), ...(clip ? ["clipped"] : [])].join(
    "_",
  );

/** LSTM (Gers & Schmidhuber 2000) with peepholes from the cell state, with input and forget gate coupled, or both. */
function lstmVariant(peepholes: boolean, coupledGates: boolean): CellDefinition {
  const gates = ["i", ...(coupledGates ? [] : ["f"]), "z", "o"];
  const peepholeGates = peepholes ? gates.filter((name) => name !== "z").map((name) => `p_${name}`) : [];
  return {
    name: variantName("lstm", { peepholes, coupledGates }),
    description: `LSTM with gates ${gates.join(", ")}${coupledGates ? " (f = 1 - i)" : ""}${peepholes ? `, peepholes ${peepholeGates.join(", ")}` : ""} and states h, c`,
    gates: [
      ...gates.map((name) => ({ name })),
      ...peepholeGates.map((name) => ({ name, recurrent: false, input: false })),
    ],
    states: [{ name: "h" }, { name: "c" }],
    step(u, previous) {
      const withPeephole = (name: string, state: Scalar): Scalar =>
        peepholes ? add(u[name]!, multiply(u[`p_${name}`]!, state)) : u[name]!;
      const i = labelled("i", sigmoid(withPeephole("i", previous.c!)));
      const f = labelled("f", coupledGates ? subtract(constant(1), i) : sigmoid(withPeephole("f", previous.c!)));
      const z = labelled("z", tanh(u.z!));
      const c = labelled("c", add(multiply(f, previous.c!), multiply(i, z)));
      const o = labelled("o", sigmoid(withPeephole("o", c)));
      const h = labelled("h", multiply(o, tanh(c)));
      return { h, c };
    },
  };
}

/** A cell whose gates' activations are applied to clipped values. `clippedCell` clips states instead. */
function gateClippedCell(cell: CellDefinition, clip: number): CellDefinition {
  if (!(clip > 0 && Number.isFinite(clip))) {
    throw new KernelgenError("invalid-problem", `clip: ${clip} is not a positive number`);
  }
  const graph = clipped(cell, stepGraph(cell), clip);
  return {
    ...cell,
    name: variantName(cell.name, { clip }),
    description: `${cell.description}, gates clipped to ±${clip}`,
    step(u, previous) {
      const values = new Map<string, Scalar>([
        ...cell.gates.map((gate) => [gateInput(gate), u[gate.name]!] as const),
        ...cell.states.map((state) => [stateInput(state), previous[state.name]!] as const),
      ]);
      const inputs = topologicalOrder(graph).flatMap((node) =>
        node.kind === "input" ? [[node, values.get(node.name) ?? node] as const] : [],
      );
      const roots = substitute(graph, new Map(inputs));
      return Object.fromEntries(cell.states.map(({ name }, s) => [name, roots[s]!]));
    },
  };
}

/** A graph in which each activation of what gates feed is applied to the clipped value. */
function clipped(cell: CellDefinition, roots: readonly Scalar[], clip: number): readonly Scalar[] {
  const gateNames = new Set(cell.gates.map(gateInput));
  const isActivation = ({ kind }: Scalar): boolean => kind === "sigmoid" || kind === "tanh";
  /** Whether a value is made of a gate's input by other than an activation. */
  const isPreActivation = (node: Scalar): boolean =>
    node.kind === "input" ? gateNames.has(node.name) : !isActivation(node) && operands(node).some(isPreActivation);
  const done = new Map<Scalar, Scalar>();
  const of = (node: Scalar): Scalar => {
    if (!done.has(node)) {
      const bounds = isActivation(node) && operands(node).some(isPreActivation);
      done.set(node, withOperands(node, bounds ? (operand) => bounded(of(operand), clip) : of));
    }
    return done.get(node)!;
  };
  return roots.map(of);
}

/** min(max(x, −limit), limit) */
const bounded = (x: Scalar, limit: number): Scalar => {
  const least = maximum(x, constant(-limit));
  // min(a, b) = −max(−a, −b)
  return subtract(constant(0), maximum(subtract(constant(0), least), constant(-limit)));
};
