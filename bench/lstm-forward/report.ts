// Turns the output of run.sh into a page of results.
//
//   node bench/dist/lstm-forward/report.js OUT LOG COMMIT DATE > bench/results/DATE-lstm-forward-DEVICE.md
//
// OUT is the folder that prepare.js wrote, whose plan.json files hold the predictions.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { benchProblems } from "./problems.js";

const [out, logFile, commit, date] = process.argv.slice(2);
if (out === undefined || logFile === undefined || commit === undefined || date === undefined) {
  throw new Error("usage: report.js OUT LOG COMMIT DATE");
}
const log = readFileSync(logFile, "utf8");

interface Peer {
  readonly name: string;
  readonly heads: string;
  readonly microseconds: number;
}
const peers: readonly Peer[] = [...log.matchAll(/^peer (.+), (\S+|dense \d+): ([\d.]+) us a step/gm)].map(
  ([, name, heads, microseconds]) => ({ name: name!, heads: heads!, microseconds: Number(microseconds) }),
);
const peer = (name: string, heads: string): number | undefined =>
  peers.find((candidate) => candidate.name === name && candidate.heads === heads)?.microseconds;

/** What run.sh printed of one kernel: from its line with registers to the next such line. */
function kernelLog(name: string): string | undefined {
  const start = log.indexOf(`${name}: registers `);
  if (start < 0) return undefined;
  const rest = log.slice(start + name.length);
  const end = rest.search(/^\S+: (registers|compute-sanitizer) /m);
  return end < 0 ? rest : rest.slice(0, end);
}

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const header = (...cells: readonly string[]): string => `${row(...cells)}\n${row(...cells.map(() => "---"))}`;
const ratio = (peerTime: number | undefined, own: number): string =>
  peerTime === undefined ? "–" : `${peerTime.toFixed(2)} (${(peerTime / own).toFixed(1)}×)`;

const times: string[] = [];
const details: string[] = [];
for (const { name, options } of benchProblems) {
  const text = kernelLog(name);
  if (text === undefined) {
    times.push(row(name, "refused", "–", "–", "–", "–", "–", "–"));
    continue;
  }
  const plan = JSON.parse(readFileSync(join(out, name, "plan.json"), "utf8"));
  const own = number(text, /([\d.]+) us a step/);
  const spread = /fastest [\d.]+, slowest [\d.]+/.exec(text)?.[0] ?? "";
  const dense = `dense ${options.headDim * (options.heads ?? 1)}`;
  const comparable = (options.steps ?? 0) >= 1000;
  times.push(
    row(
      name,
      plan.family,
      `**${own.toFixed(3)}**`,
      spread,
      plan.predictedMicrosecondsPerStep.toFixed(3),
      ...["cuDNN fp16", "cuDNN bf16", "cuDNN tf32"].map((other) => (comparable ? ratio(peer(other, dense), own) : "–")),
    ),
  );
  const errors = [...text.matchAll(/ (h|c): largest error ([\d.e+-]+)/g)];
  const largest = (state: string): string =>
    Math.max(...errors.filter(([, output]) => output === state).map(([, , error]) => Number(error))).toExponential(1);
  const { launch, derived } = plan;
  details.push(
    row(
      name,
      Object.values(plan.parameters).join(" "),
      `${launch.blockCount} × ${launch.threadsPerBlock}`,
      launch.sharedBytesPerBlock,
      number(text, /registers (\d+)/),
      derived.estimatedRegisters,
      number(text, /spilled (\d+)/),
      largest("h"),
      largest("c"),
    ),
  );
}

const own64 = number(kernelLog("64x12-bf16") ?? "", /([\d.]+) us a step/);
console.log(`# LSTM forward on ${log.split("\n")[0]!.split(",")[0]}, ${date}

Commit ${commit}. Machine: ${log.split("\n")[0]} (name, driver, highest clock). Batch 16, 1024 steps; all states of all steps written;
microseconds a step, median of 21 launches; the peers ran in the same run. Behind a peer's time: how many times ours it is.

${header("heads × units, type", "family", "µs a step", "spread", "predicted", "cuDNN fp16", "cuDNN bf16", "cuDNN tf32")}
${times.join("\n")}

cuDNN knows no heads and computes the input product too: 64x12, 128x6 and 256x3 stand beside one dense layer of 768 units, which is more work; the
input product alone takes, in fp16: ${["512", "768", "1024", "2048", "2560"].map((units) => `${peer("input product fp16", `dense ${units}`)?.toFixed(2)} µs a step (${units})`).join(", ")}.
The odd problems (48x5, batch 3; 50x2, batch 5) have 7 steps: their time a step is mostly the launch.

At 64x12, bf16: a fused Triton kernel (one program a head) ${ratio(peer("Triton, one program a head, bf16", "64x12"), own64)}, a plain PyTorch loop
${ratio(peer("PyTorch loop, bf16", "64x12"), own64)} µs a step. Not run here: FlashRNN; its figures on another such machine are 2.83 ms (CUDA)
and 1.94 ms (Triton) for this sequence, against our ${(own64 * 1.024).toFixed(2)} ms.

## Plans, registers, errors

Registers as ptxas counts them beside the model's estimate (it uses more where that is free), bytes spilled, and the largest absolute
error against float64 over all outputs of a fresh random case (allowed: 2e-2 in bf16, 1e-4 in fp32). Plan: the unknowns in the order of plan.json.

${header("problem", "plan", "blocks × threads", "shared B", "registers", "estimated", "spilled B", "error h", "error c")}
${details.join("\n")}

## Sanitizers

${[...log.matchAll(/^(\S+): compute-sanitizer (\S+): (.*)$/gm)].map(([, name, tool, result]) => `- ${name}, ${tool}: ${result}`).join("\n")}

## Again

\`\`\`sh
node bench/dist/lstm-forward/prepare.js OUT h200      # anywhere
bash bench/lstm-forward/run.sh OUT sanitize peers | tee LOG      # on the machine with the GPU
node bench/dist/lstm-forward/report.js OUT LOG COMMIT DATE
\`\`\``);
