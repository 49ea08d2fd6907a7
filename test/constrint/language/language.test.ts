import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ConstrintSyntaxError,
  formatExpression,
  formatProgram,
  Model,
  type Program,
  parseExpression,
  parseProgram,
} from "../../../packages/constrint/src/index.js";
import {
  asSortedText,
  buildExpression,
  buildModel,
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
    expect(found.message).toContain(text.split("\n")[line - 1]);
    // The caret stands in the column.
    const lines = found.message.split("\n");
    expect(lines.at(-1)!.length - lines.at(-2)!.indexOf("| ") - 2).toBe(column);
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
        expect(formatProgram(parseProgram(again))).toBe(again.replaceAll(/^#.*\n/gm, ""));
      }),
      { ...fixedSeed(), numRuns: 250 },
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

  test("names of constraints become comments, and odd names of variables are refused", () => {
    const model = new Model();
    const x = model.int("x", [1, 3]);
    model.add(x.ge(2), "more\nthan one");
    const program: Program = { model };
    expect(formatProgram(program)).toBe("x == [1, 3];\n# more than one\nx >= 2;\n");
    model.int("two words", 1, 2);
    expect(() => formatProgram(program)).toThrow(/two words/);
  });
});
