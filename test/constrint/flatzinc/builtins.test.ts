import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ARITHMETIC } from "../../../packages/constrint/src/flatzinc/builtins/arithmetic.js";
import { BOOL, BOOL_FUNCTIONS } from "../../../packages/constrint/src/flatzinc/builtins/bool.js";
import { ELEMENT } from "../../../packages/constrint/src/flatzinc/builtins/element.js";
import { GLOBAL, REIFIABLE_GLOBAL } from "../../../packages/constrint/src/flatzinc/builtins/global.js";
import { INT_COMPARISON } from "../../../packages/constrint/src/flatzinc/builtins/int-comparison.js";
import { LINEAR } from "../../../packages/constrint/src/flatzinc/builtins/linear.js";
import { propertySeed } from "../../support/property-seed.js";
import { answers, combinations } from "./harness.js";

/** An argument's type: a variable or constant, an array of a few of them, or what has to be fixed. */
type ArgumentType =
  | "int"
  | "index"
  | "exponent"
  | "bool"
  | "ints"
  | "bools"
  | "some bools"
  | "fixed int"
  | "coefficients"
  | "set"
  | "int rows"
  | "indices"
  | "first index"
  | "two"
  | "two bins"
  | "two tasks"
  | "two sizes"
  | "successors"
  | "state"
  | "states"
  | "bool rows";

/** The value of an argument: booleans are 0 and 1, sets their elements. */
type ArgumentValue = number | readonly number[];

interface Meaning {
  readonly types: readonly ArgumentType[];
  readonly holds: (...args: never[]) => boolean;
}

function meaning(types: readonly ArgumentType[], holds: (...args: never[]) => boolean): Meaning {
  return { types, holds };
}

const weighted = (coefficients: readonly number[], xs: readonly number[]): number =>
  coefficients.reduce((total, coefficient, i) => total + coefficient * xs[i]!, 0);
/** No two tasks overlap; those of duration 0 may be anywhere, or only outside of the others. */
const doNotOverlap = (starts: readonly number[], durations: readonly number[], isStrict: boolean): boolean =>
  durations.every((d) => d >= 0) &&
  starts.every((s, i) =>
    starts.every(
      (t, j) =>
        i >= j ||
        (!isStrict && (durations[i] === 0 || durations[j] === 0)) ||
        s + durations[i]! <= t ||
        t + durations[j]! <= s,
    ),
  );
const parity = (xs: readonly number[]): number => xs.filter((x) => x === 1).length % 2;

