import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Case, cases, randomValues } from "./cases.js";
import { KernelgenPeer } from "./peers/kernelgen.js";
import { OnnxRuntimePeer } from "./peers/onnxruntime.js";
import type { Peer, Session } from "./peers/peer.js";
import { TfjsPeer } from "./peers/tfjs.js";

const help = `Runs an LSTM or GRU layer in web runtimes, side by side, from host memory to host memory.

usage: node bench/dist/web-peers/main.js [--case TEXT] [--peer TEXT] [--seconds N] [--json]

  --case TEXT     cases whose name contains the text, for example "lstm T128"
  --peer TEXT     runtimes whose name contains the text, for example onnxruntime
  --seconds N     measured time of each runtime and case (2)
  --json          one JSON object a line
`;

const { values: options } = parseArgs({
  options: {
    case: { type: "string", default: "" },
    peer: { type: "string", default: "" },
    seconds: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** What was measured of one runtime and case. */
interface Row {
  readonly case: string;
  readonly peer: string;
  readonly medianMilliseconds?: number;
  readonly leastMilliseconds?: number;
  /** The least processor time of this process in a run: what a software adapter takes, however busy the machine is. */
  readonly leastProcessorMilliseconds?: number;
  readonly runs?: number;
  /** The largest difference from onnxruntime's CPU provider. */
  readonly largestDifference?: number;
  readonly note?: string;
}

const starters: readonly (readonly [name: string, start: () => Promise<Peer>])[] = [
  ["onnxruntime CPU", () => OnnxRuntimePeer.start("cpu")],
  ["kernelgen WebGPU", () => KernelgenPeer.start()],
  ["kernelgen WebGPU, assuming forward progress", () => KernelgenPeer.start(true)],
  ["onnxruntime WebGPU", () => OnnxRuntimePeer.start("webgpu")],
  ["tfjs WebGPU", () => TfjsPeer.start()],
];

async function main(): Promise<void> {
  const seconds = Number(options.seconds);
  const peers: Peer[] = [];
  for (const [name, start] of starters) {
    // The CPU provider is what results are compared with.
    if (name !== "onnxruntime CPU" && !name.includes(options.peer)) continue;
    try {
      peers.push(await start());
    } catch (error) {
      print({ case: "", peer: name, note: `not here: ${messageOf(error)}` });
    }
  }
  for (const given of cases.filter(({ name }) => name.includes(options.case))) await measureCase(given, peers, seconds);
  for (const peer of peers) await peer.close?.();
  // Some of the runtimes keep the process alive.
  process.exit(0);
}

async function measureCase(given: Case, peers: readonly Peer[], seconds: number): Promise<void> {
  const values = randomValues(given);
  let expected: Float32Array | undefined;
  for (const peer of peers) {
    let session: Session | undefined;
    try {
      session = await peer.open(given, values);
      const output = await session.run();
      expected ??= output;
      const note = peer.differs?.(given);
      print({
        case: given.name,
        peer: peer.name,
        ...(await measure(session, seconds)),
        ...(note === undefined ? { largestDifference: largestDifference(output, expected) } : { note }),
      });
    } catch (error) {
      print({ case: given.name, peer: peer.name, note: messageOf(error) });
    } finally {
      await session?.close();
    }
  }
}

/** Runs for so long, after a quarter of that to warm up, at least three times. */
async function measure(
  session: Session,
  seconds: number,
): Promise<Pick<Row, "medianMilliseconds" | "leastMilliseconds" | "leastProcessorMilliseconds" | "runs">> {
  await repeat(session, seconds / 4, 1);
  const runs = await repeat(session, seconds, 3);
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
  const time =
    medianMilliseconds === undefined
      ? ""
      : `${medianMilliseconds.toFixed(3)} ms (least ${leastMilliseconds!.toFixed(3)}, of the processor ${leastProcessorMilliseconds!.toFixed(3)}, ${row.runs} runs)`;
  const difference = largestDifference === undefined ? "" : `difference ${largestDifference.toExponential(1)}`;
  console.log([row.case.padEnd(20), row.peer.padEnd(20), time.padEnd(72), difference, note ?? ""].join(" ").trimEnd());
}

if (options.help) process.stdout.write(help);
else await main();
