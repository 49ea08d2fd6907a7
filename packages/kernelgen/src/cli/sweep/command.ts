import type { InferredOptionTypes, Options } from "yargs";
import type { CellDefinition } from "../../cell/definition.js";
import { deviceNamed } from "../../device-named.js";
import { KernelgenError } from "../../errors.js";
import { sweepCsv, sweepJson } from "../../sweep/csv.js";
import { sweepHtml } from "../../sweep/html.js";
import { type SweepEntry, type SweepPoint, sweep } from "../../sweep/sweep.js";
import { writeFile } from "../../write-files.js";
import { cellFrom } from "../cell-option.js";
import type { CommandBody } from "../lazy-command.js";
import { problemFrom, problemOptions } from "../problem-options.js";
import { ProgressBar } from "../progress-bar.js";
import { numbersFrom } from "./number-range.js";
import { sweepText } from "./report.js";

const options = {
  ...problemOptions,
  device: {
    type: "string",
    requiresArg: true,
    demandOption: true,
    describe: "Devices, separated by commas: names, or JSON files that describe one",
  },
  "head-dim": {
    ...problemOptions["head-dim"],
    describe: "Units of a head (D): numbers and ranges FIRST..LAST:STEP, separated by commas",
  },
  heads: { ...problemOptions.heads, describe: "Numbers of heads (N), written as --head-dim" },
  batch: { ...problemOptions.batch, describe: "Numbers of sequences (B), written as --head-dim" },
  out: { type: "string", requiresArg: true, describe: "Write a table to NAME.csv, or charts and tables to NAME.html" },
  json: { type: "boolean", default: false, describe: "Print one JSON object" },
} as const satisfies Record<string, Options>;

/** The most points of a sweep: about an hour of solving. */
const mostPoints = 20_000;

/** What writes a sweep to a file, by the end of the file's name. */
const writers: Readonly<Record<string, (entries: readonly SweepEntry[]) => string>> = {
  ".csv": sweepCsv,
  ".html": sweepHtml,
};

/** `kernelgen sweep`: which families are feasible over many head dimensions and devices, and their predicted times. */
export const sweepCommand: CommandBody<InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs
      .options(options)
      .example("$0 sweep --device a100,h100,h200,rtx4090 --head-dim 64..2560:64 --batch 16 --out sweep.html", "")
      .example("$0 sweep --device h200 --cell gru --head-dim 64,128,256 --batch 1..8 --out sweep.csv", ""),
  async handler(given) {
    const write = given.out === undefined ? undefined : writerOf(given.out);
    const entries = planAll(pointsOf({ ...given, cell: await cellFrom(given.cell) }));
    if (write !== undefined) await writeFile(given.out!, write(entries));
    if (given.json) console.log(JSON.stringify({ points: sweepJson(entries) }, undefined, 2));
    else console.log(sweepText(entries, given.out));
  },
};

function writerOf(file: string): (entries: readonly SweepEntry[]) => string {
  const ending = Object.keys(writers).find((name) => file.endsWith(name));
  if (ending !== undefined) return writers[ending]!;
  throw new KernelgenError("invalid-problem", `--out: ${file} ends with none of ${Object.keys(writers).join(", ")}`);
}

/** Every device with every size. */
function pointsOf(
  given: Omit<InferredOptionTypes<typeof options>, "cell"> & { cell: string | CellDefinition },
): readonly SweepPoint[] {
  const devices = given.device.split(",").map((name) => deviceNamed(name.trim()));
  const [headDims, heads, batches] = [
    numbersFrom("head-dim", given["head-dim"]),
    numbersFrom("heads", given.heads),
    numbersFrom("batch", given.batch),
  ] as const;
  const count = devices.length * headDims.length * heads.length * batches.length;
  if (count > mostPoints) {
    throw new KernelgenError("invalid-problem", `sweep: ${count} points are more than ${mostPoints}`);
  }
  return devices.flatMap((device) =>
    heads.flatMap((headCount) =>
      batches.flatMap((batch) =>
        headDims.map((headDim) => ({
          device,
          problem: problemFrom({ ...given, headDim: `${headDim}`, heads: `${headCount}`, batch: `${batch}` }, device),
        })),
      ),
    ),
  );
}

function planAll(points: readonly SweepPoint[]): readonly SweepEntry[] {
  const bar = new ProgressBar();
  const entries: SweepEntry[] = [];
  let done = 0;
  const show = (): void => {
    const next = points[done];
    bar.show(done, points.length, next ? `${next.device.id} ${next.problem.headDim}` : "");
  };
  show();
  for (const ofPoint of sweep(points)) {
    entries.push(...ofPoint);
    done += 1;
    show();
  }
  bar.clear();
  return entries;
}
