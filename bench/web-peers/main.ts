import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Case, cases, randomValues } from "./cases.js";
import { KernelgenPeer } from "./peers/kernelgen.js";
import { OnnxRuntimePeer } from "./peers/onnxruntime.js";
import type { Peer, Session } from "./peers/peer.js";
import { TfjsPeer } from "./peers/tfjs.js";
import type { Row } from "./row.js";

const help = `Runs an LSTM or GRU layer in web runtimes, side by side, from host memory to host memory.

usage: node bench/dist/web-peers/main.js [--case TEXT]... [--peer TEXT]... [--seconds N] [--runs N] [--most N] [--list] [--json]

  --case TEXT     the case of that name, or those whose names contain the text, for example "lstm T128"; may be repeated
  --peer TEXT     the runtime of that name, or those whose names contain the text, for example onnxruntime; may be repeated
  --seconds N     measured time of each runtime and case (2)
  --runs N        at least so many runs are measured, however long they take (3)
  --most N        a runtime whose first run of a case takes more seconds than this is not run again, in no case (30)
  --list          the names of cases and runtimes, and nothing is run
  --json          one JSON object a line; table.js makes a table of them

onnxruntime's CPU provider always runs: the others are compared with it. Progress goes to standard error, on a terminal.

  node bench/dist/web-peers/main.js --peer "kernelgen WebGPU" --case "lstm T128 H256 B1"
  VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json node bench/dist/web-peers/main.js --seconds 1
`;

