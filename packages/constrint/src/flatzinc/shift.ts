import type { ConstraintItem, Declaration, Expression } from "./syntax.js";

/** That a variable is another one plus a constant. @internal */
export interface Shift {
  /** The other variable's name. */
  readonly base: string;
  readonly by: number;
}

/**
 * The variables that only exist because an expression x + c needed a name: those annotated with `is_defined_var` for which a
 * constraint `int_lin_eq([1,-1],[x,y],c)` says so, written out, and that are not part of the answer. Reading them as that
 * expression spares a variable and a propagator, and lets values that are removed from one be removed from the other.
 *
 * @internal
 */
export function shiftsOf(
  declarations: readonly Declaration[],
  constraints: readonly ConstraintItem[],
): ReadonlyMap<string, Shift> {
  const defined = new Set<string>();
  for (const { name, annotations } of declarations) {
    const names = annotations.map((annotation) => annotation.name);
    if (names.includes("is_defined_var") && !names.includes("output_var")) defined.add(name);
  }
  const shifts = new Map<string, Shift>();
  for (const constraint of constraints) {
    if (constraint.name !== "int_lin_eq") continue;
    const defines = constraint.annotations.find(({ name }) => name === "defines_var");
    const [definedName] = defines?.type === "call" ? defines.arguments : [];
    if (definedName?.type !== "name" || !defined.has(definedName.name)) continue;
    const shift = shiftIn(constraint.arguments, definedName.name);
    if (shift !== undefined) shifts.set(definedName.name, shift);
  }
  return shifts;
}

/** Reads ±x ∓ y = c as y = x ± c. */
function shiftIn([coefficients, variables, constant]: readonly Expression[], name: string): Shift | undefined {
  if (coefficients?.type !== "array" || variables?.type !== "array" || constant?.type !== "int") return undefined;
  const [a, b, ...others] = coefficients.elements;
  const [x, y] = variables.elements;
  if (a?.type !== "int" || b?.type !== "int" || others.length > 0 || Math.abs(a.value) !== 1 || a.value !== -b.value) {
    return undefined;
  }
  if (x?.type !== "name" || y?.type !== "name" || x.name === y.name) return undefined;
  if (x.name === name) return { base: y.name, by: a.value * constant.value };
  return y.name === name ? { base: x.name, by: b.value * constant.value } : undefined;
}
