// Compares constrint with other solvers and writes bench/results/DATE-solvers.md; see README.md.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { constrint } from "./constrint.js";
import { WarmConstrintPeer } from "./constrint-warm.js";
import { firstCallSeconds } from "./first-call.js";
import { FlatZincPeer, root } from "./flatzinc-peer.js";
import { gecode } from "./gecode.js";
import { formatGrowth, growth } from "./growth.js";
import { type Measurement, measure, type Peer } from "./peer.js";
import { formatResults, formatSeconds, key, type Results } from "./report.js";
import { rows } from "./rows.js";
import { formatTilings } from "./tilings.js";
import { webAssemblyPeers } from "./webassembly-peers.js";

const HELP = `Compares constrint with other solvers on the same problems.

Usage: node bench/dist/solvers/main.js [options]

  --rows IDS          the problems, by id and separated by commas (default: all)
  --peers IDS         constrint, constrint-warm, gecode, chuffed-wasm, gecode-wasm, cp-sat-wasm (default: all)
  --parts PARTS       peers, growth, tilings (default: all)
  --limit SECONDS     for each run (default: 60); where constrint's goal is a longer time, its own runs have that
  --runs N            the most runs of a row with a peer, of which the fastest counts (default: 5)
  --output NAME       writes bench/results/DATE-NAME.md instead of standard output
  --save-peers FILE   keeps what was measured, for --load-peers
  --load-peers FILE   takes the peers' figures from such a file and measures constrint alone
  --help

Examples:
  node bench/dist/solvers/main.js --limit 20 --output solvers
  node bench/dist/solvers/main.js --parts peers --rows golomb-8,qcp-25 --peers constrint-warm,gecode-wasm
`;

const { values: options } = parseArgs({
  options: {
    help: { type: "boolean", short: "h" },
    rows: { type: "string" },
    peers: { type: "string" },
    limit: { type: "string", default: "60" },
    runs: { type: "string", default: "5" },
    parts: { type: "string", default: "peers,growth,tilings" },
    // What an earlier run measured of the peers, to look at constrint alone; never for a page of results.
    "save-peers": { type: "string" },
    "load-peers": { type: "string" },
    output: { type: "string" },
  },
});

if (options.help) {
  process.stdout.write(HELP);
  process.exit();
}

const limitSeconds = Number(options.limit);
if (!(limitSeconds > 0)) throw new Error(`--limit: expected seconds > 0, found ${options.limit}`);
const mostRuns = Number(options.runs);
if (!(Number.isInteger(mostRuns) && mostRuns > 0))
  throw new Error(`--runs: expected an integer > 0, found ${options.runs}`);
const chosen = <T extends { readonly id: string }>(
  name: string,
  all: readonly T[],
  choice: string | undefined,
): readonly T[] => {
  if (choice === undefined) return all;
  const ids = choice.split(",");
  for (const id of ids) {
    if (!all.some((item) => item.id === id))
      throw new Error(`--${name}: ${id} is none of ${all.map((item) => item.id).join(", ")}`);
  }
  return all.filter(({ id }) => ids.includes(id));
};
const parts = chosen(
  "parts",
  ["peers", "growth", "tilings"].map((id) => ({ id })),
  options.parts,
).map(({ id }) => id);
const chosenRows = chosen("rows", rows, options.rows);
const allPeers: readonly Peer[] = [
  new FlatZincPeer(constrint),
  new WarmConstrintPeer(),
  new FlatZincPeer(gecode),
  ...webAssemblyPeers(),
];
const elapsed = (): string => `${(performance.now() / 1000).toFixed(0)} s:`;
const log = (text: string): void => void process.stderr.write(`${text}\n`);

/** The peers' measurements of an earlier run, with where and when. */
interface SavedPeers {
  readonly date: string;
  readonly machine: string;
  readonly measured: Readonly<Record<string, Measurement>>;
}

