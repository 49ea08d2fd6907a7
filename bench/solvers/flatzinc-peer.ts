import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Measurement, Peer } from "./peer.js";
import type { Row } from "./rows.js";

/** The repository's root, seen from bench/dist/solvers. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const modelFolder = join(root, "bench/solvers/models");

/** What a row's model and data are on MiniZinc's command line, relative to the folder of models. */
export function minizincArguments({ model, data }: Row): string[] {
  const files = [`${model}.mzn`];
  if (typeof data === "string") files.push(`${data}.dzn`);
  const values = typeof data === "object" ? Object.entries(data).map(([name, value]) => `${name}=${value};`) : [];
  return values.length > 0 ? [...files, "-D", values.join("")] : files;
}

/** A solver that reads FlatZinc in a process of its own: a problem is flattened once for its library, then only solved. */
export interface FlatZincSolver {
  readonly id: string;
  readonly name: string;
  /** Writes, if need be, and names the solver's configuration for MiniZinc. */
  configuration(folder: string): string;
  command(file: string, row: Row, limitSeconds: number): readonly [file: string, ...args: string[]];
}

const execute = promisify(execFile);

/** A FlatZinc solver as a peer. Flattened problems are kept in a temporary folder until it is closed. */
export class FlatZincPeer implements Peer {
  readonly id: string;
  readonly name: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "solver-bench-"));
  private configuration = "";

  constructor(private readonly solver: FlatZincSolver) {
    this.id = solver.id;
    this.name = solver.name;
  }

  async prepare(): Promise<string | undefined> {
    try {
      await execute("minizinc", ["--version"]);
    } catch {
      return "needs the command minizinc";
    }
    this.configuration = this.solver.configuration(this.folder);
    return undefined;
  }

  async run(row: Row, limitSeconds: number): Promise<Measurement> {
    const file = await this.flatten(row);
    const [command, ...args] = this.solver.command(file, row, limitSeconds);
    const startedAt = performance.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const printed = await output(child, limitSeconds + 1);
    return this.measurement(row, limitSeconds, printed, (performance.now() - startedAt) / 1000);
  }

  /** Reads what a solver printed. Without a statistic of the solving time, that of the process counts. */
  measurement(
    row: Row,
    limitSeconds: number,
    { stdout, stderr, overrun }: Printed,
    processSeconds: number,
  ): Measurement {
    const statistic = (name: string): number | undefined => {
      const text = new RegExp(`^%%%mzn-stat: ${name}=(\\S+)$`, "m").exec(stdout)?.[1];
      return text === undefined ? undefined : Number(text);
    };
    const solutions = stdout.match(/^----------$/gm)?.length ?? 0;
    const objectives = [...stdout.matchAll(/^bench_objective = (-?\d+);$/gm)];
    const isComplete = /^==========$|^=====UNSATISFIABLE=====$/m.test(stdout);
    const seconds = statistic("solveTime") ?? processSeconds;
    const nodes = statistic("nodes");
    if (row.question === "first" ? solutions === 0 : !isComplete) {
      const isLimit = overrun || seconds >= 0.95 * limitSeconds;
      return isLimit
        ? { status: "limit", seconds: limitSeconds, nodes }
        : { status: "failed", seconds, message: stderr.trim() || "no answer" };
    }
    const value = row.question === "optimum" ? Number(objectives.at(-1)?.[1]) : solutions;
    return { status: "answered", value, seconds, processSeconds, nodes };
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true });
  }

  /** The row's problem as FlatZinc for this solver's library; its objective is printed as bench_objective. */
  async flatten(row: Row): Promise<string> {
    const file = join(this.folder, `${row.id}.fzn`);
    if (existsSync(file)) return file;
    const args = ["-c", "--solver", this.configuration, ...minizincArguments(row), "--fzn", file, "--no-output-ozn"];
    await execute("minizinc", args, { cwd: modelFolder });
    writeFileSync(file, withPrintedObjective(readFileSync(file, "utf8")));
    return file;
  }
}

function withPrintedObjective(flatZinc: string): string {
  const objective = /^solve\b.*\b(?:minimize|maximize) (\w+);/m.exec(flatZinc)?.[1];
  if (objective === undefined) return flatZinc;
  return flatZinc
    .replaceAll(new RegExp(`\\b${objective}\\b`, "g"), "bench_objective")
    .replace(/^(var [^:]+: bench_objective)(?!.*output_var)/m, "$1 :: output_var");
}

/** What a process wrote, and whether it had to be ended. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly overrun: boolean;
}

/** All that a process writes until it ends or is ended. */
function output(child: ChildProcess, limitSeconds: number): Promise<Printed> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    let overrun = false;
    const timer = setTimeout(() => {
      overrun = true;
      child.kill("SIGKILL");
    }, 1000 * limitSeconds);
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      resolve({ stdout, stderr, overrun });
    });
  });
}
