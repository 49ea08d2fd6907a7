import type { IntExpr } from "../../model/expression.js";
import { iff, implies } from "../../model/logic.js";
import type { Parameter } from "../parameter.js";
import { varBool } from "../parameter.js";
import { ARITHMETIC } from "./arithmetic.js";
import { BOOL, BOOL_FUNCTIONS } from "./bool.js";
import type { Builtin, BuiltinTable } from "./builtin.js";
import { ELEMENT } from "./element.js";
import { GLOBAL } from "./global.js";
import { INT_COMPARISON } from "./int-comparison.js";
import { LINEAR } from "./linear.js";

/** Builtins whose reified forms, p_reif(…, r) ⇔ (r ⇔ p(…)) and p_imp(…, r) ⇔ (r ⇒ p(…)), follow from the plain one. */
const REIFIABLE = byName(INT_COMPARISON, LINEAR, ARITHMETIC, ELEMENT, BOOL);
const ALL = new Map([...REIFIABLE, ...byName(BOOL_FUNCTIONS, GLOBAL)]);

/** The builtin of this name with this number of arguments, or undefined. @internal */
export function findBuiltin(name: string, argumentCount: number): Builtin | undefined {
  // bool_xor(a, b) is the constraint that bool_xor(a, b, r) gives a truth value to.
  if (name === "bool_xor" && argumentCount === 2) return BOOL.bool_not;
  const plain = ALL.get(name);
  if (plain !== undefined) return plain;
  const [, base = "", form] = /^(.*)_(reif|imp)$/.exec(name) ?? [];
  const reified = REIFIABLE.get(base);
  if (reified === undefined) return undefined;
  const relate = form === "reif" ? iff : implies;
  const parameters: readonly Parameter<unknown>[] = [...reified.parameters, varBool];
  return {
    parameters,
    constrain: (args) => relate((args.at(-1) as IntExpr).eq(1), reified.constrain(args.slice(0, -1))),
  };
}

function byName(...tables: readonly BuiltinTable[]): Map<string, Builtin> {
  return new Map(tables.flatMap((table) => Object.entries(table)));
}