const { values: options } = parseArgs({
  options: {
    case: { type: "string", multiple: true, default: [] },
    peer: { type: "string", multiple: true, default: [] },
    seconds: { type: "string", default: "2" },
    runs: { type: "string", default: "3" },
    most: { type: "string", default: "30" },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const reference = "onnxruntime CPU";

const starters: readonly { readonly name: string; readonly start: () => Promise<Peer> }[] = [
  { name: reference, start: () => OnnxRuntimePeer.start("cpu") },
  { name: "kernelgen WebGPU", start: () => KernelgenPeer.start() },
  { name: "kernelgen WebGPU, assuming forward progress", start: () => KernelgenPeer.start(true) },
  { name: "onnxruntime WebGPU", start: () => OnnxRuntimePeer.start("webgpu") },
  { name: "tfjs WebGPU", start: () => TfjsPeer.start() },
];

/** What is named by the texts: for each the one of exactly that name, else all whose names contain it. Without texts, everything. */
function chosen<T extends { readonly name: string }>(all: readonly T[], texts: readonly string[], what: string): T[] {
  if (texts.length === 0) return [...all];
  const named = texts.flatMap((text) => {
    const exact = all.filter(({ name }) => name === text);
    const matches = exact.length > 0 ? exact : all.filter(({ name }) => name.includes(text));
    if (matches.length > 0) return matches;
    throw new UsageError(`--${what} ${text}: none of ${all.map(({ name }) => `"${name}"`).join(", ")}`);
  });
  return all.filter((one) => named.includes(one));
}

class UsageError extends Error {}

/** A number from the command line that is larger than zero. */
function positive(name: "seconds" | "runs" | "most"): number {
  const value = Number(options[name]);
  if (value > 0) return value;
  throw new UsageError(`--${name} ${options[name]}: needs a number above 0`);
}

/** How much is measured of each runtime and case. */
interface Measuring {
  readonly seconds: number;
  readonly leastRuns: number;
  /** A runtime whose first run of a case takes more seconds is not run again. */
  readonly mostSeconds: number;
}

async function main(): Promise<void> {
  const measuring = {
    seconds: positive("seconds"),
    leastRuns: positive("runs"),
    mostSeconds: positive("most"),
  };
  const [wantedCases, wanted] = [chosen(cases, options.case, "case"), chosen(starters, options.peer, "peer")];
  if (options.list) {
    console.log([...wantedCases, ...wanted].map(({ name }) => name).join("\n"));
    return;
  }
  const peers: Peer[] = [];
  for (const { name, start } of starters.filter((starter) => starter.name === reference || wanted.includes(starter))) {
    try {
      peers.push(await start());
    } catch (error) {
      print({ case: "", peer: name, note: `not here: ${messageOf(error)}` });
    }
  }
  const progress = new Progress(wantedCases.length * peers.length);
  const tooSlow = new Map<Peer, string>();
  for (const given of wantedCases) await measureCase(given, peers, measuring, tooSlow, progress);
  for (const peer of peers) await peer.close?.();
  // Some of the runtimes keep the process alive.
  process.exit(0);
}

async function measureCase(
  given: Case,
  peers: readonly Peer[],
  measuring: Measuring,
  tooSlow: Map<Peer, string>,
  progress: Progress,
): Promise<void> {
  const values = randomValues(given);
  let expected: Float32Array | undefined;
  for (const peer of peers) {
    progress.next(`${given.name}, ${peer.name}`);
    const before = tooSlow.get(peer);
    if (before !== undefined) {
      progress.clear();
      print({ case: given.name, peer: peer.name, note: `not run: ${before}` });
      continue;
    }
    let session: Session | undefined;
    try {
      session = await peer.open(given, values);
      const start = performance.now();
      const output = await session.run();
      const first = performance.now() - start;
      expected ??= output;
      const isSlow = first > measuring.mostSeconds * 1e3;
      if (isSlow) tooSlow.set(peer, `a run of ${given.name} took ${(first / 1e3).toFixed(0)} s`);
      const notes = [peer.differs?.(given), isSlow ? "its first and only run" : undefined].filter(Boolean).join("; ");
      const times = isSlow
        ? { medianMilliseconds: first, leastMilliseconds: first, runs: 1 }
        : await measure(session, measuring);
      progress.clear();
      print({
        case: given.name,
        peer: peer.name,
        ...times,
        ...(peer.differs?.(given) === undefined ? { largestDifference: largestDifference(output, expected) } : {}),
        ...(notes === "" ? {} : { note: notes }),
      });
    } catch (error) {
      progress.clear();
      print({ case: given.name, peer: peer.name, note: messageOf(error) });
    } finally {
      await session?.close();
    }
  }
}

/** A line about what is measured now, on a terminal. */
class Progress {
  readonly #count: number;
  readonly #start = performance.now();
  #done = 0;

  constructor(count: number) {
    this.#count = count;
  }

  next(what: string): void {
    const minutes = (performance.now() - this.#start) / 60e3;
    if (process.stderr.isTTY) {
      process.stderr.write(`${++this.#done} of ${this.#count}, after ${minutes.toFixed(1)} minutes: ${what}`);
    }
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}

/** Runs for so long, after a quarter of that to warm up. */
async function measure(
  session: Session,
  { seconds, leastRuns }: Measuring,
): Promise<Pick<Row, "medianMilliseconds" | "leastMilliseconds" | "leastProcessorMilliseconds" | "runs">> {
  await repeat(session, seconds / 4, 1);
  const runs = await repeat(session, seconds, leastRuns);
  const times = runs.map(({ elapsed }) => elapsed).toSorted((a, b) => a - b);
  return {
    medianMilliseconds: times[Math.floor(times.length / 2)]!,
    leastMilliseconds: times[0]!,
    leastProcessorMilliseconds: Math.min(...runs.map(({ processor }) => processor)),
    runs: times.length,
  };
}

/** Milliseconds of a run: by the clock, and of the processor. */
interface RunTime {
  readonly elapsed: number;
  readonly processor: number;
}

async function repeat(session: Session, seconds: number, least: number): Promise<RunTime[]> {
  const times: RunTime[] = [];
  const begin = performance.now();
  while (times.length < least || performance.now() - begin < seconds * 1e3) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await session.run();
    const { user, system } = process.cpuUsage(before);
    times.push({ elapsed: performance.now() - start, processor: (user + system) / 1e3 });
  }
  return times;
}

const largestDifference = (actual: Float32Array, expected: Float32Array): number =>
  actual.reduce((largest, value, index) => {
    const difference = Math.abs(value - expected[index]!);
    return difference <= largest ? largest : difference;
  }, 0);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message.split("\n")[0]! : String(error));

function print(row: Row): void {
  if (options.json) {
    console.log(JSON.stringify(row));
    return;
  }
  const { medianMilliseconds, leastMilliseconds, leastProcessorMilliseconds, largestDifference, note } = row;
  const processor =
    leastProcessorMilliseconds === undefined ? "" : `of the processor ${leastProcessorMilliseconds.toFixed(3)}, `;
  const time =
    medianMilliseconds === undefined
      ? ""
      : `${medianMilliseconds.toFixed(3)} ms (least ${leastMilliseconds!.toFixed(3)}, ${processor}${row.runs} runs)`;
  const difference = largestDifference === undefined ? "" : `difference ${largestDifference.toExponential(1)}`;
  console.log([row.case.padEnd(20), row.peer.padEnd(20), time.padEnd(72), difference, note ?? ""].join(" ").trimEnd());
}

if (options.help) process.stdout.write(help);
else {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
