import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { constrint } from "./constrint.js";
import type { WarmAnswer } from "./constrint-warm-process.js";
import { FlatZincPeer } from "./flatzinc-peer.js";
import type { Measurement, Peer } from "./peer.js";
import type { Row } from "./rows.js";

/**
 * constrint called in a process that has solved the same problem before: the code is compiled, as in a server or a page that
 * stays open. The process's seconds are those of the whole call, reading the FlatZinc text and writing the answer included.
 */
export class WarmConstrintPeer implements Peer {
  readonly id = "constrint-warm";
  readonly name = "constrint warm";
  private readonly flattener = new FlatZincPeer(constrint);

  prepare(): Promise<string | undefined> {
    return this.flattener.prepare();
  }

  async run(row: Row, limitSeconds: number): Promise<Measurement> {
    const [, , ...args] = constrint.command(await this.flattener.flatten(row), row, limitSeconds);
    const child = fork(fileURLToPath(new URL("./constrint-warm-process.js", import.meta.url)), args);
    const answer = await new Promise<WarmAnswer>((resolve, reject) => {
      child.on("message", resolve);
      child.on("error", reject);
      child.on("exit", () => reject(new Error("the process ended without an answer")));
    });
    child.kill();
    return this.flattener.measurement(row, limitSeconds, { ...answer, stderr: "", overrun: false }, answer.seconds);
  }

  close(): Promise<void> {
    return this.flattener.close();
  }
}
