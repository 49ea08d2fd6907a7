import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { minizincArguments, modelFolder, root } from "./flatzinc-peer.js";
import type { Measurement, Peer } from "./peer.js";
import type { Row } from "./rows.js";

/** What MiniZinc's worker posts, and when (its clock, in milliseconds). */
interface Message {
  readonly type: "ready" | "solution" | "status" | "statistics" | "error" | "exit" | "stderr" | "stdout";
  readonly at: number;
  readonly status?: string;
  readonly message?: string;
  readonly statistics?: Readonly<Record<string, number>>;
  readonly output?: { readonly json?: { readonly _objective?: number } };
}

// Of the global that TypeScript only knows with the DOM.
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: { compile(bytes: Uint8Array): Promise<object> };
};

/** What flattening may take at most beside the limit, and a solver that is done within the limit to say so. */
const FLATTENING_SECONDS = 10;
const REPORTING_SECONDS = 0.5;

/** Statuses of complete answers. */
const COMPLETE = new Set(["ALL_SOLUTIONS", "OPTIMAL_SOLUTION", "UNSATISFIABLE"]);

/**
 * A solver inside MiniZinc's WebAssembly build, a fresh worker for each run: a second call in the same one fails in Chuffed.
 *
 * The compiled module is kept, so that from the second run on a worker finds the code that V8 has optimised.
 */
export class MiniZincWasmPeer implements Peer {
  private module: object | undefined;
  private readonly files: Readonly<Record<string, string>> = Object.fromEntries(
    readdirSync(modelFolder).map((name) => [name, readFileSync(join(modelFolder, name), "utf8")]),
  );

  constructor(
    readonly id: string,
    readonly name: string,
    private readonly solver: "chuffed" | "gecode",
  ) {}

  async prepare(): Promise<string | undefined> {
    try {
      this.module ??= await WebAssembly.compile(readFileSync(join(this.packageFolder(), "minizinc.wasm")));
    } catch {
      return "needs npm install in bench/solvers";
    }
    return undefined;
  }

  async run(row: Row, limitSeconds: number): Promise<Measurement> {
    const worker = await this.start();
    const args = [
      ...["-s", "--output-mode", "json", "--output-objective", "--solver", this.solver],
      ...(row.question === "all" ? ["-a"] : []),
      ...minizincArguments(row),
    ];
    let flattenedAt: number | undefined;
    let flatteningSeconds: number | undefined;
    let endedAt: number | undefined;
    let solveTime: number | undefined;
    let nodes: number | undefined;
    let solutions = 0;
    let objective: number | undefined;
    let isComplete = false;
    let message: string | undefined;
    const isOver = await new Promise<boolean>((resolve) => {
      const endAfter = (seconds: number): NodeJS.Timeout => setTimeout(() => resolve(false), 1000 * seconds);
      // Flattening comes before solving in the same call, and has time of its own.
      let timer = endAfter(limitSeconds + FLATTENING_SECONDS);
      const listen = (posted: Message): void => {
        switch (posted.type) {
          case "statistics":
            if (posted.statistics?.flatTime !== undefined) {
              flattenedAt = posted.at;
              clearTimeout(timer);
              timer = endAfter(limitSeconds + REPORTING_SECONDS);
              flatteningSeconds = posted.statistics.flatTime;
            }
            solveTime = posted.statistics?.solveTime ?? solveTime;
            nodes = posted.statistics?.nodes ?? nodes;
            break;
          case "solution":
            solutions++;
            objective = posted.output?.json?._objective;
            endedAt = posted.at;
            break;
          case "status":
            isComplete = COMPLETE.has(posted.status ?? "");
            endedAt = posted.at;
            break;
          case "error":
            message = posted.message;
            break;
          case "exit":
            message ??= posted.message;
            clearTimeout(timer);
            resolve(true);
            break;
          default:
        }
      };
      worker.on("message", listen);
      worker.postMessage({ jsonStream: true, files: this.files, args });
    });
    await worker.terminate();
    if (!isOver) return { status: "limit", seconds: limitSeconds };
    const seconds = solveTime ?? ((endedAt ?? Number.NaN) - (flattenedAt ?? Number.NaN)) / 1000;
    if (row.question === "first" ? solutions === 0 : !isComplete) {
      return { status: "failed", seconds, message: message ?? "no answer" };
    }
    if (seconds > limitSeconds) return { status: "limit", seconds: limitSeconds };
    const value = row.question === "optimum" ? objective : solutions;
    return { status: "answered", value, seconds, flatteningSeconds, nodes };
  }

  async close(): Promise<void> {
    this.module = undefined;
  }

  private packageFolder(): string {
    const require = createRequire(join(root, "bench/solvers/package.json"));
    return dirname(require.resolve("minizinc"));
  }

  private async start(): Promise<Worker> {
    const worker = new Worker(join(root, "bench/solvers/minizinc-wasm-worker.cjs"), {
      workerData: { folder: this.packageFolder() },
    });
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage({ wasmURL: "http://localhost/minizinc.wasm", dataURL: "http://localhost/minizinc.data" });
    });
    return worker;
  }
}
