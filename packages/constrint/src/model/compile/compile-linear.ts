import { floorDivide, isExact, MAX_INTEGER, remainder } from "../../domain/integers.js";
import { SolverError } from "../../error.js";
import { LinearEqual } from "../../propagators/arithmetic/linear-equal.js";
import { LinearLessEqual } from "../../propagators/arithmetic/linear-less-equal.js";
import { LinearNotEqual } from "../../propagators/arithmetic/linear-not-equal.js";
import type { Compiled } from "./compiled.js";
import type { LinearForm } from "./linear-form.js";

/** form = 0. @internal */
export function equalTo(form: LinearForm): Compiled {
  if (form.isConstant) return form.constant === 0 ? [] : false;
  const content = form.termContent();
  if (remainder(form.constant, content) !== 0) return false;
  const { variables, coefficients, constant } = split(form, content);
  return [new LinearEqual(variables, coefficients, -constant + 0)];
}

/** form ≠ 0. @internal */
export function notEqualTo(form: LinearForm): Compiled {
  if (form.isConstant) return form.constant !== 0 ? [] : false;
  const content = form.termContent();
  if (remainder(form.constant, content) !== 0) return [];
  const { variables, coefficients, constant } = split(form, content);
  return [new LinearNotEqual(variables, coefficients, -constant + 0)];
}

/** form ≤ limit. @internal */
export function atMost(form: LinearForm, limit: number): Compiled {
  const bound = limit - form.constant;
  if (!isExact(bound)) throw new SolverError("overflow", `model: the constant ${bound} leaves ±${MAX_INTEGER}`);
  if (form.isConstant) return bound >= 0 ? [] : false;
  const content = form.termContent();
  const { variables, coefficients } = split(form, content);
  return [new LinearLessEqual(variables, coefficients, floorDivide(bound, content))];
}

function split(form: LinearForm, content: number): { variables: number[]; coefficients: number[]; constant: number } {
  const terms = form.sortedTerms();
  return {
    variables: terms.map(([x]) => x),
    coefficients: terms.map(([, a]) => a / content),
    constant: form.constant / content + 0,
  };
}
