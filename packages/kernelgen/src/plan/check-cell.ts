import { type CellDefinition, gateInput, stateInput, stepGraph } from "../cell/definition.js";
import { isLinear, linearGraph } from "../cell/linear.js";
import { type Scalar, topologicalOrder } from "../cell/scalar.js";
import { KernelgenError } from "../errors.js";
import { checkIdentifier } from "./kernel-name.js";

/**
 * Checks a cell of a user's own, whose names go into generated source and whose graphs say what is computed.
 *
 * Throws `KernelgenError` "invalid-name" for a name or label that source cannot have, and "invalid-problem" for gates or states that are
 * missing or have one name, a constant that is no finite number, a graph that reads what the cell does not have, and a cell that is marked as
 * a linear recurrence and is none: with a recurrent product, several states, or coefficients that read the state.
 */
export function checkCell(cell: CellDefinition): CellDefinition {
  if (typeof cell?.step !== "function") {
    throw new KernelgenError(
      "invalid-problem",
      "cell: neither the name of a cell nor a definition, with gates, states and a step",
    );
  }
  checkIdentifier("cell name", cell.name);
  checkNames(cell, "gate", cell.gates);
  checkNames(cell, "state", cell.states);
  const gates = cell.gates.map(gateInput);
  checkGraph(cell, "the step", stepGraph(cell), [...gates, ...cell.states.map(stateInput)]);
  if (isLinear(cell)) {
    const { decay, forget, update } = linearGraph(cell);
    if (cell.states.length > 1 || cell.gates.some(({ recurrent }) => recurrent !== false)) {
      throw wrong(
        cell,
        "a linear recurrence has one state, and gates without recurrent product; linearCell makes such cells",
      );
    }
    for (const [what, root] of [
      ["the decay", decay],
      ["the complement of the decay", forget],
      ["the update", update],
    ] as const) {
      if (root !== undefined) checkGraph(cell, what, [root], gates);
    }
  }
  return cell;
}

const wrong = ({ name }: CellDefinition, message: string): KernelgenError =>
  new KernelgenError("invalid-problem", `${name}: ${message}`);

function checkNames(cell: CellDefinition, what: string, named: readonly { readonly name: string }[]): void {
  if (named.length === 0) throw wrong(cell, `has no ${what}`);
  const seen = new Set<string>();
  for (const { name } of named) {
    checkIdentifier(`${what} of ${cell.name}`, name);
    if (seen.has(name)) throw wrong(cell, `has two ${what}s called ${name}`);
    seen.add(name);
  }
}

/** Checks that a graph can be written as source and reads nothing but the inputs that are `known`. */
function checkGraph(cell: CellDefinition, what: string, roots: readonly Scalar[], known: readonly string[]): void {
  for (const node of topologicalOrder(roots)) {
    if (node.kind === "input" && !known.includes(node.name)) {
      throw wrong(cell, `${what} reads ${node.name}, and may read ${known.join(", ")}`);
    }
    if (node.kind === "constant" && !Number.isFinite(node.value)) {
      throw wrong(cell, `${what} has the constant ${node.value}, which is no finite number`);
    }
    if ("label" in node && node.label !== undefined) checkIdentifier(`label in ${cell.name}`, node.label);
  }
}
