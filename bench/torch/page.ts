// Turns what tables.py wrote into a page of results.
//
//   node bench/dist/torch/page.js TABLES.json COMMIT DATE > bench/results/DATE-torch-tables-DEVICE.md
import { readFileSync } from "node:fs";

const [file, commit, date] = process.argv.slice(2);
if (file === undefined || commit === undefined || date === undefined) {
  throw new Error("usage: page.js TABLES.json COMMIT DATE");
}

/** A measurement: microseconds a step, or why there is none. */
interface Row {
  readonly implementation: string;
  readonly scope: "recurrence" | "layer";
  readonly cell: string;
  readonly headDim: number;
  readonly heads: number;
  readonly batch: number;
  readonly steps: number;
  readonly forward?: number;
  readonly training?: number;
  readonly relativeError?: number;
  readonly error?: string;
}

const content = JSON.parse(readFileSync(file, "utf8")) as {
  readonly device: string;
  readonly driver: string;
  readonly pytorch: string;
  readonly cuda: string;
  readonly cudnn: number;
  readonly triton: string;
  readonly cpus: number;
  readonly firstUse: readonly { readonly seconds: number; readonly compiled: boolean; readonly kernels: number }[];
  readonly rows: readonly Row[];
};
const { rows } = content;
const [typicalBatch, typicalSteps] = [16, 1024];

/** What is to be reached at batch 16 in bf16, microseconds a step: forward, forward and backward. */
const goals: Readonly<Record<string, readonly [forward: number, training: number]>> = {
  "64×12": [0.35, 1.1],
  "256×3": [1.0, 3.0],
  "768×1": [1.4, 4.0],
  "1024×1": [1.5, 4.5],
  "2048×1": [2.8, 9],
  "2560×1": [4, 13],
};

const line = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const table = (header: readonly string[], body: readonly (readonly (string | number)[])[]): string =>
  [line(...header), line(...header.map(() => "---")), ...body.map((cells) => line(...cells))].join("\n");
const number = (value: number | undefined): string => (value === undefined ? "–" : value.toPrecision(3));
const pair = (row: Row | undefined): string =>
  row === undefined ? "–" : row.error !== undefined ? "none" : `${number(row.forward)} \\| ${number(row.training)}`;
const size = ({ headDim, heads }: Pick<Row, "headDim" | "heads">): string => `${headDim}×${heads}`;

/** The row of these fields; the fewest steps that were timed where they are left out. */
function find(fields: Partial<Row>): Row | undefined {
  return rows.find((row) => Object.entries(fields).every(([name, value]) => row[name as keyof Row] === value));
}
const typical = { cell: "lstm", batch: typicalBatch, steps: typicalSteps } as const;
const generated = { implementation: "generated", scope: "recurrence" } as const;
const dense = (implementation: string, { headDim, heads }: Row, fields: Partial<Row>): Row | undefined =>
  find({ implementation, headDim: headDim * heads, heads: 1, ...fields });
const ratio = (peer: number | undefined, own: number | undefined): string =>
  peer === undefined || own === undefined ? "–" : `${(peer / own).toFixed(peer / own < 10 ? 1 : 0)}×`;
const ratios = (peer: Row | undefined, own: Row): string =>
  peer?.training === undefined ? "–" : `${ratio(peer.forward, own.forward)} \\| ${ratio(peer.training, own.training)}`;

const lstm = rows.filter((row) =>
  Object.entries({ ...typical, ...generated }).every(([k, v]) => row[k as keyof Row] === v),
);
const loopOf = (own: Row, implementation = "loop"): Row | undefined =>
  find({ implementation, headDim: own.headDim, heads: own.heads });
const tritonOf = (own: Row, fields: Partial<Row> = typical): Row | undefined =>
  find({ implementation: "triton", headDim: own.headDim, heads: own.heads, ...fields });

