import type { Measurement, Peer } from "./peer.js";
import type { Row } from "./rows.js";

type Named = Pick<Peer, "id" | "name">;

/** What a run measured: rows, peers in the order of columns, and a measurement for each pair of ids. */
export interface Results {
  readonly rows: readonly Row[];
  readonly peers: readonly Named[];
  readonly measured: ReadonlyMap<string, Measurement>;
  readonly limitSeconds: number;
}

export const key = (row: Row, peer: { readonly id: string }): string => `${row.id} ${peer.id}`;

const OWN = "constrint";
const WARM = "constrint-warm";
const NATIVE = "gecode";

const line = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

export const formatSeconds = (seconds: number): string =>
  seconds < 0.1 ? seconds.toFixed(4) : seconds < 10 ? seconds.toFixed(3) : seconds.toFixed(1);

/** The table of times, and what the goals say of them. */
export function formatResults(results: Results): string {
  const { rows, peers, measured } = results;
  const others = peers.filter(({ id }) => id !== OWN && id !== WARM);
  const ratios = others.map(({ name }) => `${name} ÷`);
  const header = ["problem", ...peers.map(({ name }) => name), ...ratios];
  const lines = [line(...header), line(...header.map(() => "---"))];
  for (const row of rows) {
    const own = measured.get(key(row, { id: OWN }));
    const warm = measured.get(key(row, { id: WARM }));
    lines.push(
      line(
        row.name,
        ...peers.map((peer) => cell(measured.get(key(row, peer)))),
        ...others.map((peer) => {
          const theirs = measured.get(key(row, peer));
          return `${ratioCell(own, theirs)} (${ratioCell(warm, theirs)})`;
        }),
      ),
    );
  }
  return [...lines, "", ...wholeSeconds(results), "", ...goals(results), ""].join("\n");
}

/** The table of whole seconds: new processes, and warm calls of constrint. */
function wholeSeconds({ rows, peers, measured }: Results): string[] {
  const timed = peers.filter((peer) => rows.some((row) => measured.get(key(row, peer))?.processSeconds !== undefined));
  const name = (peer: Named): string => (peer.id === WARM ? "constrint, warm call" : `${peer.name}, new process`);
  const lines = [line("problem", ...timed.map(name)), line("---", ...timed.map(() => "---"))];
  for (const row of rows) {
    const cells = timed.map((peer) => {
      const measurement = measured.get(key(row, peer));
      if (measurement?.processSeconds !== undefined) return formatSeconds(measurement.processSeconds);
      // The process takes longer than solving in it.
      return measurement === undefined ? "–" : `> ${formatSeconds(measurement.seconds)}`;
    });
    lines.push(line(row.name, ...cells));
  }
  return lines;
}

function cell(measurement: Measurement | undefined): string {
  if (measurement === undefined) return "–";
  const { status, seconds, nodes } = measurement;
  if (status === "limit") return `> ${seconds}`;
  if (status === "failed") return "failed";
  return nodes === undefined ? formatSeconds(seconds) : `${formatSeconds(seconds)} (${nodes})`;
}

/** How many times our seconds the peer's are. */
function ratioCell(own: Measurement | undefined, peer: Measurement | undefined): string {
  if (own?.status !== "answered" || peer === undefined || peer.status === "failed") return "–";
  const ratio = (peer.seconds / own.seconds).toPrecision(2);
  return `${peer.status === "limit" ? "> " : ""}${Number(ratio)}`;
}

/** For the cold and the warm times, one line for each goal: what was measured, and the rows that miss it. */
function goals(results: Results): string[] {
  const lines: string[] = [];
  for (const { id, name } of results.peers.filter((peer) => peer.id === OWN || peer.id === WARM)) {
    lines.push(`${name}:`, "", ...goalsOf(results, id), "");
  }
  for (const [id, { status, message }] of results.measured) {
    if (status === "failed") lines.push(`Failed: ${id}: ${(message ?? "").split("\n")[0]!.slice(0, 200)}`, "");
  }
  return lines;
}

/** Where a peer's new process answers before ours. */
function newProcessGoal({ rows, measured }: Results, peer: Named): string {
  const earlier = rows.filter((row) => {
    const ours = measured.get(key(row, { id: OWN }))?.processSeconds;
    const theirs = measured.get(key(row, peer));
    if (theirs?.status !== "answered") return false;
    return ours === undefined || (theirs.processSeconds ?? theirs.seconds) <= ours;
  });
  const exceptions = earlier.map(({ name }) => name).join("; ") || "none";
  return `- ${peer.name}, from the start of a new process to the answer: constrint is faster on every row, except: ${exceptions}.`;
}

function goalsOf({ rows, peers, measured, limitSeconds }: Results, own: string): string[] {
  const lines: string[] = [];
  const native = rows.flatMap((row) => {
    const ours = measured.get(key(row, { id: own }));
    const theirs = measured.get(key(row, { id: NATIVE }));
    if (ours === undefined || theirs?.status !== "answered") return [];
    // A row without our answer counts with the limit, a lower bound.
    return [{ row, ratio: ours.seconds / theirs.seconds, isFinished: ours.status === "answered" }];
  });
  const mean = (ratios: readonly { readonly ratio: number }[]): string =>
    Math.exp(ratios.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / ratios.length).toFixed(2);
  if (native.length > 0) {
    const unfinished = native.filter(({ isFinished }) => !isFinished).map(({ row }) => row.name);
    lines.push(
      `- Native Gecode with globals: ${mean(native)} times its seconds, the geometric mean over the ${native.length} rows where it ` +
        `finishes (goal: at most 3)${unfinished.length > 0 ? `; not finished by constrint: ${unfinished.join(", ")}` : ""}.`,
    );
  }
  const products = native.filter(({ row }) => row.isProduct);
  if (products.length > 0) {
    const slower = products.filter(({ ratio }) => ratio > 1);
    lines.push(
      `- Products, divisibility and tilings: ${mean(products)} times the seconds of native Gecode (goal: no row slower); slower: ` +
        `${slower.map(({ row, ratio }) => `${row.name} (${ratio.toFixed(2)} times)`).join(", ") || "none"}.`,
    );
  }
  for (const peer of peers.filter(({ id }) => id.endsWith("-wasm"))) {
    const slower = rows.filter((row) => {
      const ours = measured.get(key(row, { id: own }));
      const theirs = measured.get(key(row, peer));
      if (ours === undefined || theirs?.status !== "answered") return false;
      return ours.status !== "answered" || ours.seconds >= theirs.seconds;
    });
    lines.push(`- ${peer.name}: faster on every row, except: ${slower.map(({ name }) => name).join("; ") || "none"}.`);
    if (own === OWN) lines.push(newProcessGoal({ rows, peers, measured, limitSeconds }, peer));
  }
  return lines;
}
