import { and, or } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import type { Parameter } from "../parameter.js";
import { varBool } from "../parameter.js";
import { ARITHMETIC } from "./arithmetic.js";
import { BOOL, BOOL_FUNCTIONS } from "./bool.js";
import type { Builtin, BuiltinTable } from "./builtin.js";
import { ELEMENT } from "./element.js";
import { GLOBAL, REIFIABLE_GLOBAL } from "./global.js";
import { INT_COMPARISON } from "./int-comparison.js";
import { LINEAR } from "./linear.js";

/** Builtins p(…) whose reified forms follow from it: p_reif(…, r) says r ⇔ p(…), and p_imp(…, r) says r ⇒ p(…). */
const REIFIABLE = byName(INT_COMPARISON, LINEAR, ARITHMETIC, ELEMENT, BOOL, REIFIABLE_GLOBAL);
const ALL = new Map([...REIFIABLE, ...byName(BOOL_FUNCTIONS, GLOBAL)]);

/** The builtin of this name with this number of arguments, or undefined. @internal */
export function findBuiltin(name: string, argumentCount: number): Omit<Builtin, "negate"> | undefined {
  // bool_xor(a, b) is the constraint that bool_xor(a, b, r) gives a truth value to.
  if (name === "bool_xor" && argumentCount === 2) return BOOL.bool_not;
  const plain = ALL.get(name);
  if (plain !== undefined) return plain;
  const [, base = "", form] = /^(.*)_(reif|imp)$/.exec(name) ?? [];
  const reified = REIFIABLE.get(base);
  if (reified === undefined) return undefined;
  const parameters: readonly Parameter<unknown>[] = [...reified.parameters, varBool];
  return {
    parameters,
    constrain: (args) => {
      const inner = args.slice(0, -1);
      const truth = args.at(-1) as IntExpr;
      const consequence = reified.constrain(inner);
      const implied = or(truth.eq(0), consequence);
      return form === "imp" ? implied : and(implied, or(truth.eq(1), reified.negate(inner)));
    },
  };
}

function byName(...tables: readonly BuiltinTable[]): Map<string, Builtin> {
  return new Map(tables.flatMap((table) => Object.entries(table)));
}
