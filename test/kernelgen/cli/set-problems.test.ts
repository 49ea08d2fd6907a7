import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { setProblemsFrom } from "../../../packages/kernelgen/src/cli/set-problems.js";

const directory = mkdtempSync(join(tmpdir(), "kernelgen-problems-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const defaults = { cell: "lstm", heads: "1", batch: "1" };
const text = async (given: Parameters<typeof setProblemsFrom>[0]): Promise<readonly string[]> =>
  (await setProblemsFrom(given)).map(({ cell, headDim, heads, batch, dataType }) =>
    [cell.name, headDim, heads, batch, dataType].join(" "),
  );
function fileWith(content: string): string {
  const path = join(directory, "problems.json");
  writeFileSync(path, content);
  return path;
}

describe("the problems of a set", () => {
  it("are the combinations of the lists, each once, bf16 if no type is listed", async () => {
    expect(await text({ ...defaults, cell: "lstm,gru", headDim: "64, 32,64", batch: "8,16" })).toEqual([
      "lstm 64 1 8 bf16",
      "lstm 64 1 16 bf16",
      "lstm 32 1 8 bf16",
      "lstm 32 1 16 bf16",
      "gru 64 1 8 bf16",
      "gru 64 1 16 bf16",
      "gru 32 1 8 bf16",
      "gru 32 1 16 bf16",
    ]);
  });

  it("multiply in tf32 where they are in fp32, if asked to", async () => {
    const problems = await setProblemsFrom({ ...defaults, headDim: "64", dtype: "bf16,fp32", tf32: true });
    expect(problems.map(({ dataType, tf32 }) => [dataType, tf32])).toEqual([
      ["bf16", false],
      ["fp32", true],
    ]);
  });

  it("are those of a file, where each field is a value or a list", async () => {
    const rows = [
      { cell: "elman", headDim: 64, heads: [2, 3], batch: 4, dataType: "fp16" },
      { cell: ["gru"], headDim: 768 },
    ];
    expect(await text({ ...defaults, problems: fileWith(JSON.stringify(rows)) })).toEqual([
      "elman 64 2 4 fp16",
      "elman 64 3 4 fp16",
      "gru 768 1 1 bf16",
    ]);
  });

  it("may be of a cell of one's own, from a file", async () => {
    const path = join(directory, "decaying.mjs");
    const cell = `{ name: "decaying", description: "", gates: [{ name: "x", recurrent: false, bias: false }], states: [{ name: "h" }],
      step: (u, previous) => ({ h: { kind: "add", left: u.x, right: previous.h } }) }`;
    writeFileSync(path, `export default ${cell};`);
    expect(await text({ ...defaults, cell: `lstm,${path}`, headDim: "64" })).toEqual([
      "lstm 64 1 1 bf16",
      "decaying 64 1 1 bf16",
    ]);
    writeFileSync(path, "export default 3;");
    await expect(setProblemsFrom({ ...defaults, cell: path, headDim: "64" })).rejects.toThrowError(
      "exports no cell; it should end in: export default linearCell",
    );
  });

  it.for([
    [{ headDim: "64,x" }, 'head dimension: "x" is not a number'],
    [{ headDim: "64,," }, 'head dimension: "" is not a number'],
    [{ headDim: "64", cell: "lstm,gru2" }, 'unknown cell "gru2"; known cells: elman, gru, lstm'],
    [{ headDim: "64", batch: "0" }, "batch: 0 is not an integer from 1 to 65535"],
    [{ headDim: "64", dtype: "bf16,fp8" }, 'data type: "fp8" is not one of bf16, fp16, fp32'],
    [{}, "--head-dim is missing: units of a head, for example 64,128"],
    [{ problems: "none.json" }, "--problems: cannot read none.json: "],
  ] as const)("refuses %j", async ([given, message]) => {
    await expect(setProblemsFrom({ ...defaults, ...given })).rejects.toThrowError(message);
  });

  it.for([
    ['{"headDim": 64}', "holds no array of problems"],
    ["[]", "holds no array of problems"],
    ["[[]]", "problem 1: is no object"],
    ['[{"cell": "lstm", "headdim": 64}]', 'unknown field "headdim"; fields: cell, headDim, heads, batch, dataType'],
    ['[{"cell": "lstm", "headDim": "64"}]', 'problem 1: headDim is "64", expected a number or a list of them'],
    ['[{"cell": "lstm", "headDim": []}]', "problem 1: headDim is [], expected a number or a list of them"],
    ['[{"headDim": 64}]', "problem 1: cell is missing, expected a string or a list of them"],
  ] as const)("refuses a file with %s", async ([content, message]) => {
    await expect(setProblemsFrom({ ...defaults, problems: fileWith(content) })).rejects.toThrowError(message);
  });
});
