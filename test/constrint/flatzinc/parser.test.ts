import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FlatZincError } from "../../../packages/constrint/src/flatzinc/flatzinc-error.js";
import { parseFlatZinc } from "../../../packages/constrint/src/flatzinc/parser.js";
import { readFlatZinc } from "../../../packages/constrint/src/flatzinc/problem.js";
import { propertySeed } from "../../support/property-seed.js";

/** The error that reading a text throws. */
function errorOf(text: string): FlatZincError {
  try {
    readFlatZinc(text);
  } catch (error) {
    if (error instanceof FlatZincError) return error;
    throw error;
  }
  throw new Error(`no error for ${text}`);
}

/** A syntax tree as plain data without offsets. */
function withoutOffsets(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value) => (key === "offset" ? undefined : value)));
}

describe("parser", () => {
  test("reads every kind of item to a tree of plain data", () => {
    const text = `
      predicate my_pred(var int: x, array [int,int] of var bool: bs, set of int: s, 1..3: r);  % dropped
      array [1..2] of int: a = [1,-2];
      array [1..2] of set of int: sets = [{1,3},2..4];
      bool: flag = true;
      var 1..5: x :: output_var;
      var {1,4,-7}: y = x;
      var bool: b ::var_is_introduced :: is_defined_var;
      array [1..3] of var int: xs :: output_array([1..3]) = [x,y,3];
      constraint int_lin_le(a,[x,y],-0x1F) :: defines_var(y) :: domain;
      solve :: seq_search([int_search(xs,first_fail,indomain_min,complete), bool_search([b],input_order,indomain_max)])
        minimize xs[2];
    `;
    const tree = parseFlatZinc(text);
    const name = (word: string) => ({ type: "name", name: word });
    const int = (value: number) => ({ type: "int", value });
    const array = (...elements: unknown[]) => ({ type: "array", elements });
    const call = (word: string, ...args: unknown[]) => ({ type: "call", name: word, arguments: args });
    const range = (low: number, high: number) => ({ type: "range", low, high });
    expect(withoutOffsets(tree)).toEqual({
      text,
      declarations: [
        {
          name: "a",
          isVariable: false,
          type: { base: "int" },
          size: 2,
          annotations: [],
          value: array(int(1), int(-2)),
        },
        {
          name: "sets",
          isVariable: false,
          type: { base: "set" },
          size: 2,
          annotations: [],
          value: array({ type: "set", values: [1, 3] }, range(2, 4)),
        },
        {
          name: "flag",
          isVariable: false,
          type: { base: "bool" },
          annotations: [],
          value: { type: "bool", value: true },
        },
        { name: "x", isVariable: true, type: { base: "int", domain: range(1, 5) }, annotations: [name("output_var")] },
        {
          name: "y",
          isVariable: true,
          type: { base: "int", domain: { type: "set", values: [1, 4, -7] } },
          annotations: [],
          value: name("x"),
        },
        {
          name: "b",
          isVariable: true,
          type: { base: "bool" },
          annotations: [name("var_is_introduced"), name("is_defined_var")],
        },
        {
          name: "xs",
          isVariable: true,
          type: { base: "int" },
          size: 3,
          annotations: [call("output_array", array(range(1, 3)))],
          value: array(name("x"), name("y"), int(3)),
        },
      ],
      constraints: [
        {
          name: "int_lin_le",
          arguments: [name("a"), array(name("x"), name("y")), int(-31)],
          annotations: [call("defines_var", name("y")), name("domain")],
        },
      ],
      solve: {
        goal: "minimize",
        objective: { type: "element", name: "xs", index: 2 },
        annotations: [
          call(
            "seq_search",
            array(
              call("int_search", name("xs"), name("first_fail"), name("indomain_min"), name("complete")),
              call("bool_search", array(name("b")), name("input_order"), name("indomain_max")),
            ),
          ),
        ],
      },
    });
  });

  test("the tree is frozen throughout", () => {
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      expect(Object.isFrozen(node)).toBe(true);
      for (const part of Object.values(node)) visit(part);
    };
    visit(parseFlatZinc("var 1..3: x :: output_var; constraint p([x,{1}],1..2); solve :: f(g) maximize x;"));
  });

  test.each([
    ["0", 0],
    ["-0", 0],
    ["0o17", 15],
    ["-0xff", -255],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["-9007199254740991", Number.MIN_SAFE_INTEGER],
  ])("the integer %s", (written, value) => {
    const { constraints } = parseFlatZinc(`constraint p(${written}); solve satisfy;`);
    expect(constraints[0]!.arguments[0]).toStrictEqual({ type: "int", offset: 13, value });
  });

  test.each(["1.5", "-2.0", "1e10", "3.25E-4"])("the float %s is recognised", (text) => {
    const { constraints } = parseFlatZinc(`constraint p(${text}); solve satisfy;`);
    expect(constraints[0]!.arguments[0]).toStrictEqual({ type: "float", offset: 13, value: Number(text) });
  });

  test.each(["1.0..2.5", "1..2.5", "{1.0,2.5}"])("the set of floats %s is recognised", (text) => {
    const { constraints } = parseFlatZinc(`constraint p(${text}); solve satisfy;`);
    expect(constraints[0]!.arguments[0]).toStrictEqual({ type: "float", offset: 13 });
  });
});

