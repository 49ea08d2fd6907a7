import { KernelgenError } from "../errors.js";
import { type CellDefinition, gateInput, stateInput } from "./definition.js";
import { input, operands, type Scalar, topologicalOrder } from "./scalar.js";
import { type StepGradient, stepGradient } from "./step-gradient.js";
import { substitute } from "./substitute.js";

/** A value of the forward step that the backward step reads. */
export interface SavedValue {
  /** Its name among the inputs of the backward step's graphs, and of the tensor that holds it. */
  readonly name: string;
  /** What the forward step stores: a pre-activation or a node of the step's graph. */
  readonly node: Scalar;
}

/** A backward step as graphs over saved values, states and adjoints alone. */
export interface BackwardStep {
  /** The forward step, a root per state: the graph whose nodes are saved. */
  readonly states: readonly Scalar[];
  readonly saved: readonly SavedValue[];
  /** dL/du for each gate, in the order of `cell.gates`. */
  readonly gateGradients: readonly Scalar[];
  /** dL/ds for each previous state s that the step reads itself, R·h apart; in the order of `cell.states`. */
  readonly previousGradients: readonly Scalar[];
  /** The cost of the forward operations that the backward step does again, in multiply-adds. */
  readonly recomputeCost: number;
}

/** The name of a new state among the inputs of a backward step. */
export const nextStateInput = (name: string): string => `${name}_next`;

/** Operations that go through special functions, and what they cost beside a multiply-add: a quarter of the rate, and two or three of them. */
const specialCost = 8;
const special: ReadonlySet<Scalar["kind"]> = new Set(["sigmoid", "tanh", "exp", "log", "logSigmoid", "divide"]);
const costOf = (node: Scalar): number => (special.has(node.kind) ? specialCost : operands(node).length > 0 ? 1 : 0);

/**
 * Chooses which values of a step its backward saves, and which it computes again.
 *
 * States before and after the step are there anyway, and free. The rule: of the sets of values from which the gradients can be computed at
 * all, the smallest; of these the one with the least to compute again; then, one by one while the budget lasts, the value that spares the
 * most.
 *
 * @param budgetBytes what the saved values of one unit in one step may take; all that helps if left out
 * @param valueBytes what one of them takes
 * @throws `KernelgenError` "invalid-problem" if the budget is too small for any set
 */
export function chooseSavedValues(cell: CellDefinition, budgetBytes = Infinity, valueBytes = 4): BackwardStep {
  const limit = Math.floor(budgetBytes / valueBytes);
  const known = chosen.get(cell)?.get(limit);
  if (known !== undefined) return known;
  const gradient = stepGradient(cell);
  const search = new SavedSetSearch(cell, gradient);
  const saved = search.smallest();
  if (saved.size * valueBytes > budgetBytes) {
    throw new KernelgenError(
      "invalid-problem",
      `saved values: ${cell.name} needs at least ${saved.size * valueBytes} B for a unit and step, the budget is ${budgetBytes} B`,
    );
  }
  search.extend(saved, limit);
  const step = backwardStep(cell, gradient, search, saved);
  chosen.set(cell, new Map(chosen.get(cell)).set(limit, step));
  return step;
}

/** Choices made before, by cell and number of values: to try all sets takes a tenth of a second. */
const chosen = new WeakMap<CellDefinition, ReadonlyMap<number, BackwardStep>>();

class SavedSetSearch {
  /** What the forward step can store: its operations and pre-activations, the new states apart. */
  readonly #candidates: readonly Scalar[];
  readonly #free: ReadonlySet<Scalar>;
  readonly #forward: ReadonlySet<Scalar>;
  readonly #gateInputs: ReadonlySet<string>;
  readonly #gradients: readonly Scalar[];