const mainTable = table(
  [
    "heads",
    "goal",
    "recurrence",
    "layer",
    "cuDNN fp16, layer",
    "cuDNN bf16",
    "cuDNN tf32",
    "Triton",
    "PyTorch loop",
    "the loop, compiled",
  ],
  lstm.map((own) => {
    const goal = goals[size(own)];
    const isMet = goal !== undefined && own.forward! <= goal[0] && own.training! <= goal[1];
    return [
      size(own),
      goal === undefined ? "" : `${goal[0]} \\| ${goal[1]}${isMet ? "" : " (missed)"}`,
      `**${pair(own)}**`,
      pair(find({ ...typical, implementation: "generated", scope: "layer", headDim: own.headDim, heads: own.heads })),
      ...["fp16", "bf16", "tf32"].map((type) => pair(dense(`cudnn-${type}`, own, typical))),
      pair(tritonOf(own)),
      pair(loopOf(own)),
      pair(loopOf(own, "loop-compiled")),
    ];
  }),
);

const claims = table(
  [
    "heads",
    "a plain loop takes",
    "the loop, compiled",
    "Triton",
    "cuDNN fp16 (dense, with input product), of our layer",
  ],
  lstm.map((own) => {
    const layer = find({
      ...typical,
      implementation: "generated",
      scope: "layer",
      headDim: own.headDim,
      heads: own.heads,
    })!;
    return [
      size(own),
      ratios(loopOf(own), own),
      ratios(loopOf(own, "loop-compiled"), own),
      ratios(tritonOf(own), own),
      ratios(dense("cudnn-fp16", own, typical), layer),
    ];
  }),
);

const largest = Math.max(...lstm.map(({ headDim }) => headDim));
const tritonHeads = table(
  ["heads", "Triton kernel"],
  [
    ...new Set(
      rows
        .filter(
          ({ implementation, batch, steps }) =>
            implementation === "triton" && batch === typicalBatch && steps === typicalSteps,
        )
        .map(size),
    ),
  ].map((name) => {
    const row = rows.find(
      (candidate) =>
        candidate.implementation === "triton" &&
        size(candidate) === name &&
        candidate.batch === typicalBatch &&
        candidate.steps === typicalSteps &&
        candidate.error === undefined,
    );
    const refused = rows.find((candidate) => candidate.implementation === "triton" && size(candidate) === name);
    return [name, row === undefined ? `refused: ${refused?.error ?? ""}` : pair(row)];
  }),
);

const cells = table(
  ["cell", "heads", "recurrence", "layer", "cuDNN fp16, layer", "cuDNN bf16", "cuDNN tf32"],
  rows
    .filter(
      ({ implementation, scope, cell }) => implementation === "generated" && scope === "recurrence" && cell !== "lstm",
    )
    .map((own) => [
      own.cell,
      size(own),
      `**${pair(own)}**`,
      pair(
        find({
          ...typical,
          cell: own.cell,
          implementation: "generated",
          scope: "layer",
          headDim: own.headDim,
          heads: own.heads,
        }),
      ),
      ...["fp16", "bf16", "tf32"].map((type) => pair(dense(`cudnn-${type}`, own, { ...typical, cell: own.cell }))),
    ]),
);

/** The exponent of growth from one amount to another: of time ~ amount^exponent. */
const exponent = (from: Row, to: Row, amount: "batch" | "steps", pass: "forward" | "training"): string => {
  const whole = (row: Row): number => row[pass]! * row.steps;
  return (Math.log(whole(to) / whole(from)) / Math.log(to[amount] / from[amount])).toFixed(2);
};

/** A table over batches or steps at both sizes, with the growth of the time of a whole sequence. */
function growth(amount: "batch" | "steps"): string {
  const fixed = amount === "batch" ? { steps: typicalSteps } : { batch: typicalBatch };
  const ofSize = (headDim: number, heads: number): readonly Row[] =>
    rows
      .filter((row) =>
        Object.entries({ cell: "lstm", ...generated, ...fixed, headDim, heads }).every(
          ([k, v]) => row[k as keyof Row] === v,
        ),
      )
      .toSorted((a, b) => a[amount] - b[amount]);
  const [small, large] = [ofSize(64, 12), ofSize(768, 1)];
  const grown = (list: readonly Row[], index: number): string =>
    index === 0
      ? ""
      : `${exponent(list[index - 1]!, list[index]!, amount, "forward")} \\| ${exponent(list[index - 1]!, list[index]!, amount, "training")}`;
  return table(
    [amount, "64×12", "growth", "Triton 64×12", "768×1", "growth", "cuDNN fp16, layer 768", "cuDNN bf16"],
    small.map((own, index) => {
      const fields = { cell: "lstm", batch: own.batch, steps: own.steps } as const;
      return [
        own[amount],
        `**${pair(own)}**`,
        grown(small, index),
        pair(tritonOf(own, fields)),
        `**${pair(large[index])}**`,
        grown(large, index),
        pair(dense("cudnn-fp16", own, fields)),
        pair(dense("cudnn-bf16", own, fields)),
      ];
    }),
  );
}