/** The meaning of each builtin in the words of the FlatZinc specification, apart from the solver. */
const REIFIABLE: Readonly<Record<string, Meaning>> = {
  int_eq: meaning(["int", "int"], (a: number, b: number) => a === b),
  int_ne: meaning(["int", "int"], (a: number, b: number) => a !== b),
  int_le: meaning(["int", "int"], (a: number, b: number) => a <= b),
  int_lt: meaning(["int", "int"], (a: number, b: number) => a < b),
  set_in: meaning(["int", "set"], (x: number, set: number[]) => set.includes(x)),
  int_lin_eq: meaning(
    ["coefficients", "ints", "fixed int"],
    (a: number[], x: number[], c: number) => weighted(a, x) === c,
  ),
  int_lin_ne: meaning(
    ["coefficients", "ints", "fixed int"],
    (a: number[], x: number[], c: number) => weighted(a, x) !== c,
  ),
  int_lin_le: meaning(
    ["coefficients", "ints", "fixed int"],
    (a: number[], x: number[], c: number) => weighted(a, x) <= c,
  ),
  bool_lin_eq: meaning(["coefficients", "bools", "int"], (a: number[], x: number[], c: number) => weighted(a, x) === c),
  bool_lin_le: meaning(["coefficients", "bools", "int"], (a: number[], x: number[], c: number) => weighted(a, x) <= c),
  int_abs: meaning(["int", "int"], (a: number, b: number) => Math.abs(a) === b),
  int_plus: meaning(["int", "int", "int"], (a: number, b: number, c: number) => a + b === c),
  int_times: meaning(["int", "int", "int"], (a: number, b: number, c: number) => a * b === c),
  int_div: meaning(["int", "int", "int"], (a: number, b: number, c: number) => b !== 0 && Math.trunc(a / b) + 0 === c),
  int_mod: meaning(["int", "int", "int"], (a: number, b: number, c: number) => b !== 0 && (a % b) + 0 === c),
  int_max: meaning(["int", "int", "int"], (a: number, b: number, c: number) => Math.max(a, b) === c),
  int_min: meaning(["int", "int", "int"], (a: number, b: number, c: number) => Math.min(a, b) === c),
  int_pow: meaning(["int", "exponent", "int"], powerIs),
  int_pow_fixed: meaning(["int", "fixed int", "int"], powerIs),
  array_int_maximum: meaning(["int", "ints"], (m: number, xs: number[]) => Math.max(...xs) === m),
  array_int_minimum: meaning(["int", "ints"], (m: number, xs: number[]) => Math.min(...xs) === m),
  array_int_element: meaning(["index", "coefficients", "int"], elementIs),
  array_var_int_element: meaning(["index", "ints", "int"], elementIs),
  array_bool_element: meaning(["index", "bools", "bool"], elementIs),
  array_var_bool_element: meaning(["index", "bools", "bool"], elementIs),
  bool2int: meaning(["bool", "int"], (a: number, b: number) => a === b),
  bool_eq: meaning(["bool", "bool"], (a: number, b: number) => a === b),
  bool_not: meaning(["bool", "bool"], (a: number, b: number) => a !== b),
  bool_le: meaning(["bool", "bool"], (a: number, b: number) => a <= b),
  bool_lt: meaning(["bool", "bool"], (a: number, b: number) => a < b),
  bool_clause: meaning(["bools", "bools"], (xs: number[], ys: number[]) => xs.includes(1) || ys.includes(0)),
  array_bool_xor: meaning(["bools"], (xs: number[]) => parity(xs) === 1),
  fzn_all_different_int: meaning(["ints"], (xs: number[]) => new Set(xs).size === xs.length),
  fzn_lex_less_int: meaning(["ints", "ints"], (x: number[], y: number[]) => lexicographicOrder(x, y) < 0),
  fzn_lex_lesseq_int: meaning(["ints", "ints"], (x: number[], y: number[]) => lexicographicOrder(x, y) <= 0),
  fzn_lex_less_bool: meaning(["bools", "bools"], (x: number[], y: number[]) => lexicographicOrder(x, y) < 0),
  fzn_lex_lesseq_bool: meaning(["bools", "bools"], (x: number[], y: number[]) => lexicographicOrder(x, y) <= 0),
  fzn_table_int: meaning(["ints", "int rows"], isRowOf),
  fzn_table_bool: meaning(["some bools", "bool rows"], isRowOf),
};

/** Builtins that stand for a truth value r of their own: p(…, r) and p_imp(…, r), where `holds` gives r. */
const FUNCTIONS: Readonly<Record<string, Meaning>> = {
  bool_and: meaning(["bool", "bool"], (a: number, b: number) => a === 1 && b === 1),
  bool_or: meaning(["bool", "bool"], (a: number, b: number) => a === 1 || b === 1),
  bool_xor: meaning(["bool", "bool"], (a: number, b: number) => a !== b),
  array_bool_and: meaning(["bools"], (xs: number[]) => !xs.includes(0)),
  array_bool_or: meaning(["bools"], (xs: number[]) => xs.includes(1)),
};

