import { type CellDefinition, stepGraph } from "./definition.js";
import { isLinear, linearGraph } from "./linear.js";
import { operands, type Scalar, topologicalOrder } from "./scalar.js";

/** All that a cell's kernels depend on, as plain data: cells with equal fingerprints have equal kernels. */
export function cellFingerprint(cell: CellDefinition): unknown {
  const { decay, forget, update } = isLinear(cell) ? linearGraph(cell) : {};
  const roots = [...stepGraph(cell), ...[decay, forget, update].filter((root) => root !== undefined)];
  const order = topologicalOrder(roots);
  const places = new Map<Scalar, number>(order.map((node, place) => [node, place]));
  const { name, description, gates, states, phases } = cell;
  return {
    ...{ name, description, gates, states, phases, isLinear: isLinear(cell), forgets: forget !== undefined },
    // Nodes by their operands' places, since a graph that shares nodes is no tree.
    nodes: order.map((node) => {
      const { left, right, operand, whenTrue, whenFalse, ...own } = node as Scalar & Record<string, unknown>;
      return { ...own, operands: operands(node).map((one) => places.get(one)) };
    }),
    roots: roots.map((root) => places.get(root)),
  };
}
