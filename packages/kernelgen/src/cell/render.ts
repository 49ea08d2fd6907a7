import { type CellDefinition, gateInput, stateInput, stepGraph } from "./definition.js";
import { type Comparison, operands, type Scalar, topologicalOrder } from "./scalar.js";
import { sourceWords } from "./source-words.js";

/** How one target language writes the operations of a scalar graph. */
export interface ScalarDialect {
  /** A declaration, for example `const float i = …;`. */
  declare(name: string, expression: string): string;
  literal(value: number): string;
  sigmoid(operand: string): string;
  tanh(operand: string): string;
  exp(operand: string): string;
  log(operand: string): string;
  logSigmoid(operand: string): string;
  divide(left: string, right: string): string;
  maximum(left: string, right: string): string;
  /** One of two values, by a condition such as `a == b`. */
  select(condition: string, whenTrue: string, whenFalse: string): string;
}

export interface RenderedScalars {
  /** Declarations, operands first. */
  readonly statements: readonly string[];
  /** One expression per root: a name or a literal. */
  readonly results: readonly string[];
}

const infix = { add: "+", subtract: "-", multiply: "*" } as const;
/** The same in every target. */
const comparisons: Readonly<Record<Comparison, string>> = { equal: "==", atLeast: ">=" };

/**
 * Renders graphs as straight-line code. A labelled node, one that is used more than once, and a root become declared variables; the
 * rest is written in place. A label that is taken, or that no variable may have, gets a number. Input nodes are written as `inputs[name]`.
 * No result is the text of an input.
 */
export function renderScalars(
  roots: readonly Scalar[],
  inputs: Readonly<Record<string, string>>,
  dialect: ScalarDialect,
): RenderedScalars {
  const order = topologicalOrder(roots);
  const uses = new Map<Scalar, number>();
  for (const node of order) for (const operand of operands(node)) uses.set(operand, (uses.get(operand) ?? 0) + 1);

  const statements: string[] = [];
  const text = new Map<Scalar, string>();
  const write = (node: Scalar): string => text.get(node)!;
  // Names that are taken: words of the languages, what the inputs are written with, variables that are declared, and labels to come.
  const taken = new Set(
    Object.values(inputs).flatMap((expression) => expression.match(/(?<![.\w])[A-Za-z_]\w*/g) ?? []),
  );
  const labels = new Set(order.map((node) => ("label" in node ? node.label : undefined)));
  const isFree = (name: string): boolean => !taken.has(name) && !sourceWords.has(name);
  let unnamed = 0;
  const nextName = (): string => {
    const name = `value${unnamed++}`;
    return labels.has(name) || !isFree(name) ? nextName() : name;
  };
  const labelName = (label: string): string => {
    let name = label;
    for (let count = 2; !isFree(name) || (name !== label && labels.has(name)); count++) name = `${label}_${count}`;
    return name;
  };
  for (const node of order) {
    const expression = renderNode(node, write, inputs, dialect);
    if (node.kind === "input" || node.kind === "constant") {
      text.set(node, expression);
      continue;
    }
    const isShared = (uses.get(node) ?? 0) > 1 || roots.includes(node);
    if (node.label === undefined && !isShared) {
      text.set(node, `(${expression})`);
      continue;
    }
    const name = node.label === undefined ? nextName() : labelName(node.label);
    taken.add(name);
    statements.push(dialect.declare(name, expression));
    text.set(node, name);
  }
  const results = roots.map((root) => {
    if (root.kind !== "input") return write(root);
    // A copy, since the results may be written over the inputs one after the other.
    const name = nextName();
    statements.push(dialect.declare(name, write(root)));
    return name;
  });
  return { statements, results };
}

/**
 * Renders one step of a cell for one unit; results are in the order of its states.
 *
 * @param gate how the pre-activation of gate g is written
 * @param state how the previous value of state s is written
 * @param roots what to compute: the new states, or those and other nodes of their graph
 */
export function renderCellStep(
  cell: CellDefinition,
  gate: (g: number) => string,
  state: (s: number) => string,
  dialect: ScalarDialect,
  roots: readonly Scalar[] = stepGraph(cell),
): RenderedScalars {
  const inputs = Object.fromEntries([
    ...cell.gates.map((definition, g) => [gateInput(definition), gate(g)]),
    ...cell.states.map((definition, s) => [stateInput(definition), state(s)]),
  ]);
  return renderScalars(roots, inputs, dialect);
}

function renderNode(
  node: Scalar,
  write: (node: Scalar) => string,
  inputs: Readonly<Record<string, string>>,
  dialect: ScalarDialect,
): string {
  switch (node.kind) {
    case "input": {
      const name = inputs[node.name];
      if (name === undefined) throw new TypeError(`no expression for the input ${node.name}`);
      return name;
    }
    case "constant":
      return dialect.literal(node.value);
    case "sigmoid":
    case "tanh":
    case "exp":
    case "log":
    case "logSigmoid":
      return dialect[node.kind](write(node.operand));
    case "divide":
    case "maximum":
      return dialect[node.kind](write(node.left), write(node.right));
    case "clip": {
      const [value, limit] = [write(node.left), write(node.right)];
      const least =
        node.right.kind === "constant" ? dialect.literal(-node.right.value) : `(${dialect.literal(0)} - ${limit})`;
      const notAbove = dialect.select(`${least} ${comparisons.atLeast} ${value}`, least, value);
      return dialect.select(`${value} ${comparisons.atLeast} ${limit}`, limit, notAbove);
    }
    case "select": {
      const condition = `${write(node.left)} ${comparisons[node.comparison]} ${write(node.right)}`;
      return dialect.select(condition, write(node.whenTrue), write(node.whenFalse));
    }
    default:
      return `${write(node.left)} ${infix[node.kind]} ${write(node.right)}`;
  }
}