const OTHERS: Readonly<Record<string, Meaning>> = {
  bool_xor: meaning(["bool", "bool"], (a: number, b: number) => a !== b),
  constrint_circuit: meaning(["indices", "first index"], (xs: number[], first: number) => {
    const visited = [first];
    for (let i = 0; i < xs.length; i++) visited.push(xs[visited.at(-1)! - first]!);
    return visited.at(-1) === first && new Set(visited).size === xs.length && !visited.includes(Number.NaN);
  }),
  constrint_inverse: meaning(
    ["indices", "first index", "indices", "first index"],
    (f: number[], firstF: number, g: number[], firstG: number) =>
      f.every((j, i) => g[j - firstG] === i + firstF) && g.every((i, j) => f[i - firstF] === j + firstG),
  ),
  fzn_global_cardinality: meaning(["ints", "coefficients", "ints"], haveCounts),
  fzn_global_cardinality_closed: meaning(
    ["ints", "coefficients", "ints"],
    (xs: number[], values: number[], counts: number[]) =>
      haveCounts(xs, values, counts) && xs.every((x) => values.includes(x)),
  ),
  constrint_bin_packing_load: meaning(
    ["ints", "first index", "two bins", "two sizes"],
    (loads: number[], first: number, bins: number[], sizes: number[]) =>
      bins.every((bin) => loads[bin - first] !== undefined) &&
      loads.every((load, b) => load === sizes.reduce((sum, size, i) => sum + (bins[i] === b + first ? size : 0), 0)),
  ),
  fzn_cumulative: meaning(
    ["two tasks", "two tasks", "two sizes", "int"],
    (starts: number[], durations: number[], demands: number[], capacity: number) => {
      const underWay = (time: number): number =>
        demands.reduce((sum, r, i) => sum + (starts[i]! <= time && time < starts[i]! + durations[i]! ? r : 0), 0);
      return capacity >= 0 && durations.every((d) => d >= 0) && starts.every((time) => underWay(time) <= capacity);
    },
  ),
  fzn_disjunctive: meaning(["two tasks", "two tasks"], (starts: number[], durations: number[]) =>
    doNotOverlap(starts, durations, false),
  ),
  fzn_disjunctive_strict: meaning(["two tasks", "two tasks"], (starts: number[], durations: number[]) =>
    doNotOverlap(starts, durations, true),
  ),
  // Two states and two letters.
  fzn_regular: meaning(
    ["ints", "two", "two", "successors", "state", "states"],
    (word: number[], _q: number, _s: number, d: number[], initial: number, accepting: number[]) => {
      let state = initial;
      for (const letter of word) {
        if (state === 0 || letter < 1 || letter > 2) return false;
        state = d[2 * (state - 1) + letter - 1]!;
      }
      return accepting.includes(state);
    },
  ),
};

/** −1, 0 or 1 as x comes before y in lexicographic order, equals it, or comes after it. */
function lexicographicOrder(x: readonly number[], y: readonly number[]): number {
  for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i]! < y[i]! ? -1 : 1;
  return Math.sign(x.length - y.length);
}

function haveCounts(xs: readonly number[], values: readonly number[], counts: readonly number[]): boolean {
  return values.every((value, k) => xs.filter((x) => x === value).length === counts[k]);
}

function isRowOf(xs: readonly number[], entries: readonly number[]): boolean {
  return entries.some((_, i) => i % xs.length === 0 && xs.every((x, j) => x === entries[i + j]));
}

function powerIs(x: number, y: number, z: number): boolean {
  if (y >= 0) return x ** y === z;
  return x !== 0 && Math.trunc(1 / x ** -y) + 0 === z;
}

function elementIs(index: number, array: readonly number[], value: number): boolean {
  return array[index - 1] === value;
}

/** Every builtin with the relation that it has to be. */
const CASES: readonly (readonly [name: string, Meaning])[] = [
  ...Object.entries(OTHERS),
  ...Object.entries(REIFIABLE).flatMap(([name, plain]) => [
    [name, plain] as const,
    [`${name}_reif`, truthOf(plain, (r, holds) => (r === 1) === holds)] as const,
    [`${name}_imp`, truthOf(plain, (r, holds) => r === 0 || holds)] as const,
  ]),
  ...Object.entries(FUNCTIONS).flatMap(([name, plain]) => [
    [name, truthOf(plain, (r, holds) => (r === 1) === holds)] as const,
    [`${name}_imp`, truthOf(plain, (r, holds) => r === 0 || holds)] as const,
  ]),
];

function truthOf({ types, holds }: Meaning, relation: (r: number, holds: boolean) => boolean): Meaning {
  const related = (...args: ArgumentValue[]): boolean =>
    relation(args.at(-1) as number, holds(...(args.slice(0, -1) as never[])));
  return { types: [...types, "bool"], holds: related as Meaning["holds"] };
}

