import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allDifferent,
  binPacking,
  type Constraint,
  ConstrintSyntaxError,
  circuit,
  cumulative,
  disjunctive,
  element,
  formatConstraint,
  formatExpression,
  formatProgram,
  globalCardinality,
  type IntExpr,
  type IntVar,
  inverse,
  lexLess,
  lexLessEqual,
  Model,
  max,
  or,
  parseExpression,
  parseProgram,
  regular,
  table,
} from "../../../packages/constrint/src/index.js";
import {
  asSortedText,
  buildConstraint,
  buildExpression,
  buildModel,
  constraintRecipe,
  type ExpressionRecipe,
  enumerate,
  expressionRecipe,
  fixedSeed,
  modelRecipe,
} from "../random-model.js";

const solutionsOf = (text: string): string[] => asSortedText(enumerate(parseProgram(text).model).solutions);
const same = (a: string, b: string): void => expect(solutionsOf(a)).toEqual(solutionsOf(b));

describe("precedence and meaning", () => {
  const domains = "A == [1..12]; B == [1..6]; C == [1..6];";

  test("% binds weaker than + and *", () => {
    same(`${domains} A % B * C == 0`, `${domains} A % (B * C) == 0`);
    same(`${domains} A + 1 % B + C == 0`, `${domains} (A + 1) % (B + C) == 0`);
    expect(solutionsOf(`${domains} A % B * C == 0`).length).toBe(
      // by brute force
      [...Array(12)].flatMap((_, a) =>
        [...Array(36)].filter((__, i) => (a + 1) % (((i % 6) + 1) * (Math.floor(i / 6) + 1)) === 0),
      ).length,
    );
  });

  test("* before + before relations before | before ;", () => {
    same(`${domains} A + B * C == 7`, `${domains} (A + (B * C)) == 7`);
    same(`${domains} A == 1 | B == 2; C == 3`, `${domains} (A == 1 | B == 2); (C == 3)`);
    expect(solutionsOf(`${domains} (A == 1; B == 2) | (C == 3; A == 2)`)).not.toEqual(
      solutionsOf(`${domains} A == 1; B == 2 | C == 3; A == 2`),
    );
  });

  test("^ binds strongest and - is a sign or a difference", () => {
    same(`${domains} 2 * A ^ 2 == B + C - 4`, `${domains} (2 * (A ^ 2)) == ((B + C) - 4)`);
    same(`${domains} A - B - C == 1`, `${domains} A == 1 + B + C`);
    same(`${domains} -A ^ 2 + 9 == 0`, `${domains} A == 3`);
    same(`${domains} A - -B == 4`, `${domains} A + B == 4`);
  });

  test("relations", () => {
    for (const [text, opposite] of [
      ["A < B", "A >= B"],
      ["A <= B", "A > B"],
      ["A == B", "A != B"],
    ]) {
      const both = [...solutionsOf(`${domains} ${text}`), ...solutionsOf(`${domains} ${opposite}`)].sort();
      expect(both).toEqual(solutionsOf(domains));
    }
  });

  test("=> binds weaker than | and stronger than ;, to the right", () => {
    same(`${domains} A == 1 | B == 2 => C == 3; A <= 2`, `${domains} ((A == 1 | B == 2) => (C == 3)); A <= 2`);
    same(`${domains} A <= 4 => B <= 3 => C == 3`, `${domains} A > 4 | B > 3 | C == 3`);
    same(`${domains} A % B == 0 => C == 1`, `${domains} A % B != 0 | C == 1`);
  });

  test("division", () => {
    same(`${domains} A // B * C == 4`, `${domains} (A // B) * C == 4`);
    same(`${domains} A * B // C == 4`, `${domains} (A * B) // C == 4`);
    same(`${domains} A // B + A % C == 4`, `${domains} ((A // B) + A) % C == 4`);
    same(`${domains} (A // B) + (A % C) == 4`, `${domains} A // B == 4 - (A % C)`);
    const signed = "A == [-7..7]; B == [-3..3];";
    const pairs = [...Array(15)].flatMap((_, a) => [...Array(7)].map((__, b) => [a - 7, b - 3] as const));
    const where = (holds: (a: number, b: number) => boolean): string[] =>
      asSortedText(pairs.filter(([a, b]) => b !== 0 && holds(a, b)).map(([A, B]) => ({ A, B })));
    expect(solutionsOf(`${signed} A // B == -2`)).toEqual(where((a, b) => Math.trunc(a / b) === -2));
    expect(solutionsOf(`${signed} A % B == -1`)).toEqual(where((a, b) => a % b === -1));
    expect(solutionsOf(`${signed} mod(A, B) == 1`)).toEqual(
      where((a, b) => (((a % b) + 3 * Math.abs(b)) % b) + 0 === 1),
    );
    expect(solutionsOf(`${signed} div(A, B) * B + mod(A, B) == A`)).toEqual(where(() => true));
    expect(solutionsOf(`${signed} abs(A) == 2 * abs(B)`).length).toBe(13); // A = ±2B, and 0 once
  });

  test("lists, ranges, minima and maxima", () => {
    same("A == [1..9]; A == [2, 4, 11]", "A == [2, 4]");
    same(`${domains} A + B == [3, 12]`, `${domains} A + B == 3 | A + B == 12`);
    same(`${domains} A + B != [3, 12]`, `${domains} A + B != 3; A + B != 12`);
    same(`${domains} 2 * [1, 3] * A == B`, `${domains} 2 * A == B | 6 * A == B`);
    same(`${domains} A <= [B, C]`, `${domains} A <= B | A <= C`);
    same(`${domains} A == [B, 2 * C]`, `${domains} A == B | A == 2 * C`);
    same(`${domains} A * B == [7..9, 20]`, `${domains} A * B == 20 | 7 <= A * B; A * B <= 9 | A * B == 20`);
    same(`${domains} max(A, B, 3) == min(C + 1, 5)`, `${domains} max(max(A, B), 3) == min(min(5, C + 1), 7)`);
  });

  test("variables have 1 … 2^30 unless declared, in the order of the text", () => {
    const { model } = parseProgram("B <= A; C == [-3..3]; D == 0; E == 2^31 # comment ; F == 1\n;");
    expect(model.variables.map(({ name, domain: { min, max } }) => [name, min, max])).toEqual([
      ["B", 1, 2 ** 30],
      ["A", 1, 2 ** 30],
      ["C", -3, 3],
      ["D", 0, 0],
      ["E", 2 ** 31, 2 ** 31],
    ]);
    expect(parseProgram("A == 1; A == 2").model.solve().status).toBe("unsatisfiable");
    expect(parseProgram("").model.solve().status).toBe("satisfied");
  });

  test("objectives", () => {
    const { model, goal } = parseProgram("A * B == 36; minimize A + 2 * B;");
    expect(goal?.sense).toBe("minimize");
    // 2·√72 ≈ 16.97, and A = 9, B = 4 reaches 17.
    expect(model.minimize(goal!.expression).objective).toBe(17);
    expect(parseProgram("minimize == 3; maximize <= 4 * minimize").model.variables.length).toBe(2);
    expect(model.maximize(parseExpression("A - B", model)).objective).toBe(35);
  });
});

