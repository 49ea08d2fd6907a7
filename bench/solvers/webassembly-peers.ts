import { CpSatPeer } from "./cp-sat.js";
import { MiniZincWasmPeer } from "./minizinc-wasm.js";
import type { Peer } from "./peer.js";

/** The solvers that run in WebAssembly. */
export function webAssemblyPeers(): readonly Peer[] {
  return [
    new MiniZincWasmPeer("chuffed-wasm", "Chuffed wasm", "chuffed"),
    new MiniZincWasmPeer("gecode-wasm", "Gecode wasm", "gecode"),
    new CpSatPeer(),
  ];
}