/** An argument: its text, and its value for given values of the variables. */
interface Argument {
  readonly text: string;
  readonly value: (values: readonly number[]) => ArgumentValue;
}

/** How to pick the parts of a random call. */
interface Choices {
  readonly next: (bound: number) => number;
  /** The values of each variable. Booleans are 0 and 1. */
  readonly variables: readonly { readonly values: readonly number[]; readonly isBool: boolean }[];
}

function argument(type: ArgumentType, choices: Choices): Argument {
  const { next, variables } = choices;
  const fixed = (value: number): Argument => ({ text: String(value), value: () => value });
  const pick = (isBool: boolean): Argument => {
    const candidates = variables.flatMap((variable, i) => (variable.isBool === isBool ? [i] : []));
    const choice = next(candidates.length + 1);
    const i = candidates[choice];
    if (i !== undefined) return { text: `v${i}`, value: (values) => values[i]! };
    const constant = isBool ? next(2) : next(9) - 4;
    return isBool ? { text: String(constant === 1), value: () => constant } : fixed(constant);
  };
  /** At least `least` elements, and at most `most`. */
  const list = (element: () => Argument, least = 0, most = Math.max(least, 3)): Argument => {
    const elements = Array.from({ length: least + next(most - least + 1) }, element);
    return {
      text: `[${elements.map(({ text }) => text).join(",")}]`,
      value: (values) => elements.map((item) => item.value(values) as number),
    };
  };
  const variableList = (indices: readonly number[]): Argument => ({
    text: `[${indices.map((i) => `v${i}`).join(",")}]`,
    value: (values) => indices.map((i) => values[i]!),
  });
  switch (type) {
    case "int":
    case "index":
    case "exponent":
      return pick(false);
    case "bool":
      return pick(true);
    case "ints":
      return list(() => pick(false), 1);
    case "bools":
      return list(() => pick(true));
    case "some bools":
      return list(() => pick(true), 1);
    case "int rows":
      return list(() => fixed(next(5) - 1), 12);
    case "bool rows":
      return list(() => {
        const value = next(2);
        return { text: String(value === 1), value: () => value };
      }, 12);
    case "indices":
      return next(4) === 0 ? list(() => pick(false), 3) : variableList([0, 1, 2]);
    case "first index":
      return fixed(next(2));
    case "two bins":
      return list(() => (next(2) === 0 ? pick(false) : fixed(next(2))), 2, 2);
    case "two tasks":
      return list(() => pick(false), 2, 2);
    case "two sizes":
      return list(() => fixed(next(3)), 2, 2);
    case "two":
      return fixed(2);
    case "successors":
      return list(() => fixed(next(3)), 4);
    case "state":
      return fixed(1 + next(2));
    case "states":
      return next(2) === 0 ? { text: "{1,2}", value: () => [1, 2] } : { text: "2..2", value: () => [2] };
    case "fixed int":
      return fixed(next(13) - 6);
    case "coefficients":
      return list(() => fixed(next(9) - 4), 1);
    case "set": {
      const low = next(9) - 4;
      if (next(2) === 0) {
        const high = low + next(5) - 1;
        const values = Array.from({ length: high - low + 1 }, (_, i) => low + i);
        return { text: `${low}..${high}`, value: () => values };
      }
      const values = Array.from({ length: next(4) }, () => next(9) - 4);
      return { text: `{${values.join(",")}}`, value: () => values };
    }
  }
}

/** Cuts coefficients to as many as there are variables, and a table to whole rows. */
function fitTogether(args: Argument[], types: readonly ArgumentType[]): void {
  types.forEach((type, i) => {
    const isTable = type === "int rows" || type === "bool rows";
    const other = isTable ? types[i - 1] : types[i + 1];
    if (!isTable && (type !== "coefficients" || (other !== "ints" && other !== "bools"))) return;
    const count = lengthOf(args[isTable ? i - 1 : i + 1]!);
    if (isTable) args[i] = prefix(args[i]!, lengthOf(args[i]!) - (lengthOf(args[i]!) % count));
    else args[i] = prefix(args[i]!, count);
  });
}

