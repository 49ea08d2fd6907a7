import { interval } from "../../domain/int-domain.js";
import { ALL, intersectionOf, type Range, type Ranges, unionOf } from "../../domain/ranges.js";
import type { Engine } from "../../engine/engine.js";
import { type Literal, LiteralKind } from "../../engine/literal.js";
import type { Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { LinearEqual } from "../../propagators/arithmetic/linear-equal.js";
import { LinearLessEqual } from "../../propagators/arithmetic/linear-less-equal.js";
import { LinearNotEqual } from "../../propagators/arithmetic/linear-not-equal.js";
import { Clause } from "../../propagators/logic/clause.js";
import { Disjunction } from "../../propagators/logic/disjunction.js";
import { HalfReified } from "../../propagators/logic/half-reified.js";
import { negated } from "../../propagators/logic/literals.js";
import { Membership } from "../../propagators/logic/membership.js";
import { type Compiled, conjunction } from "./compiled.js";

/** A conjunction of propagators, at least one. */
type Branch = readonly Propagator[];

/** What is said of one variable: which values it may have. */
interface Restriction {
  readonly variable: number;
  readonly values: Ranges;
}

/** Where a disjunction's new variables go. @internal */
export interface DisjunctionContext {
  readonly engine: Engine;
  /** The variables made to say which branch holds, or undefined where none are to be made. */
  readonly selectors: Set<number> | undefined;
}

/** Where a disjunction stands: it must hold, or it is a part of another one that may hold without it. @internal */
export type Place = "required" | "nested";

/**
 * At least one of the branches.
 *
 * Comparisons of one variable with a constant are literals: a disjunction of nothing else is a clause, and one with a single other
 * branch is that branch, part by part, under the condition that the literals are false. Several other branches are left to
 * constructive propagation; or, with selectors, each gets a variable with the values 0 and 1 that implies it.
 *
 * Where all other variables are fixed, a selector is either determined or free: it becomes false when a part of what it implies is,
 * because no constraint has two selectors for conditions.
 *
 * @internal
 */
export function compileDisjunction(branches: readonly Compiled[], context: DisjunctionContext, place: Place): Compiled {
  const restrictions: Restriction[] = [];
  const complex: Branch[] = [];
  for (const branch of branches) {
    if (branch === false) continue;
    if (branch.length === 0) return [];
    const simple = alternativesIn(branch);
    if (simple === undefined) complex.push(branch);
    else for (const restriction of simple) restrictions.push(restriction);
  }
  const { literals, memberships, isTrue } = combined(restrictions, context.engine.store);
  if (isTrue) return [];
  for (const membership of memberships) complex.push([membership]);
  const [branch, ...others] = complex;
  if (branch === undefined) return clause(literals);
  if (others.length === 0) {
    if (literals.length === 0) return branch;
    const parts = branch.map((part) => orElse(literals, part, context));
    if (!parts.includes(undefined)) return conjunction(parts as Compiled[]);
  }
  if (context.selectors === undefined) return [new Disjunction([...literals.map(asBranch), ...complex])];
  return withSelectors(literals, complex, context, place);
}

/** The literal that a constraint is, if it says no more than one does. @internal */
export function literalOf(compiled: Compiled, store: Store): Literal | undefined {
  if (compiled === false || compiled.length !== 1) return undefined;
  const restriction = restrictionOf(compiled[0]!);
  if (restriction === undefined) return undefined;
  const { literals } = combined([restriction], store);
  return literals[0];
}

// ---------------------------------------------------------------------------------------------------- what branches come to

/** The restrictions of single variables of which a branch says that one holds, if it says no more than that. */
function alternativesIn(branch: Branch): readonly Restriction[] | undefined {
  const [first, ...others] = branch as readonly [Propagator, ...Propagator[]];
  if (first instanceof Clause && others.length === 0) return first.literals.list.map(restrictionTo);
  const restriction = restrictionOf(first);
  if (restriction === undefined) return undefined;
  const { variable, values } = restriction;
  if (others.length === 0) return [restriction];
  const sets = [values];
  for (const other of others) {
    const further = restrictionOf(other);
    if (further?.variable !== variable) return undefined;
    sets.push(further.values);
  }
  return [{ variable, values: intersectionOf(sets) }];
}

function restrictionOf(propagator: Propagator): Restriction | undefined {
  if (propagator instanceof Membership) return { variable: propagator.variable, values: propagator.ranges };
  if (propagator instanceof Clause) {
    const [only, ...others] = propagator.literals.list;
    return only !== undefined && others.length === 0 ? restrictionTo(only) : undefined;
  }
  const isLinear =
    propagator instanceof LinearLessEqual || propagator instanceof LinearEqual || propagator instanceof LinearNotEqual;
  if (!isLinear || propagator.variables.length !== 1) return undefined;
  const variable = propagator.variables[0]!;
  const a = propagator.coefficients[0]!; // 1 or −1, as a form's content is divided out
  if (propagator instanceof LinearLessEqual) {
    const bound = propagator.limit / a + 0;
    return { variable, values: a > 0 ? [[-Infinity, bound]] : [[bound, Infinity]] };
  }
  if (propagator instanceof LinearEqual) {
    return restrictionTo({ kind: LiteralKind.equal, variable, value: propagator.total / a + 0 });
  }
  return restrictionTo({ kind: LiteralKind.notEqual, variable, value: propagator.forbidden / a + 0 });
}

function restrictionTo({ kind, variable, value }: Literal): Restriction {
  switch (kind) {
    case LiteralKind.atLeast:
      return { variable, values: [[value, Infinity]] };
    case LiteralKind.atMost:
      return { variable, values: [[-Infinity, value]] };
    case LiteralKind.equal:
      return { variable, values: [[value, value]] };
    case LiteralKind.notEqual:
      return {
        variable,
        values: ALL.flatMap(([low, high]): Range[] => [
          [low, value - 1],
          [value + 1, high],
        ]),
      };
  }
}

/**
 * At least one of the restrictions, variable by variable: a literal where the variable's values amount to one in the root's domain,
 * else a membership. `isTrue` where some variable may have all its values.
 */
function combined(
  restrictions: readonly Restriction[],
  store: Store,
): { readonly literals: readonly Literal[]; readonly memberships: readonly Membership[]; readonly isTrue: boolean } {
  const literals: Literal[] = [];
  const memberships: Membership[] = [];
  const byVariable = new Map<number, Range[]>();
  for (const { variable, values } of restrictions) {
    const known = byVariable.get(variable);
    if (known === undefined) byVariable.set(variable, [...values]);
    else for (const range of values) known.push(range);
  }
  let isTrue = false;
  for (const [variable, intervals] of byVariable) {
    const hull: Range = [store.min(variable), store.max(variable)];
    const values = intersectionOf([unionOf(intervals), [hull]]);
    const [first, second, ...further] = values;
    if (first === undefined) continue;
    if (second !== undefined) {
      const isOneMissing =
        further.length === 0 && first[0] === hull[0] && second[1] === hull[1] && second[0] === first[1] + 2;
      if (isOneMissing) literals.push({ kind: LiteralKind.notEqual, variable, value: first[1] + 1 });
      else memberships.push(new Membership(variable, values));
    } else if (first[0] === hull[0]) {
      if (first[1] === hull[1]) isTrue = true;
      else literals.push({ kind: LiteralKind.atMost, variable, value: first[1] });
    } else if (first[1] === hull[1]) literals.push({ kind: LiteralKind.atLeast, variable, value: first[0] });
    else if (first[0] < first[1]) memberships.push(new Membership(variable, values));
    else if (store.has(variable, first[0])) literals.push({ kind: LiteralKind.equal, variable, value: first[0] });
  }
  return { literals, memberships, isTrue };
}

// ----------------------------------------------------------------------------------------------------------- what to post

function clause(literals: readonly Literal[]): Compiled {
  return literals.length === 0 ? false : [new Clause(literals)];
}

function asBranch(literal: Literal): Branch {
  return [new Clause([literal])];
}

/** literals ∨ part; undefined where that is not propagated better than by a constructive disjunction. */
function orElse(literals: readonly Literal[], part: Propagator, context: DisjunctionContext): Compiled | undefined {
  const nested = part instanceof HalfReified ? part : undefined;
  const constraint = nested?.constraint ?? part;
  // Several literals may now be about one variable: they are combined again.
  const alternatives = [...literals, ...(nested?.conditions.list.map(negated) ?? [])];
  const isRepeated = new Set(alternatives.map(({ variable }) => variable)).size < alternatives.length;
  if (part instanceof Clause || isRepeated) {
    return compileDisjunction([...alternatives.map(asBranch), [constraint]], context, "nested");
  }
  if (constraint.decide === undefined && context.selectors === undefined) return undefined;
  return [new HalfReified(alternatives.map(negated), constraint)];
}

/** Each branch gets a selector that implies it, and one of the selectors or of the literals holds. */
function withSelectors(
  literals: readonly Literal[],
  branches: readonly Branch[],
  context: DisjunctionContext,
  place: Place,
): Compiled {
  const { engine, selectors } = context;
  const newSelector = (): Literal => {
    const variable = engine.addVariable(interval(0, 1));
    selectors!.add(variable);
    return { kind: LiteralKind.atLeast, variable, value: 1 };
  };
  const isChoiceOfTwo = place === "required" && literals.length === 0 && branches.length === 2;
  let chosen: readonly Literal[];
  if (isChoiceOfTwo) {
    // One variable tells two branches apart, and needs no clause.
    const first = newSelector();
    chosen = [first, negated(first)];
  } else {
    chosen = branches.map(newSelector);
  }
  // These hold anyway: a selector may always be false.
  const implied = branches.flatMap((branch, i) => branch.map((part) => orElse([negated(chosen[i]!)], part, context)!));
  if (isChoiceOfTwo) return conjunction(implied);
  for (const propagator of conjunction(implied) || []) engine.post(propagator);
  return clause([...literals, ...chosen]);
}