describe("errors name the place and what was expected", () => {
  test("with the line and a caret below the place", () => {
    expect(errorOf("var 1..3: x;\n\tconstraint int_eq(x 3);\nsolve satisfy;").message).toBe(
      'line 2, column 22: expected "," or ")", found "3"\n  2 | \tconstraint int_eq(x 3);\n    | \t                    ^',
    );
  });

  test("with the part of a long line around the place", () => {
    const { message, lineText } = errorOf(`constraint p([${"1,".repeat(5000)}?]); solve satisfy;`);
    expect(lineText.length).toBeGreaterThan(10_000);
    expect(message.length).toBeLessThan(300);
    const [, shown, caret] = message.split("\n");
    expect(shown![caret!.indexOf("^")]).toBe("?");
  });

  test.each<[text: string, line: number, column: number, problem: RegExp]>([
    ["", 1, 1, /^expected "var", .* "solve", found the end of the text$/],
    ["var 1..3: x;\n% solve\n", 1, 13, /^expected .* or "solve", found the end/],
    ["solve satisfy", 1, 14, /^expected ";", found the end of the text$/],
    ["solve satisfy; var int: x;", 1, 16, /^expected the end of the text after the solve item, found "var"$/],
    ["solve maximise x;", 1, 7, /^expected "satisfy", "minimize" or "maximize", found "maximise"$/],
    ["var 1..: x;", 1, 8, /^expected a number, found ":"$/],
    ["var x: 1..3;", 1, 5, /^expected "bool", "int", "float" or "set of int", found "x"$/],
    ["array [0..3] of int: a = [];", 1, 8, /^expected an index set that starts at 1, found "0"$/],
    ["int: n;", 1, 7, /^expected "=", found ";"$/],
    [
      "int: n = 12345678901234567890;",
      1,
      10,
      /^expected an integer within ±9007199254740991, found 12345678901234567890$/,
    ],
    ["int: n = 3\r\n?;", 2, 1, /^expected a name, a number or a symbol, found "\?"$/],
    ["int: n = 12ab;", 1, 10, /^expected a number that ends in a digit$/],
    ['constraint p("abc);', 1, 14, /^expected a string that ends in " on its line$/],
    ["var int: x :: 3;", 1, 15, /^expected the name of an annotation$/],
    [`constraint p(${"[".repeat(100)}`, 1, 78, /^expected arrays and annotations to nest at most 64 deep$/],
    ["int: n = 1; var bool: n; solve satisfy;", 1, 23, /^expected a new name, found n, which exists already$/],
    ["var int: n; var bool: n; solve satisfy;", 1, 23, /^expected a new name, found n, which exists already$/],
    ["solve minimize y;", 1, 16, /^expected the name of a parameter or variable, found y, which is not declared$/],
    ["var bool: y; solve minimize y;", 1, 29, /^expected an integer or an integer variable, found a boolean variable$/],
    [
      "var 1..2: x; int: n = x; solve satisfy;",
      1,
      23,
      /^expected an integer that is fixed, found an integer variable$/,
    ],
    [
      "array [1..3] of int: a = [1,2]; solve satisfy;",
      1,
      26,
      /^expected an array of 3 elements, found an array of 2 elements$/,
    ],
    [
      "array [1..2] of int: a = [1,true]; solve satisfy;",
      1,
      29,
      /^expected an integer that is fixed, found a boolean$/,
    ],
    [
      "array [1..1] of int: a = [1]; solve minimize a[2];",
      1,
      46,
      /^expected an element of an array, found a\[2\], which has 1 elements$/,
    ],
    [
      "array [1..1] of var int: a :: output_array([1..2]) = [4]; solve satisfy;",
      1,
      31,
      /^expected index sets for 1 elements of a, found sets for 2$/,
    ],
    ["var bool: b = 1; solve satisfy;", 1, 15, /^expected a boolean, found the integer 1$/],
  ])("%s", (text, line, column, problem) => {
    const error = errorOf(text);
    expect([error.code, error.line, error.column]).toEqual(["syntax", line, column]);
    expect(error.problem).toMatch(problem);
  });

  test.each<[text: string, line: number, problem: string]>([
    ["var bool: b;\nvar float: x;\nsolve satisfy;", 2, "float variables are not supported: x"],
    ["var 0.0..1.5: x; solve satisfy;", 1, "float variables are not supported: x"],
    ["\n\nvar set of 1..5: s; solve satisfy;", 3, "set variables are not supported: s"],
    ["array [1..0] of var float: xs = []; solve satisfy;", 1, "float variables are not supported: xs"],
    ["constraint int_sqrt(4,2); solve satisfy;", 1, "constraint int_sqrt is not supported"],
    ["constraint fzn_sliding_sum([],true); solve satisfy;", 1, "constraint fzn_sliding_sum is not supported"],
    ["constraint int_abs(4); solve satisfy;", 1, "expected int_abs with 2 arguments, found 1"],
    [
      "constraint int_abs(4,1.5); solve satisfy;",
      1,
      "expected an integer or an integer variable, found a float (floats are not supported)",
    ],
    [
      "constraint int_lin_eq([1,2],[3],4); solve satisfy;",
      1,
      "int_lin_eq: expected as many coefficients as variables, found 2 and 1",
    ],
    [
      "constraint array_int_maximum(4,[]); solve satisfy;",
      1,
      "array_int_maximum: expected at least one element, found an empty array",
    ],
    [
      "var 1..2: x; constraint set_in(x,x); solve satisfy;",
      1,
      "expected a set of integers (set variables are not supported), found an integer variable",
    ],
    [
      "solve :: int_search(4) satisfy;",
      1,
      "expected int_search(variables, choice of variable, choice of value, strategy)",
    ],
  ])("what is not supported: %s", (text, line, problem) => {
    const error = errorOf(text);
    expect([error.line, error.problem]).toEqual([line, problem]);
  });
});

describe("robustness", () => {
  const valid = `predicate p(array [int] of var int: x, set of int: s);
array [1..2] of int: a = [1,-1];
var 1..3: x :: output_var;
var {1,5}: y;
var bool: b;
array [1..2] of var int: xs :: output_array([1..2]) = [x,y];
constraint int_lin_le_reif(a,xs,-1,b) :: defines_var(b);
constraint set_in(x,{1,3});
constraint bool_clause([b],[]);
solve :: seq_search([int_search(xs,first_fail,indomain_min,complete)]) minimize y;
`;
  const pieces = [
    "var ",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "::",
    "..",
    ",",
    ";",
    "=",
    "-",
    '"',
    "%",
    "1",
    "0x",
    "1.",
    "e9",
    "true",
    "\n",
    "\u00e9",
    "\u{1F600}",
    "\0",
  ];

  test("mutated texts are read or give an error with a place in the text", () => {
    const mutation = fc.record({
      at: fc.nat(valid.length),
      removed: fc.nat(12),
      inserted: fc.oneof(
        fc.constant(""),
        fc.constantFrom(...pieces),
        fc.constantFrom(...pieces).map((p) => p.repeat(70)),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let text = valid;
        for (const { at, removed, inserted } of mutations)
          text = text.slice(0, at) + inserted + text.slice(at + removed);
        requireReadOrLocated(text);
      }),
      { numRuns: 3000, seed: propertySeed },
    );
  });

  test("arbitrary texts are read or give an error with a place in the text", () => {
    const anything = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary" })), { maxLength: 30 });
    fc.assert(
      fc.property(anything, (parts) => requireReadOrLocated(parts.join(""))),
      { numRuns: 2000, seed: propertySeed },
    );
  });

  function requireReadOrLocated(text: string): void {
    try {
      readFlatZinc(text);
    } catch (error) {
      if (!(error instanceof FlatZincError)) throw error;
      const lines = text.split(/\r\n|\r|\n/);
      expect(lines[error.line - 1]).toBe(error.lineText);
      expect(error.column).toBeGreaterThanOrEqual(1);
      expect(error.column).toBeLessThanOrEqual(error.lineText.length + 1);
    }
  }

  test("a text of 100000 constraints is parsed in time proportional to its length", () => {
    const textOf = (count: number): string => {
      const variables = Array.from({ length: count }, (_, i) => `var 1..100: x${i} :: output_var;\n`);
      const constraints = Array.from({ length: count }, (_, i) => `constraint int_lin_le([1,-1],[x${i},x0],${i});\n`);
      return `${variables.join("")}${constraints.join("")}solve satisfy;\n`;
    };
    const secondsFor = (count: number): number => {
      const text = textOf(count);
      const startedAt = performance.now();
      expect(parseFlatZinc(text).constraints.length).toBe(count);
      return (performance.now() - startedAt) / 1000;
    };
    secondsFor(1000);
    const small = Math.max(0.05, secondsFor(10_000));
    const large = secondsFor(100_000);
    // Ten times the text: a quadratic parser would need a hundred times as long.
    expect(large / small).toBeLessThan(80);
  });
});
