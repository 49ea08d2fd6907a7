import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FirstCall } from "./first-call-process.js";
import type { Measurement, Peer } from "./peer.js";
import type { Row } from "./rows.js";

/** A row that takes longer than this to solve is not run again: its first call takes longer still. */
const LONGEST_SECONDS = 1;
/** So many processes, where the row itself may be run more often. */
const MOST_RUNS = 3;

/**
 * Seconds of a new process from its start to a WebAssembly peer's answer, flattening apart: loading and compiling the module, and
 * solving. The fewest of several runs, or undefined where solving alone takes long.
 */
export async function firstCallSeconds(
  peer: Peer,
  row: Row,
  limitSeconds: number,
  mostRuns: number,
  { status, seconds }: Measurement,
): Promise<number | undefined> {
  if (status !== "answered" || seconds > LONGEST_SECONDS) return undefined;
  let best: number | undefined;
  for (let run = 0; run < Math.min(MOST_RUNS, mostRuns); run++) {
    const startedAt = performance.now();
    const script = fileURLToPath(new URL("./first-call-process.js", import.meta.url));
    const child = fork(script, [peer.id, row.id, String(limitSeconds)]);
    const call = await new Promise<FirstCall>((resolve, reject) => {
      child.on("message", resolve);
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`${peer.name}: the process ended without an answer to ${row.name}`)));
    });
    const total = (performance.now() - startedAt) / 1000 - call.flatteningSeconds;
    child.kill();
    if (!call.isAnswered) return undefined;
    best = Math.min(total, best ?? Infinity);
  }
  return best;
}