describe("errors name the place and what was expected, and show the line", () => {
  const cases: [text: string, line: number, column: number, problem: RegExp][] = [
    ["A +", 1, 4, /expected an expression, found the end/],
    ["A == 1;\n  B + * 2 == C", 2, 7, /expected an expression, found "\*"/],
    ["A == 1\nB == 2", 2, 1, /expected ";", "\|", an operator or the end, found "B"/],
    ["A = 1", 1, 3, /found "=" \(equality is written "=="\)/],
    ["A + B", 1, 6, /expected a relation .*found the end/],
    ["A % B; C == 1", 1, 6, /expected a relation .*found ";"/],
    ["A % B % C == 1", 1, 7, /expected "==", found "%"/],
    ["abs(A, B) == 1", 1, 1, /expected abs with one operand, found 2/],
    ["div(A) == 1", 1, 1, /expected div with 2 operands, found 1/],
    ["(A + B == 3", 1, 12, /expected "\)" or an operator, found the end/],
    ["A == [1, 2", 1, 11, /expected ",", ".." or "]", found the end/],
    ["A == [5..2]", 1, 7, /from low to high, found 5\.\.2/],
    ["A ^ B == 1", 1, 5, /expected an integer exponent from 0 to 52, found "B"/],
    ["A ^ 53 == 1", 1, 5, /exponent/],
    ["A == 9007199254740992", 1, 6, /up to 9007199254740991/],
    ["A == 1 => B; C == 1", 1, 12, /expected a relation .*found ";"/],
    ["A => 3", 1, 3, /expected a relation .*found "=>"/],
    ["A == B == C", 1, 8, /a comparison has two sides/],
    ["(A == 1) + 2 == 3", 1, 2, /expected a number, found a condition/],
    ["A == 1 | 3 + B; C == 2", 1, 15, /expected a relation .*found ";"/],
    ["minimize A; A == 3; maximize A", 1, 21, /expected one objective/],
    ["A $ 1", 1, 3, /found "\$"/],
    ["\tA == é", 1, 7, /found "é"/],
    ["A * [1..5000] == B", 1, 1, /at most 4096 combinations/],
    [`${"(".repeat(5000)}A`, 1, 258, /at most 256 deep/],
    [`${"-".repeat(5000)}A`, 1, 258, /at most 256 deep/],
    ["A / B == 1", 1, 3, /found "\/" \(integer division is written "\/\/"\)/],
    ['A == 1;\n"name: A == 1', 2, 1, /a string that ends in " on its line/],
    ['"\\x": A == 1', 1, 1, /escapes of JSON/],
    ['"" == 3', 1, 1, /a name that is not empty, found ""/],
    ["name: A + 1", 1, 12, /expected a relation .*found the end/],
    ["A == 1 | name: B == 2", 1, 14, /expected a relation .*found ":"/],
    ["(name: A == 1)", 1, 6, /found ":"/],
    ["A == 1; element([1, 2], A)", 1, 9, /expected element\(\[array\], index, result\), found 2 arguments/],
    ["element(3, A, B)", 1, 9, /expected an array in square brackets, found a number/],
    ["element([], A, B)", 1, 1, /the array is empty/],
    ["lexLess([A], [B, 1])", 1, 1, /1 operands on the left, 2 on the right/],
    ["table([A], [[1], [1, 2]])", 1, 1, /row 1 has 2 numbers for 1 operands/],
    ["table([A], [[B]])", 1, 14, /expected a constant, found the variable B/],
    ["table([A], [1])", 1, 13, /expected an array/],
    ["cumulative([[A, 2]], 3)", 1, 13, /expected 3 items, found 2/],
    ["allDifferent([A, B])", 1, 14, /expected a number, found an array/],
    ["allDifferent(A, B) + 1 == 2", 1, 1, /expected a number, found a condition/],
    ["circuit(A, B) => A == 1", 1, 1, /no negation/],
    ["element([1..2000000], A, B)", 1, 10, /at most 1048576 items/],
    ["element([1, [2, 3]], A, B)", 1, 13, /expected a number, found an array/],
    [`element(${"[".repeat(5000)}A`, 1, 265, /at most 256 deep/],
    ["2^52 * 2^52 == A", 1, 1, /9007199254740991|overflow|range/],
  ];
  test.each(cases)("%j", (text, line, column, problem) => {
    let error: unknown;
    try {
      parseProgram(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConstrintSyntaxError);
    const found = error as ConstrintSyntaxError;
    expect(found.problem).toMatch(problem);
    expect([found.line, found.column]).toEqual([line, column]);
    expect(found.message).toContain(`line ${line}, column ${column}: `);
    // The line is shown, or a part of it, and the caret stands below the place.
    const [shown, caret] = found.message.split("\n").slice(-2) as [string, string];
    const character = text.split("\n")[line - 1]![column - 1];
    expect(shown[caret.length - 1]).toBe(character);
    if (column < 60) expect(caret.length - shown.indexOf("| ") - 2).toBe(column);
    expect(shown.length).toBeLessThan(120);
  });

  test("random text is parsed or refused with a place, never anything else", () => {
    const word = fc.constantFrom(
      ..."A B 12 0 == <= != + - * % ^ 2 ( ) [ ] , .. ; | min( max minimize # \n = é".split(" "),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word).map((words) => words.join(" ")),
          fc.string(),
        ),
        (text) => {
          try {
            parseProgram(text);
          } catch (error) {
            expect(error).toBeInstanceOf(ConstrintSyntaxError);
            const { line, column, lineText } = error as ConstrintSyntaxError;
            expect(text.split(/\r\n|\r|\n/)[line - 1] ?? "").toBe(lineText);
            expect(column).toBeGreaterThanOrEqual(1);
            expect(column).toBeLessThanOrEqual(lineText.length + 1);
          }
        },
      ),
      { ...fixedSeed(), numRuns: 3000 },
    );
  });
});

