import fc from "fast-check";
import { expect, test } from "vitest";
import { readFlatZinc } from "../../../packages/constrint/src/index.js";
import { enumerate, fixedSeed } from "../random-model.js";

const shiftedText = (bounds: string, coefficients: string, constant: number, defines: string): string => `
var 1..4: x :: output_var;
var ${bounds}: y :: var_is_introduced :: is_defined_var;
array [1..2] of var int: pair :: output_array([1..2]) = [x,y];
constraint int_lin_eq(${coefficients},[x,y],${constant}) :: ${defines};
constraint int_ne(y,3);
solve :: int_search([y],first_fail,indomain_max,complete) satisfy;`;

test("a variable that names x + c is read as that expression, with the same answers", () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 5 }), fc.boolean(), fc.integer({ min: -4, max: 6 }), (shift, flip, low) => {
      const high = low + 3;
      const coefficients = flip ? "[-1,1]" : "[1,-1]";
      const text = shiftedText(`${low}..${high}`, coefficients, flip ? shift : 0 - shift, "defines_var(y)");
      const { model, format, phases } = readFlatZinc(text);
      expect(model.variables.map(({ name }) => name)).toEqual(["x"]);
      expect(phases[0]!.variables.map(({ name }) => name)).toEqual(["x"]);
      const expected = [1, 2, 3, 4]
        .filter((x) => x + shift >= low && x + shift <= high && x + shift !== 3)
        .map((x) => `x = ${x};\npair = array1d(1..2, [${x}, ${x + shift}]);\n`);
      expect(enumerate(model).solutions.map(format)).toEqual(expected);
      // Without the annotation it is a variable of its own, and nothing else changes.
      const plain = readFlatZinc(text.replace(":: defines_var(y)", ""));
      expect(plain.model.variables.map(({ name }) => name)).toEqual(["x", "y"]);
      expect(enumerate(plain.model).solutions.map(plain.format)).toEqual(expected);
    }),
    { ...fixedSeed(), numRuns: 100 },
  );
});
