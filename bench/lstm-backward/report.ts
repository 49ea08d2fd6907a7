// Turns the output of run.sh into a page of results.
//
//   node bench/dist/lstm-backward/report.js OUT LOG COMMIT DATE > bench/results/DATE-lstm-backward-DEVICE.md
//
// OUT is the folder that prepare.js wrote, whose plan.json files hold the predictions.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchProblems } from "./problems.js";

const [out, logFile, commit, date] = process.argv.slice(2);
if (out === undefined || logFile === undefined || commit === undefined || date === undefined) {
  throw new Error("usage: report.js OUT LOG COMMIT DATE");
}
const log = readFileSync(logFile, "utf8");
const machine = /^.*NVIDIA.*$/m.exec(log)?.[0] ?? "unknown machine";

/** Microseconds a step of a peer's line. */
const peer = (name: string, units: number): number | undefined => {
  const found = new RegExp(`^peer ${name}, dense ${units}: ([\\d.]+) us a step`, "m").exec(log);
  return found === null ? undefined : Number(found[1]);
};

/** What run.sh printed of one kernel: from its line with registers to the next line of that kind. */
function kernelLog(name: string): string | undefined {
  const start = log.indexOf(`kernel ${name}: registers `);
  if (start < 0) return undefined;
  const rest = log.slice(start + 1);
  const end = rest.search(/^(kernel|sanitizer|peer) /m);
  return end < 0 ? rest : rest.slice(0, end);
}

/** One kernel of the run. */
interface Kernel {
  readonly name: string;
  readonly plan: {
    readonly family: string;
    readonly predictedMicrosecondsPerStep: number;
    readonly parameters: Readonly<Record<string, number>>;
    readonly derived: Readonly<Record<string, number>>;
    readonly launch: Readonly<Record<string, number>>;
  };
  readonly microseconds: number;
  readonly spread: string;
  readonly registers: string;
  readonly spilledBytes: string;
  readonly error: number;
  readonly isRight: boolean;
}

