import { floorDivide } from "../domain/integers.js";
import type { Engine } from "../engine/engine.js";
import type { Store } from "../engine/store.js";
import { LinearLessEqual } from "../propagators/arithmetic/linear-less-equal.js";
import type { OrderedVariable } from "../search/branching/static-order.js";
import type { Objective } from "../search/search.js";
import { type Inequality, inequalitiesAround } from "./inequality.js";
import { type LinearOptimum, type LinearProgram, solveLinearProgram } from "./linear-program.js";
import type { Relaxation, Relaxed } from "./relaxation.js";
import { surrogateOf } from "./surrogate.js";

/**
 * The most numbers in the simplex method's table, which has a row for each inequality and each upper bound, and a column for
 * each variable.
 */
const LARGEST_TABLE = 200_000;

/** Variables with bounds beyond this make the simplex method's doubles too coarse. */
const LARGEST_VALUE = 2 ** 40;

/**
 * The linear relaxation: the linear constraints that the objective depends on, without integrality.
 *
 * Its optimal dual values turn the constraints into one, the surrogate, that bounds the objective as well as the linear
 * program does at the root. Posted, it prunes in every subtree by propagation alone, and fixes the variables that the
 * objective could not afford (reduced-cost fixing). Rounding a variable with a fractional value down and up gives two more
 * surrogates for the subtrees in which the first is weak.
 *
 * Nothing rests on the linear program's rounding errors: any multipliers give an implied constraint, see {@link surrogateOf}.
 */
export const linearRelaxation: Relaxation = Object.freeze({ relax });

function relax(engine: Engine, objective: Objective): Relaxed | undefined {
  const { store } = engine;
  const program = linearProgram(engine, objective);
  if (program === undefined) return undefined;
  const optimum = solveLinearProgram(program);
  if (optimum === undefined) return undefined;
  const root = surrogateFor(program, optimum, store, objective);
  if (root === undefined) return undefined;
  const bound = objectiveBound(root, store, objective);
  const known = objective.sense === 1 ? store.min(objective.variable) : store.max(objective.variable);
  if (objective.sense * (bound - known) <= 0) return undefined;

  const surrogates = [root];
  for (const half of halves(program, optimum, objective.variable)) {
    const halfOptimum = solveLinearProgram(half);
    if (halfOptimum === undefined) continue;
    const surrogate = surrogateFor(program, halfOptimum, store, objective);
    if (surrogate !== undefined) surrogates.push(surrogate);
  }
  return {
    bound,
    constraints: surrogates.map(
      ({ variables, coefficients, limit }) => new LinearLessEqual(variables, [...coefficients], limit),
    ),
    order: byReducedCost(program, root, optimum, objective.variable),
  };
}

/** The program for the current domains; undefined without one, or where it is too large. */
function linearProgram(engine: Engine, objective: Objective): LinearProgram | undefined {
  const { store } = engine;
  const isCoarse = (x: number) => !(Math.max(-store.min(x), store.max(x)) <= LARGEST_VALUE);
  const isOpen = (x: number) => !store.isFixed(x);
  const inequalities = inequalitiesAround(engine, objective.variable).filter(
    ({ variables }) => variables.some(isOpen) && !variables.some(isCoarse),
  );
  const variables = [...new Set(inequalities.flatMap((inequality) => inequality.variables))].sort((x, y) => x - y);
  const columns = variables.filter(isOpen).length;
  if (!variables.includes(objective.variable) || columns * (columns + inequalities.length) > LARGEST_TABLE) {
    return undefined;
  }
  const lower = new Float64Array(store.variableCount);
  const upper = new Float64Array(store.variableCount);
  for (const x of variables) {
    lower[x] = store.min(x);
    upper[x] = store.max(x);
  }
  return { variables, lower, upper, cost: new Map([[objective.variable, -objective.sense]]), inequalities };
}

/** The surrogate of a program's dual values, if it bounds the objective at all. */
function surrogateFor(
  program: LinearProgram,
  { multipliers }: LinearOptimum,
  store: Store,
  objective: Objective,
): Inequality | undefined {
  const largest = (x: number) => Math.max(Math.abs(store.min(x)), Math.abs(store.max(x)));
  const surrogate = surrogateOf(program.inequalities, multipliers, largest);
  const coefficient = surrogate?.coefficients[surrogate.variables.indexOf(objective.variable)] ?? 0;
  // d·z + … ≤ limit bounds z from above for d > 0, from below for d < 0.
  return -objective.sense * coefficient > 0 ? surrogate : undefined;
}

/** The best value of the objective that a surrogate leaves for the current domains. */
function objectiveBound({ variables, coefficients, limit }: Inequality, store: Store, objective: Objective): number {
  let room = limit;
  let ownCoefficient = 0;
  variables.forEach((x, i) => {
    const a = coefficients[i]!;
    if (x === objective.variable) ownCoefficient = a;
    else room -= a * (a > 0 ? store.min(x) : store.max(x));
  });
  return ownCoefficient > 0 ? floorDivide(room, ownCoefficient) : -floorDivide(room, -ownCoefficient) + 0;
}

/** The program twice, with the variable whose value is the most fractional rounded down and rounded up. */
function halves(program: LinearProgram, { values }: LinearOptimum, objective: number): LinearProgram[] {
  const fraction = (x: number) => Math.abs(values.get(x)! - Math.round(values.get(x)!));
  const [x] = program.variables.filter((y) => y !== objective).sort((y, z) => fraction(z) - fraction(y));
  if (x === undefined || fraction(x) < 1e-6) return [];
  const value = Math.floor(values.get(x)!);
  return [
    { ...program, upper: program.upper.with(x, value) },
    { ...program, lower: program.lower.with(x, value + 1) },
  ];
}

/**
 * The variables by how much their whole range moves the surrogate, largest first, each from the end that leaves the objective
 * the most room. Variables that move nothing are rounded from the program's optimum.
 */
function byReducedCost(
  program: LinearProgram,
  surrogate: Inequality,
  { values }: LinearOptimum,
  objective: number,
): OrderedVariable[] {
  const { lower, upper } = program;
  const reducedCosts = new Map(surrogate.variables.map((x, i) => [x, surrogate.coefficients[i]!]));
  const effect = (x: number) => Math.abs(reducedCosts.get(x) ?? 0) * (upper[x]! - lower[x]!);
  const prefersLargest = (x: number): boolean => {
    const cost = reducedCosts.get(x) ?? 0;
    return cost === 0 ? 2 * values.get(x)! > lower[x]! + upper[x]! : cost < 0;
  };
  return program.variables
    .filter((x) => x !== objective && lower[x] !== upper[x])
    .sort((x, y) => effect(y) - effect(x) || x - y)
    .map((variable) => ({ variable, first: prefersLargest(variable) ? "largest" : "smallest" }));
}
