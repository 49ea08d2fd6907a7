import { readFileSync } from "node:fs";
import type { Row } from "./row.js";

const help = `Writes what main.js --json printed as a table in Markdown: milliseconds, median (least), a row for each case.

usage: node bench/dist/web-peers/table.js FILE

  node bench/dist/web-peers/main.js --json > rows.jsonl && node bench/dist/web-peers/table.js rows.jsonl
`;

const ours = "kernelgen WebGPU";
const beside = "onnxruntime WebGPU";

/** A table with a column for each runtime, how many times faster ours is than onnxruntime's WebGPU provider, and its largest difference. */
function table(rows: readonly Row[]): string {
  const names = (of: (row: Row) => string): string[] => [...new Set(rows.map(of))].filter((name) => name !== "");
  const peers = names((row) => row.peer);
  const lines = names((row) => row.case).map((name) => {
    const rowOf = (peer: string): Row | undefined => rows.find((row) => row.case === name && row.peer === peer);
    const [mine, theirs] = [rowOf(ours), rowOf(beside)];
    const times =
      mine?.medianMilliseconds === undefined || theirs?.medianMilliseconds === undefined
        ? "–"
        : `${(theirs.medianMilliseconds / mine.medianMilliseconds).toPrecision(2)}×`;
    return [name, ...peers.map((peer) => time(rowOf(peer))), times, mine?.largestDifference?.toExponential(1) ?? "–"];
  });
  const header = ["case", ...peers, `beside ${beside}`, "difference"];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [header, header.map(() => "---"), ...lines].map(line).join("\n");
}

function time(row: Row | undefined): string {
  const { medianMilliseconds: median, leastMilliseconds: least } = row ?? {};
  if (median === undefined || least === undefined) return row?.note ?? "–";
  return `${milliseconds(median)} (${milliseconds(least)})`;
}

const milliseconds = (value: number): string => value.toFixed(value < 100 ? 2 : 0);

const [file] = process.argv.slice(2);
if (file === undefined || file === "--help") process.stdout.write(help);
else {
  const lines = readFileSync(file, "utf8").split("\n");
  console.log(table(lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Row)));
}
