import fc from "fast-check";
import {
  add,
  clip,
  constant,
  divide,
  exp,
  input,
  labelled,
  log,
  logSigmoid,
  maximum,
  multiply,
  type Scalar,
  select,
  sigmoid,
  subtract,
  tanh,
} from "../../../packages/kernelgen/src/cell/scalar.js";

/** The inputs that random graphs read. */
export const inputNames = ["x", "y", "z"] as const;

/** How a random graph is made, as plain data that fast-check can print and shrink. */
interface GraphRecipe {
  readonly constants: readonly number[];
  /** Each node reads nodes before it; inputs come first, then constants. */
  readonly nodes: readonly {
    readonly operation: keyof typeof operationsByName;
    readonly operands: readonly [number, number];
    readonly labelled: boolean;
  }[];
  readonly roots: readonly number[];
}

/** Operations on two nodes. Arguments of exp, log and divide are held where results stay finite. */
const operationsByName = {
  add,
  subtract,
  multiply,
  maximum,
  sigmoid,
  tanh,
  logSigmoid,
  exp: (left: Scalar) => exp(tanh(left)),
  log: (left: Scalar) => log(add(sigmoid(left), constant(0.5))),
  divide: (left: Scalar, right: Scalar) => divide(left, add(sigmoid(right), constant(1))),
  selectAtLeast: (left: Scalar, right: Scalar) => select(left, "atLeast", right, left, tanh(right)),
  // No gradient goes to the limit, so it is a constant.
  clip: (left: Scalar) => clip(left, constant(0.7)),
  selectEqual: (left: Scalar, right: Scalar) => select(left, "equal", right, sigmoid(left), right),
} as const;
const operations = Object.keys(operationsByName) as (keyof typeof operationsByName)[];

/** Few enough that repeated squaring of inputs up to 4 stays finite. */
const mostNodes = 8;
const index = fc.nat({ max: 99 });

/** Recipes of graphs with up to 8 operations, shared nodes, labels and up to 3 roots. */
export const graphRecipe: fc.Arbitrary<GraphRecipe> = fc.record({
  constants: fc.array(
    fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 4),
    { maxLength: 2 },
  ),
  nodes: fc.array(
    fc.record({
      operation: fc.constantFrom(...operations),
      operands: fc.tuple(index, index),
      labelled: fc.boolean(),
    }),
    { minLength: 1, maxLength: mostNodes },
  ),
  roots: fc.array(index, { minLength: 1, maxLength: 3 }),
});

/** The roots of the graph that a recipe makes. */
export function graphFrom(recipe: GraphRecipe): readonly Scalar[] {
  const nodes: Scalar[] = [...inputNames.map(input), ...recipe.constants.map(constant)];
  const pick = (number: number): Scalar => nodes[number % nodes.length]!;
  for (const [number, { operation, operands, labelled: named }] of recipe.nodes.entries()) {
    const [left, right] = [pick(operands[0]), pick(operands[1])];
    const node = operationsByName[operation](left, right);
    nodes.push(named ? labelled(`label${number}`, node) : node);
  }
  // Counted from the end, so that most roots are operations.
  return recipe.roots.map((root) => nodes[nodes.length - 1 - (root % nodes.length)]!);
}

/** Values of the inputs, 0 and both signs included. */
export const inputValues: fc.Arbitrary<readonly [number, number, number]> = fc.tuple(
  fc.double({ min: -4, max: 4, noNaN: true }),
  fc.double({ min: -4, max: 4, noNaN: true }),
  fc.double({ min: -4, max: 4, noNaN: true }),
);