/** The first elements of a list, which is repeated if it is too short. */
function prefix({ text, value }: Argument, length: number): Argument {
  const words = text.slice(1, -1).split(",");
  const values = value([]) as readonly number[];
  const indices = Array.from({ length }, (_, i) => i % words.length);
  return { text: `[${indices.map((i) => words[i]).join(",")}]`, value: () => indices.map((i) => values[i]!) };
}

function lengthOf({ value }: Argument): number {
  return (value([]) as readonly number[]).length;
}

const domain = fc.oneof(
  { weight: 2, arbitrary: fc.uniqueArray(fc.integer({ min: -4, max: 5 }), { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom([0, 1, 2], [-1, 0, 1, 2, 3]) },
);

describe("each builtin has the solutions that trying all values finds", () => {
  test("every builtin of the tables is tried", () => {
    const names = [ARITHMETIC, BOOL, BOOL_FUNCTIONS, ELEMENT, GLOBAL, REIFIABLE_GLOBAL, INT_COMPARISON, LINEAR].flatMap(
      Object.keys,
    );
    const tried = new Set(CASES.map(([name]) => name));
    expect(names.filter((name) => !tried.has(name))).toEqual([]);
  });

  test.each(CASES)("%s", (name, { types, holds }) => {
    let satisfied = 0;
    let violated = 0;
    fc.assert(
      fc.property(
        fc.array(domain, { minLength: 3, maxLength: 3 }),
        fc.infiniteStream(fc.nat(1 << 20)),
        (domains, stream) => {
          const next = (bound: number): number => stream.next().value! % bound;
          const variables = [
            ...domains.map((values) => ({ values, isBool: false })),
            { values: [0, 1], isBool: true },
            { values: [0, 1], isBool: true },
          ];
          const args = types.map((type) => argument(type, { next, variables }));
          fitTogether(args, types);
          const declarations = variables.map(({ values, isBool }, i) =>
            isBool ? `var bool: v${i} :: output_var;` : `var {${values.join(",")}}: v${i} :: output_var;`,
          );
          const call = `constraint ${name}(${args.map(({ text }) => text).join(",")});`;
          const expected: string[] = [];
          for (const values of combinations(variables.map((variable) => variable.values))) {
            if (!holds(...(args.map((arg) => arg.value(values)) as never[]))) {
              violated++;
              continue;
            }
            satisfied++;
            expected.push(
              variables.map(({ isBool }, i) => `v${i} = ${isBool ? values[i] === 1 : values[i]};\n`).join(""),
            );
          }
          expect(answers(`${declarations.join("\n")}\n${call}\nsolve satisfy;`).sort()).toEqual(expected.sort());
        },
      ),
      { numRuns: 30, seed: propertySeed },
    );
    // The cases distinguish the builtin from one that always holds and from one that never does.
    expect(Math.min(satisfied, violated)).toBeGreaterThan(0);
  });
});

describe("powers with exponents that leave the exact range", () => {
  test.each([
    // x, y, z: the only bases whose powers stay exact are −1, 0 and 1
    ["-3..3", "50..60", "-5..5"],
    ["-3..3", "-60..-50", "-5..5"],
    ["-2..2", "1000000..1000003", "-1..1"],
  ])("%s to the power of %s", (x, y, z) => {
    const valuesOf = (range: string): number[] => {
      const [low, high] = range.split("..").map(Number);
      return Array.from({ length: high! - low! + 1 }, (_, i) => low! + i);
    };
    const text = `var ${x}: x :: output_var; var ${y}: y :: output_var; var ${z}: z :: output_var;
      constraint int_pow(x,y,z); solve satisfy;`;
    const expected = combinations([valuesOf(x), valuesOf(y), valuesOf(z)])
      .filter(([b, e, r]) => powerIs(b!, e!, r!))
      .map(([b, e, r]) => `x = ${b};\ny = ${e};\nz = ${r};\n`);
    expect(expected.length).toBeGreaterThan(0);
    expect(answers(text).sort()).toEqual(expected.sort());
  });
});