const date = new Date().toISOString().slice(0, 10);
const machine = `${cpus().length} × ${cpus()[0]!.model}`;
const saved =
  options["load-peers"] === undefined
    ? undefined
    : (JSON.parse(readFileSync(options["load-peers"], "utf8")) as SavedPeers);

async function comparePeers(): Promise<string> {
  const peers: Peer[] = [];
  const measured = new Map<string, Measurement>(Object.entries(saved?.measured ?? {}));
  for (const peer of chosen("peers", allPeers, options.peers)) {
    const problem = await peer.prepare();
    if (problem === undefined) peers.push(peer);
    else log(`${peer.name}: left out, ${problem}`);
  }
  for (const row of chosenRows) {
    for (const peer of peers) {
      if (saved !== undefined && measured.has(key(row, peer)) && !peer.id.startsWith("constrint")) continue;
      const own = peer.id.startsWith("constrint") ? row.ownLimitSeconds : undefined;
      let result = await measure(peer, row, Math.max(limitSeconds, own ?? 0), mostRuns);
      if (peer.id.endsWith("-wasm")) {
        result = { ...result, processSeconds: await firstCallSeconds(peer, row, limitSeconds, mostRuns, result) };
      }
      measured.set(key(row, peer), result);
      log(
        `${elapsed()} ${row.id} ${peer.id}: ${result.status} ${formatSeconds(result.seconds)} ${result.message ?? ""}`,
      );
    }
  }
  const results: Results = { rows: chosenRows, peers, measured, limitSeconds };
  for (const peer of allPeers) await peer.close();
  if (options["save-peers"] !== undefined) {
    writeFileSync(
      options["save-peers"],
      JSON.stringify({ date, machine, measured: Object.fromEntries(measured) } satisfies SavedPeers),
    );
  }
  const note = saved === undefined ? "" : `Peers measured on ${saved.date}, ${saved.machine}.\n\n`;
  return `## Against other solvers\n\n${note}${INTRODUCTION}\n\n${formatResults(results)}`;
}

const ownLimits = chosenRows
  .flatMap(({ name, ownLimitSeconds }) => (ownLimitSeconds === undefined ? [] : [`${name}: ${ownLimitSeconds} s`]))
  .join(", ");
const INTRODUCTION =
  `Seconds of solving, the fewest of up to ${mostRuns} runs, nodes in brackets, limit ${limitSeconds} s${ownLimits && ` (for constrint ${ownLimits})`}. Flattening and the start of the process are not in it. ` +
  "constrint: the command fzn-constrint in a new process, its code not yet compiled; warm: the same command called again in one process, as WebAssembly is " +
  "from its second run on. ÷: how many times constrint's seconds, in brackets the warm ones'. " +
  "Every answer (number of solutions, optimum) is checked. Gecode: native 6.2 with its own global constraints; Chuffed and Gecode in " +
  "WebAssembly: npm minizinc; CP-SAT: npm or-tools-wasm on the problem as flattened for constrint, the whole call with building the model, one worker for " +
  "enumeration, else two. The second table has whole seconds: of a new process from its start to the answer, with what it loads and compiles first, and of " +
  "constrint's whole call when warm (reading, solving, printing).";

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const sections: string[] = [];
if (parts.includes("peers")) sections.push(await comparePeers());
if (parts.includes("growth")) sections.push(formatGrowth(await growth(limitSeconds, log)));
if (parts.includes("tilings")) sections.push(formatTilings());
const page =
  `# Solvers, ${date}\n\nMachine: ${machine}; node ${process.version}; commit ${commit}.\n\n${sections.join("\n")}\n` +
  `Made by \`node bench/dist/solvers/main.js${process.argv
    .slice(2)
    .map((argument) => ` ${argument}`)
    .join("")}\`.\n`;
if (options.output === undefined) {
  process.stdout.write(page);
} else {
  const folder = join(root, "bench/results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${date}-${options.output}.md`), page);
}