  constructor(cell: CellDefinition, { states, gateGradients, previousGradients }: StepGradient) {
    this.#gateInputs = new Set(cell.gates.map(gateInput));
    this.#gradients = [...gateGradients, ...previousGradients];
    this.#forward = new Set(topologicalOrder(states));
    const previous = new Set(cell.states.map(stateInput));
    this.#free = new Set([
      ...states,
      ...[...this.#forward].filter((node) => node.kind === "input" && previous.has(node.name)),
    ]);
    this.#candidates = [...this.#forward].filter((node) => !this.#free.has(node) && node.kind !== "constant");
  }

  /** The cost of what is computed again with these values saved; undefined if they do not suffice. */
  cost(saved: ReadonlySet<Scalar>): number | undefined {
    let cost = 0;
    for (const node of this.read(saved)) {
      if (node.kind === "input" && this.#gateInputs.has(node.name) && !saved.has(node)) return undefined;
      if (this.#forward.has(node) && !this.#free.has(node) && !saved.has(node)) cost += costOf(node);
    }
    return cost;
  }

  /** The nodes that the gradients read when what is saved and free is not computed. */
  read(saved: ReadonlySet<Scalar>): ReadonlySet<Scalar> {
    const seen = new Set<Scalar>();
    const visit = (node: Scalar): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (!saved.has(node) && !this.#free.has(node)) operands(node).forEach(visit);
    };
    this.#gradients.forEach(visit);
    return seen;
  }

  /** The smallest set that suffices, of these the cheapest, of these the first in the order of the graph; pre-activations of all gates do. */
  smallest(): Set<Scalar> {
    for (let size = 0; size <= this.#gateInputs.size; size++) {
      let best: { readonly set: Set<Scalar>; readonly places: readonly number[]; readonly cost: number } | undefined;
      for (const set of this.#sufficient(size)) {
        const cost = this.cost(set)!;
        const places = [...set].map((node) => this.#candidates.indexOf(node)).sort((x, y) => x - y);
        if (best === undefined || cost < best.cost || (cost === best.cost && isBefore(places, best.places))) {
          best = { set, places, cost };
        }
      }
      if (best !== undefined) return best.set;
    }
    throw new TypeError("a step's gradient reads more than its pre-activations and states");
  }

  /** Adds the values that spare the most, up to so many. */
  extend(saved: Set<Scalar>, limit: number): void {
    while (saved.size < limit) {
      const costs = this.#candidates
        .filter((node) => !saved.has(node))
        .map((node) => ({ node, cost: this.cost(new Set([...saved, node]))! }));
      const best = costs.reduce((least, next) => (next.cost < least.cost ? next : least), costs[0]!);
      if (best === undefined || best.cost >= this.cost(saved)!) return;
      saved.add(best.node);
      // What lies below the new value may not be read any more.
      const read = this.read(saved);
      for (const node of saved) if (!read.has(node)) saved.delete(node);
    }
  }

  /**
   * The sets of so many values more that suffice, where no smaller ones do: each has a value on every path by which the gradients read a
   * pre-activation, so that only the values of one such path are tried, then of another. A set may come more than once.
   */
  *#sufficient(size: number, saved: ReadonlySet<Scalar> = new Set()): Generator<Set<Scalar>> {
    const path = this.#unsavedPath(saved);
    if (path === undefined) yield new Set(saved);
    else if (size > 0) for (const node of path) yield* this.#sufficient(size - 1, new Set([...saved, node]));
  }

  /** What could be saved on a shortest path by which the gradients read a pre-activation that is not; undefined if they read none. */
  #unsavedPath(saved: ReadonlySet<Scalar>): readonly Scalar[] | undefined {
    const readers = new Map<Scalar, Scalar | undefined>(this.#gradients.map((root) => [root, undefined]));
    // A map visits what is added to it meanwhile: breadth first.
    for (const [node] of readers) {
      if (saved.has(node) || this.#free.has(node)) continue;
      if (node.kind === "input" && this.#gateInputs.has(node.name)) {
        const path: Scalar[] = [];
        for (let on: Scalar | undefined = node; on !== undefined; on = readers.get(on)) path.push(on);
        return path.filter((on) => this.#forward.has(on));
      }
      for (const operand of operands(node)) if (!readers.has(operand)) readers.set(operand, node);
    }
    return undefined;
  }
}

/** Whether a list of numbers comes before another of the same length in the order of dictionaries. */
function isBefore(left: readonly number[], right: readonly number[]): boolean {
  const place = left.findIndex((value, index) => value !== right[index]);
  return place >= 0 && left[place]! < right[place]!;
}

function backwardStep(
  cell: CellDefinition,
  gradient: StepGradient,
  search: SavedSetSearch,
  saved: ReadonlySet<Scalar>,
): BackwardStep {
  const inOrder = topologicalOrder(gradient.states).filter((node) => saved.has(node));
  const values = inOrder.map((node, index): SavedValue => ({ name: `saved_${nameOf(node, index)}`, node }));
  const replacements = new Map<Scalar, Scalar>([
    ...cell.states.map(({ name }, s) => [gradient.states[s]!, input(nextStateInput(name))] as const),
    ...values.map(({ name, node }) => [node, input(name)] as const),
  ]);
  const roots = substitute([...gradient.gateGradients, ...gradient.previousGradients], replacements);
  return {
    states: gradient.states,
    saved: values,
    gateGradients: roots.slice(0, cell.gates.length),
    previousGradients: roots.slice(cell.gates.length),
    recomputeCost: search.cost(saved)!,
  };
}

/** A node's label or its name as an input; its number where it has neither. */
function nameOf(node: Scalar, index: number): string {
  if (node.kind === "input") return node.name;
  return ("label" in node ? node.label : undefined) ?? `${index}`;
}
