// Runs one row with one WebAssembly peer in this new process and sends the seconds of flattening in it: argv are the peer's and the row's id and the limit.
import { rows } from "./rows.js";
import { webAssemblyPeers } from "./webassembly-peers.js";

/** What a new process answered. */
export interface FirstCall {
  readonly isAnswered: boolean;
  /** How much of the time went into flattening, which is no part of solving. */
  readonly flatteningSeconds: number;
}

const [peerId, rowId, limitSeconds] = process.argv.slice(2);
const peer = webAssemblyPeers().find(({ id }) => id === peerId)!;
await peer.prepare();
const { status, flatteningSeconds = 0 } = await peer.run(rows.find(({ id }) => id === rowId)!, Number(limitSeconds));
process.send!({ isAnswered: status === "answered", flatteningSeconds } satisfies FirstCall);
await peer.close();