function kernelOf(name: string): Kernel | undefined {
  const text = kernelLog(name);
  const planFile = join(out!, name, "plan.json");
  if (text === undefined || !existsSync(planFile)) return undefined;
  const errors = [...text.matchAll(/(?:largest|relative) error (\S+) over/g)].map(([, error]) => Number(error));
  return {
    name,
    plan: JSON.parse(readFileSync(planFile, "utf8")),
    microseconds: Number(/([\d.]+) us a step/.exec(text)?.[1] ?? Number.NaN),
    spread: /fastest ([\d.]+), slowest ([\d.]+)/.exec(text)?.slice(1).join(" … ") ?? "–",
    registers: /registers (\d+)/.exec(text)?.[1] ?? "–",
    spilledBytes: /spilled (\d+)/.exec(text)?.[1] ?? "–",
    error: Math.max(...errors),
    isRight: errors.length > 0 && !/WRONG|FAILED/.test(text),
  };
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const header = (...cells: readonly string[]): string => `${row(...cells)}\n${row(...cells.map(() => "---"))}`;
const ratio = (peerTime: number | undefined, own: number): string =>
  peerTime === undefined ? "–" : `${peerTime.toFixed(2)} (${(peerTime / own).toFixed(1)}×)`;

const times: string[] = [];
const missed: string[] = [];
const missedBytes: string[] = [];
const details: string[] = [];
for (const { name, options, sanitized, goal } of benchProblems) {
  const folder = `${sanitized === undefined ? "" : "small-"}${name}`;
  const [forward, backward] = [kernelOf(`${folder}-forward`), kernelOf(`${folder}-backward`)];
  for (const kernel of [forward, backward]) {
    if (kernel === undefined) continue;
    const { plan } = kernel;
    details.push(
      row(
        kernel.name,
        `${plan.family}: ${Object.values(plan.parameters).join(" ")}`,
        `${plan.launch.blockCount} × ${plan.launch.threadsPerBlock}`,
        plan.launch.sharedBytesPerBlock!,
        kernel.registers,
        plan.derived.estimatedRegisters!,
        kernel.spilledBytes,
        `${kernel.error.toExponential(1)}${kernel.isRight ? "" : " **WRONG**"}`,
        kernel.microseconds.toFixed(3),
        kernel.spread,
        plan.predictedMicrosecondsPerStep.toFixed(3),
      ),
    );
  }
  if (sanitized !== undefined || forward === undefined || backward === undefined) continue;
  const own = forward.microseconds + backward.microseconds;
  const units = options.headDim * (options.heads ?? 1);
  const isLstm = options.cell === "lstm";
  if (goal !== undefined && own > goal) {
    const { derived, parameters } = backward.plan;
    const kibibytes = (derived.batchTile! * derived.innerDim! * 2) / 1024 / (parameters.blocksAlongInner ?? 1);
    missed.push(name);
    missedBytes.push(`${kibibytes} KiB (${name}, ${backward.plan.launch.blockCount} blocks)`);
  }
  times.push(
    row(
      name,
      forward.microseconds.toFixed(3),
      backward.microseconds.toFixed(3),
      `**${own.toFixed(2)}**`,
      goal ?? "–",
      ...["fp16", "bf16", "tf32"].map((type) =>
        isLstm || (options.cell === "gru" && type === "fp16")
          ? ratio(peer(`cuDNN ${options.cell.toUpperCase()} ${type} forward and backward`, units), own)
          : "–",
      ),
    ),
  );
}
const products = [768, 1024, 2048]
  .map((units) => `${peer("product bf16", units)?.toFixed(2) ?? "–"} (${units})`)
  .join(", ");

console.log(`# Training on ${machine.split(",")[0]}: forward and backward kernels, ${date}

Commit ${commit}. Machine: ${machine} (name, driver, highest clock). Batch 16, 1024 steps. Forward kernels store all states and what the
backward pass reads; backward kernels give du of every gate and the gradients of the initial states. Microseconds a step, median of 21
launches; the peers ran in the same run. Behind a peer's time: how many times ours it is.

${header("cell, heads, type", "forward", "backward", "both", "goal", "cuDNN fp16", "cuDNN bf16", "cuDNN tf32")}
${times.join("\n")}

cuDNN's times are of a whole layer: it also computes the products of the inputs, of their gradients and of the weights' gradients, each of which
alone takes about as long as the product of dR: in bf16 ${products} µs a step. cuDNN knows no heads: 64x12 and 256x3 stand beside
one dense layer of 768 units, which is more work.

${missed.length === 0 ? "" : `\nMissed: ${missed.join(", ")}. There the exchange of h and du through L2 bounds the step: of du each block reads in a step\n${missedBytes.join(", ")}.\n`}
## Plans, registers, errors

Registers as ptxas counts them beside the model's estimate, bytes spilled, and the largest error of an output against float64 on fresh random
inputs over 40 steps: forward of a value, absolute up to ±1 and relative beyond; backward by Euclidean norms of a whole gradient, from the same rounded
states and saved values. Plan: family, then the unknowns in the order of plan.json.

${header("kernel", "plan", "blocks × threads", "shared B", "registers", "estimated", "spilled B", "error", "µs a step", "fastest … slowest", "predicted")}
${details.join("\n")}

## Sanitizers

${[...log.matchAll(/^sanitizer (\S+), (\S+): (.*)$/gm)].map(([, name, tool, result]) => `- ${name}, ${tool}: ${result}`).join("\n")}

## Again

\`\`\`sh
node bench/dist/lstm-backward/prepare.js OUT h200      # anywhere
bash bench/lstm-backward/run.sh OUT build check sanitize peers | tee LOG      # on the machine with the GPU
node bench/dist/lstm-backward/report.js OUT LOG COMMIT DATE
\`\`\``);
