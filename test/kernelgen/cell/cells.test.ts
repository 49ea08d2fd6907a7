import { describe, expect, it } from "vitest";
import { type CellDefinition, stepGraph } from "../../../packages/kernelgen/src/cell/definition.js";
import { cellNames, cells, findCell, linearCells } from "../../../packages/kernelgen/src/cell/index.js";
import { lstm } from "../../../packages/kernelgen/src/cell/lstm.js";

describe("findCell", () => {
  it("finds each cell by its name, in any case", () => {
    for (const [name, cell] of [...cells, ...linearCells]) {
      expect(findCell(name)).toBe(cell);
      expect(findCell(name.toUpperCase())).toBe(cell);
    }
  });

  it.for(["gruu", "", "constructor", "__proto__"])("refuses %o and names the cells that exist", (name) => {
    expect(() => findCell(name)).toThrow(
      expect.objectContaining({
        code: "unknown-cell",
        message: `unknown cell "${name}"; known cells: ${cellNames.join(", ")}`,
      }),
    );
  });
});

describe("stepGraph", () => {
  it("names a state that a cell's step leaves out", () => {
    const forgetful: CellDefinition = { ...lstm, name: "forgetful", step: (_, { h }) => ({ h: h! }) };
    expect(() => stepGraph(forgetful)).toThrow(new TypeError("forgetful: step returns no state c"));
  });
});