const unlistedSteps = 256;
const unlistedRows = rows
  .filter(
    (row) =>
      row.implementation === "generated" &&
      row.scope === "recurrence" &&
      row.steps === unlistedSteps &&
      (row.batch !== typicalBatch || !(size(row) in goals)),
  )
  .map((own) => {
    const fields = { cell: "lstm", batch: own.batch, steps: own.steps } as const;
    return [
      `${size(own)}, ${own.batch}`,
      `**${pair(own)}**`,
      pair(find({ ...fields, implementation: "generated", scope: "layer", headDim: own.headDim, heads: own.heads })),
      ...["fp16", "bf16"].map((type) => pair(dense(`cudnn-${type}`, own, fields))),
    ];
  });
const unlisted =
  unlistedRows.length === 0
    ? ""
    : `## Sizes that the package does not list

${unlistedSteps} steps; kernels for any sizes, a launch a step.

${table(["heads, batch", "recurrence", "layer", "cuDNN fp16, layer", "cuDNN bf16"], unlistedRows)}

`;

const worst = Math.max(
  ...rows.flatMap(({ implementation, relativeError }) =>
    implementation === "generated" && relativeError !== undefined ? [relativeError] : [],
  ),
);
const compiled = content.firstUse.find((use) => use.compiled);
const later = content.firstUse.findLast((use) => !use.compiled);

console.log(`# Recurrent layers in PyTorch on an ${content.device}, beside their peers

${date}, one ${content.device} (driver ${content.driver}), PyTorch ${content.pytorch} (CUDA ${content.cuda}, cuDNN ${content.cudnn}), Triton ${content.triton}, ${content.cpus} CPU cores;
package generated at commit ${commit}. All times of one run. bf16 unless it says otherwise; batch ${typicalBatch}, ${typicalSteps} steps unless a row says otherwise.

Microseconds a step, forward without gradients \\| forward and backward; medians of \`triton.testing.do_bench\`. A "recurrence" works on projected inputs, its
backward pass has the gradients of inputs, R and bias; a "layer" has the input product too, of as many features as units, as cuDNN's has.
cuDNN knows no heads: beside several it is one dense layer of as many units. Every generated kernel was compared with float64 over 33 steps in this run: largest
relative error (norm) of an output or gradient ${worst.toExponential(1)}, allowed 2e-2.

## First use

| what | seconds |
| --- | --- |
| import to first result with an empty cache${compiled === undefined ? "" : `: ${compiled.kernels} kernels for listed sizes are compiled, and those for any sizes`} | ${compiled?.seconds ?? "not measured in this run"} |
| import to first result, library in the cache | ${later?.seconds ?? "–"} |

## LSTM

${mainTable}

"Triton" is a fused kernel of this folder, one program for a head and 16 sequences, with the faster of 4 and 8 warps; "compiled" is \`torch.compile\` of 16
steps at a time. Loops ran ${typicalSteps} steps at 64×12 and 768×1, 128 elsewhere.

## The claims

How many times ours a peer takes, forward \\| forward and backward. 50 times over a plain PyTorch loop is the claim of the first column.

${claims}

40 times Triton's largest head of 64 units is ${40 * 64}: the largest head above that ran fused, forward and backward, has ${largest}. The Triton kernel with other heads, of 768 units in all:

${tritonHeads}

## Other cells

${cells}

## Batch

Growth: the exponent of the time's growth from the row above, forward \\| forward and backward; 1 is proportional.

${growth("batch")}

## Steps

Short calls take the time that the host needs to start them, which \`host_time.py\` of this folder prints.

${growth("steps")}

${unlisted}## Commands

\`\`\`sh
npx kernelgen generate --target torch --device h200 --problems bench/torch/problems.json --out PACKAGE
bash bench/torch/tables.sh prepare PACKAGE && bash bench/torch/tables.sh run PACKAGE tables.json
node bench/dist/torch/page.js tables.json COMMIT DATE
\`\`\``);
