import Table from "cli-table3";

const withoutRules = {
  chars: {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  },
  style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
};

/** Where the cells of a column stand. */
export type Alignment = "left" | "right";

/** Rows of cells as lines with aligned columns, indented by two. */
export function plainTable(rows: readonly (readonly string[])[], alignments: readonly Alignment[]): string {
  const lines = new Table({ ...withoutRules, colAligns: [...alignments] });
  lines.push(...rows.map((row) => [...row]));
  return lines
    .toString()
    .split("\n")
    .map((line) => `  ${line.trimEnd()}`)
    .join("\n");
}

/** A whole number with its digits in groups of three. */
export const integerText = (value: number): string => value.toLocaleString("en-US").replaceAll(",", " ");