describe("the printer", () => {
  test("a printed model has the same variables and solutions, and prints the same again", () => {
    fc.assert(
      fc.property(modelRecipe, expressionRecipe, (recipe, objective) => {
        const { model, variables } = buildModel(recipe);
        const goal = { sense: "maximize" as const, expression: buildExpression(objective, variables) };
        const text = formatProgram({ model, goal });
        const read = parseProgram(text);
        expect(read.model.variables.map(({ name }) => name)).toEqual(["v0", "v1", "v2"]);
        expect(asSortedText(enumerate(read.model).solutions)).toEqual(asSortedText(enumerate(model).solutions));
        expect(read.model.maximize(read.goal!.expression).objective).toBe(model.maximize(goal.expression).objective);
        const again = formatProgram(read);
        expect(formatProgram(parseProgram(again))).toBe(again);
      }),
      { ...fixedSeed(), numRuns: 62 },
    );
  });

  test("expressions come back as the same tree", () => {
    const model = new Model();
    for (const name of ["A", "B", "C"]) model.int(name, 1, 9);
    for (const text of [
      "A + B * C",
      "(A + B) * C",
      "A - (B - C)",
      "A - 3 + 2 * B",
      "-A * B",
      "A * (B * C)",
      "(A * B) ^ 2",
      "(-2) ^ 3",
      "(A ^ 2) ^ 3",
      "max(A, B + 1) - min(A, 3, C)",
      "A - 2 * B",
      "A * B // C // 2 * A",
      "A // (B // C)",
      "(A % B + C) * 2 // 3",
      "A + B % C * 2",
      "div(A, B) - mod(A + 1, C) * abs(A - B)",
    ]) {
      const tree = parseExpression(text, model);
      expect(parseExpression(formatExpression(tree), model)).toEqual(tree);
    }
    expect(formatExpression(parseExpression("((A)) + (B*C)  - ( 4 )", model))).toBe("A + B * C - 4");
  });

  test("constraints keep their names, and every name of a variable can be written", () => {
    const model = new Model();
    const x = model.int("x", [1, 3]);
    const odd = model.int('two "words"\n', 1, 2);
    const minimize = model.int("minimize", -1, 2);
    model.add(x.ge(2), "more\nthan one").add(odd.times(x).le(6)).add(minimize.lt(0), "sign").add(x.eq(3), "");
    const text = formatProgram({ model });
    expect(text).toBe(
      `x == [1, 3];
"two \\"words\\"\\n" == [1..2];
"minimize" == [-1..2];
"more\\nthan one": x >= 2;
"two \\"words\\"\\n" * x <= 6;
sign: "minimize" < 0;
"": x == 3;
`,
    );
    const read = parseProgram(text);
    expect(read.model.constraints.map(({ name }) => name)).toEqual(["more\nthan one", undefined, "sign", ""]);
    expect(asSortedText(enumerate(read.model).solutions)).toEqual(asSortedText(enumerate(model).solutions));
    expect(formatProgram(read)).toBe(text);
  });

  test("every global constraint comes back as the same tree", () => {
    const model = new Model();
    const [a, b, c] = ["a", "b", "c"].map((name) => model.int(name, -3, 9));
    const [x, y, z] = [a!.plus(1), b!.times(-2), c!];
    const globals: Constraint[] = [
      allDifferent([x, y, 4]),
      allDifferent([x, y], { consistency: "value" }),
      allDifferent([x, z], { consistency: "domain" }),
      allDifferent([]),
      element([x, 3, -5], z, y),
      table([x, y], []),
      table(
        [x, y],
        [
          [1, -2],
          [3, 4],
        ],
      ),
      table([], [[]]),
      inverse([x, y], [z, 1]),
      inverse([], []),
      circuit([x, y, z]),
      regular([x, y], {
        stateCount: 2,
        initial: 0,
        accepting: [1],
        transitions: [
          [0, -1, 1],
          [1, 0, 1],
        ],
      }),
      regular([], { stateCount: 1, initial: 0, accepting: [], transitions: [] }),
      globalCardinality([x, y, z], [1, -2], [a!, 1]),
      globalCardinality([x, y], [1, 5], [2, a!], { closed: true }),
      lexLess([x, y], [z, 3]),
      lexLessEqual([x], [max([y, z])]),
      binPacking([x, y], [3, 0], [a!, 3, z]),
      cumulative(
        [
          { start: x, duration: 3, demand: y },
          { start: 0, duration: z, demand: 1 },
        ],
        a!.plus(2),
      ),
      cumulative([], 0),
      disjunctive([
        { start: x, duration: 3 },
        { start: y.plus(1), duration: 2 },
      ]),
      disjunctive(
        [
          { start: x, duration: 0 },
          { start: 4, duration: 2 },
        ],
        { strict: true },
      ),
    ];
    for (const constraint of globals) {
      model.add(constraint, constraint.kind);
      const text = formatConstraint(constraint);
      const read = parseProgram(`a == [-3..9]; b == [-3..9]; c == [-3..9]; name: ${text}`);
      expect(read.model.constraints).toEqual([{ constraint, name: "name" }]);
    }
    const text = formatProgram({ model });
    expect(formatProgram(parseProgram(text))).toBe(text);
  });

  test("random models with global constraints have the same solutions when read back", () => {
    const entry = fc.integer({ min: -2, max: 5 });
    const operands = fc.array(expressionRecipe, { minLength: 1, maxLength: 3 });
    const pairs = fc.array(fc.tuple(expressionRecipe, expressionRecipe), { minLength: 1, maxLength: 3 });
    type Build = (variables: readonly IntVar[]) => Constraint;
    const of = (recipes: readonly ExpressionRecipe[], variables: readonly IntVar[]): IntExpr[] =>
      recipes.map((recipe) => buildExpression(recipe, variables));
    const global: fc.Arbitrary<Build> = fc.oneof(
      fc.tuple(operands, fc.constantFrom("value", "bounds", "domain")).map(
        ([xs, consistency]): Build =>
          (v) =>
            allDifferent(of(xs, v), { consistency }),
      ),
      fc.tuple(operands, expressionRecipe, expressionRecipe).map(
        ([xs, i, r]): Build =>
          (v) =>
            element(of(xs, v), buildExpression(i, v), buildExpression(r, v)),
      ),
      fc.tuple(expressionRecipe, expressionRecipe, fc.array(fc.tuple(entry, entry), { maxLength: 8 })).map(
        ([a, b, rows]): Build =>
          (v) =>
            table(of([a, b], v), rows),
      ),
      pairs.map(
        (xs): Build =>
          (v) =>
            inverse(
              of(
                xs.map(([a]) => a),
                v,
              ),
              of(
                xs.map(([, b]) => b),
                v,
              ),
            ),
      ),
      operands.map(
        (xs): Build =>
          (v) =>
            circuit(of(xs, v)),
      ),
      fc.tuple(pairs, fc.boolean()).map(
        ([xs, strict]): Build =>
          (v) => {
            const compare = strict ? lexLess : lexLessEqual;
            return compare(
              of(
                xs.map(([a]) => a),
                v,
              ),
              of(
                xs.map(([, b]) => b),
                v,
              ),
            );
          },
      ),
      fc.tuple(operands, expressionRecipe, fc.boolean()).map(
        ([xs, n, closed]): Build =>
          (v) =>
            globalCardinality(of(xs, v), [0, 2], [buildExpression(n, v), 1], { closed }),
      ),
      fc.tuple(operands, operands).map(
        ([xs, loads]): Build =>
          (v) =>
            binPacking(
              of(xs, v),
              xs.map((_, i) => i),
              of(loads, v),
            ),
      ),
      fc.tuple(pairs, expressionRecipe).map(
        ([xs, capacity]): Build =>
          (v) =>
            cumulative(
              xs.map(([start, demand]) => ({
                start: buildExpression(start, v),
                duration: 2,
                demand: buildExpression(demand, v),
              })),
              buildExpression(capacity, v),
            ),
      ),
      operands.map(
        (xs): Build =>
          (v) =>
            regular(of(xs, v), {
              stateCount: 2,
              initial: 0,
              accepting: [0],
              transitions: [
                [0, 1, 1],
                [0, 2, 0],
                [1, 1, 0],
              ],
            }),
      ),
    );
    const names = fc.uniqueArray(fc.oneof(fc.constantFrom("minimize", "max", "table"), fc.string({ minLength: 1 })), {
      minLength: 3,
      maxLength: 3,
    });
    let satisfiable = 0;
    fc.assert(
      fc.property(
        names,
        fc.array(global, { minLength: 1, maxLength: 2 }),
        constraintRecipe,
        (chosen, builds, recipe) => {
          const model = new Model();
          const variables = chosen.map((name, i) => model.int(name, i - 1, i + 3));
          for (const [i, build] of builds.entries()) model.add(build(variables), `global ${i}`);
          model.add(or(buildConstraint(recipe, variables), builds[0]!(variables)));
          const text = formatProgram({ model });
          const read = parseProgram(text);
          expect(read.model.variables).toEqual(model.variables);
          const solutions = asSortedText(enumerate(model).solutions);
          expect(asSortedText(enumerate(read.model).solutions)).toEqual(solutions);
          if (solutions.length > 0) satisfiable++;
        },
      ),
      { ...fixedSeed(), numRuns: 250 },
    );
    expect(satisfiable).toBeGreaterThan(50);
  });
});

