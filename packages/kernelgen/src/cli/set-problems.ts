import { readFileSync } from "node:fs";
import { isLinear } from "../cell/linear.js";
import { KernelgenError } from "../errors.js";
import { cellOf, defineProblem, type Problem, type ProblemOptions, problemDefaults } from "../plan/problem.js";
import { cellFrom } from "./cell-option.js";
import { type ExtrasArguments, extrasFrom, numberFrom } from "./problem-options.js";

/** The options that state the problems of a set; each is a list with commas between. */
export interface SetArguments extends ExtrasArguments {
  cell: string;
  headDim?: string | undefined;
  heads: string;
  batch: string;
  dtype?: string | undefined;
  problems?: string | undefined;
  /** Whether the problems in fp32 multiply in tf32. */
  tf32?: boolean | undefined;
}

const defaultDataType = "bf16";

/**
 * The problems that the options state: every combination of the listed cells, sizes and types, or those of a JSON file. Each appears once.
 *
 * Throws `KernelgenError` "invalid-problem" naming the value and what is allowed, and what `cellFrom` throws.
 */
export async function setProblemsFrom(given: SetArguments): Promise<readonly Problem[]> {
  const extras = extrasFrom(given);
  // The recurrent gradient has a meaning in a backward pass alone, of which a set's problems have both.
  const ofGradient = extras.recurrentGradientClip !== undefined || extras.recurrentGradientCut === true;
  const pass = ofGradient ? "backward" : "forward";
  const rows = given.problems === undefined ? [rowOfOptions(given)] : rowsOfFile(given.problems, given.dtype);
  const names = new Set(rows.flatMap(({ cell }) => cell));
  const cells = new Map(
    await Promise.all([...names].map(async (name) => [name, cellOf(await cellFrom(name))] as const)),
  );
  const problems = rows.flatMap(combinations).map((options) => {
    const cell = cells.get(options.cell)!;
    const tf32 = given.tf32 === true && options.dataType === "fp32";
    // Scans take lengths in any case.
    const { lengths, ...others } = extras;
    return defineProblem({ ...options, cell, tf32, pass, ...(isLinear(cell) ? others : extras) });
  });
  const text = ({ cell, headDim, heads, batch, dataType }: Problem): string =>
    [cell.name, headDim, heads, batch, dataType].join(" ");
  return [...new Map(problems.map((problem) => [text(problem), problem])).values()];
}

/** Lists of values; a problem for each combination. */
interface Row {
  readonly cell: readonly string[];
  readonly headDim: readonly number[];
  readonly heads: readonly number[];
  readonly batch: readonly number[];
  readonly dataType: readonly string[];
}

const combinations = (row: Row): readonly (ProblemOptions & { cell: string })[] =>
  row.cell.flatMap((cell) =>
    row.headDim.flatMap((headDim) =>
      row.heads.flatMap((heads) =>
        row.batch.flatMap((batch) => row.dataType.map((dataType) => ({ cell, headDim, heads, batch, dataType }))),
      ),
    ),
  );

function rowOfOptions({ cell, headDim, heads, batch, dtype }: SetArguments): Row {
  if (headDim === undefined) {
    throw new KernelgenError("invalid-problem", "--head-dim is missing: units of a head, for example 64,128");
  }
  const items = (text: string): string[] => text.split(",").map((item) => item.trim());
  const numbers = (what: string, text: string): number[] => items(text).map((item) => numberFrom(what, item));
  return {
    cell: items(cell),
    headDim: numbers("head dimension", headDim),
    heads: numbers("number of heads", heads),
    batch: numbers("batch", batch),
    dataType: items(dtype ?? defaultDataType),
  };
}

/** The rows of a JSON file: an array of objects with the fields of `Row`, each a value or an array of values; `dtype` where a row has none. */
function rowsOfFile(path: string, dtype: string | undefined): readonly Row[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new KernelgenError("invalid-problem", `--problems: cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!Array.isArray(content) || content.length === 0) {
    throw new KernelgenError("invalid-problem", `--problems: ${path} holds no array of problems`);
  }
  const rowDefaults = {
    ...defaults,
    ...(dtype !== undefined && { dataType: dtype.split(",").map((type) => type.trim()) }),
  };
  return content.map((row, index) => rowOf(row, rowDefaults, `--problems: ${path}: problem ${index + 1}`));
}

type Defaults = Readonly<Record<keyof Row, string | number | readonly string[] | undefined>>;
const defaults: Defaults = {
  cell: undefined,
  headDim: undefined,
  heads: problemDefaults.heads,
  batch: problemDefaults.batch,
  dataType: defaultDataType,
};

function rowOf(row: unknown, otherwise: Defaults, place: string): Row {
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new KernelgenError("invalid-problem", `${place}: is no object`);
  }
  const names = Object.keys(defaults) as (keyof Row)[];
  for (const name of Object.keys(row)) {
    if (!names.some((known) => known === name)) {
      throw new KernelgenError("invalid-problem", `${place}: unknown field "${name}"; fields: ${names.join(", ")}`);
    }
  }
  const list = <T>(name: keyof Row, type: "string" | "number"): readonly T[] => {
    const value: unknown = (row as Record<string, unknown>)[name] ?? otherwise[name];
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (items.length === 0 || items.some((item) => typeof item !== type)) {
      throw new KernelgenError(
        "invalid-problem",
        `${place}: ${name} is ${JSON.stringify(value) ?? "missing"}, expected a ${type} or a list of them`,
      );
    }
    return items as readonly T[];
  };
  return {
    cell: list("cell", "string"),
    headDim: list("headDim", "number"),
    heads: list("heads", "number"),
    batch: list("batch", "number"),
    dataType: list("dataType", "string"),
  };
}
