import type { Case, CaseValues } from "../cases.js";

/** A layer in one runtime, ready to run. */
export interface Session {
  /** Runs the whole sequence from the input in host memory to the output [B,T,H] in host memory. */
  run(): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface Peer {
  readonly name: string;
  /** Why its numbers are not those of the others, for a case where they are not. */
  differs?(given: Case): string | undefined;
  open(given: Case, values: CaseValues): Promise<Session>;
  close?(): Promise<void>;
}