describe("names and places of constraints", () => {
  test("a label names a constraint, which is then no declaration", () => {
    const { model, places } = parseProgram('A == [1..9];\ncap : A <= 4;\n  "at least": A == 5 | A == [7, 8]; A != 3');
    const [cap, least, plain] = model.constraints;
    expect([cap!.name, least!.name, plain!.name]).toEqual(["cap", "at least", undefined]);
    expect([cap, least, plain].map((added) => places.get(added!.constraint))).toEqual([
      { line: 2, column: 1 },
      { line: 3, column: 3 },
      { line: 3, column: 37 },
    ]);
    const fixed = parseProgram("A == [1..9]; fixed: A == 5; B == 2; all: (A + B == 7; A > B)");
    expect(fixed.model.variable("A")!.domain).toMatchObject({ min: 1, max: 9 });
    expect(fixed.model.constraints.map(({ name }) => name)).toEqual(["fixed", "all"]);
    expect(enumerate(fixed.model).solutions).toEqual([{ A: 5, B: 2 }]);
  });

  test("declarations without a common value are a constraint at the last of them", () => {
    const { model, places } = parseProgram("B <= 3;\nA == 1;\nA == [2, 3]");
    const [contradiction] = model.explainUnsatisfiable().constraints;
    expect(contradiction!.name).toBe("declarations of A");
    expect(places.get(contradiction!.constraint)).toEqual({ line: 3, column: 1 });
  });

  test("arrays of global constraints: ranges, nothing, and expressions", () => {
    same(
      "A == [0..3]; B == [1..9]; element([2..4, 3 * 3], A, B)",
      "A == [0..3]; B == [1..9]; element([2, 3, 4, 9], A, B)",
    );
    same("A == [1..3]; allDifferent(A, 2, 3) | table([A, A + 1], [[3, 4]])", "A == [1..3]; A == 1 | A == 3");
    expect(solutionsOf("A == [1..3]; allDifferent(); table([A], [])")).toEqual([]);
  });
});
