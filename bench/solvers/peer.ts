import type { Row } from "./rows.js";

/** What a solver made of a row. */
export interface Measurement {
  /** `limit`: no complete answer within the limit; `failed`: it broke off, `message` says how. */
  readonly status: "answered" | "limit" | "failed";
  /** The number of solutions or the objective. */
  readonly value?: number | undefined;
  /** Seconds of solving, the fewest of several runs. */
  readonly seconds: number;
  /** Seconds of a new process from its start to the answer to a flattened problem, where it was measured. */
  readonly processSeconds?: number | undefined;
  /** Seconds of flattening within the run, where that is no part of the others. */
  readonly flatteningSeconds?: number | undefined;
  readonly nodes?: number | undefined;
  readonly message?: string | undefined;
}

/** A solver that takes part. */
export interface Peer {
  readonly id: string;
  readonly name: string;
  /** Prepares what several rows share; says why the solver cannot take part, or undefined. */
  prepare(): Promise<string | undefined>;
  /** Answers a row once. */
  run(row: Row, limitSeconds: number): Promise<Measurement>;
  /** Ends what `prepare` and `run` left running. */
  close(): Promise<void>;
}

/** A row is run again until this much time is used. */
const REPEAT_SECONDS = 2;

/** The fastest of at most so many runs of a row; a wrong answer is a failure. */
export async function measure(peer: Peer, row: Row, limitSeconds: number, mostRuns: number): Promise<Measurement> {
  let best: Measurement | undefined;
  const startedAt = performance.now();
  for (let run = 0; run < mostRuns && performance.now() - startedAt < 1000 * REPEAT_SECONDS; run++) {
    let measured: Measurement;
    try {
      measured = await peer.run(row, limitSeconds);
    } catch (error) {
      measured = { status: "failed", seconds: Number.NaN, message: String(error) };
    }
    if (measured.status === "answered" && measured.value !== row.answer) {
      measured = { ...measured, status: "failed", message: `answered ${measured.value}, not ${row.answer}` };
    }
    if (measured.status !== "answered") return measured;
    if (best === undefined || measured.seconds < best.seconds) {
      const processSeconds = Math.min(measured.processSeconds ?? Infinity, best?.processSeconds ?? Infinity);
      best = { ...measured, processSeconds: Number.isFinite(processSeconds) ? processSeconds : undefined };
    }
  }
  return best!;
}
