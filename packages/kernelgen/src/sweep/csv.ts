import type { SweepEntry } from "./sweep.js";

/** The columns of a sweep's table: a name and what stands there. */
const columns: readonly (readonly [string, (entry: SweepEntry) => string | number | boolean])[] = [
  ["device", ({ device }) => device.id],
  ["cell", ({ problem }) => problem.cell.name],
  ["head_dim", ({ problem }) => problem.headDim],
  ["heads", ({ problem }) => problem.heads],
  ["batch", ({ problem }) => problem.batch],
  ["data_type", ({ problem }) => problem.dataType],
  ["state_output", ({ problem }) => problem.stateOutput],
  ["training", ({ problem }) => problem.training],
  ["family", ({ family }) => family],
  ["feasible", ({ plan }) => plan !== undefined],
  ["fastest", ({ isFastest }) => isFastest],
  ["predicted_microseconds_per_step", ({ plan }) => plan?.predictedMicrosecondsPerStep ?? ""],
  ["blocks", ({ plan }) => plan?.launch.blockCount ?? ""],
  ["threads_per_block", ({ plan }) => plan?.launch.threadsPerBlock ?? ""],
  ["shared_bytes_per_block", ({ plan }) => plan?.launch.sharedBytesPerBlock ?? ""],
  ["plan", ({ plan }) => plan?.hash ?? ""],
];

/** A sweep as comma-separated values (RFC 4180): a line of column names, and a line for each family of each point. */
export function sweepCsv(entries: readonly SweepEntry[]): string {
  const lines = [columns.map(([name]) => name), ...entries.map((entry) => columns.map(([, value]) => value(entry)))];
  return lines.map((cells) => `${cells.map((cell) => quoted(`${cell}`)).join(",")}\r\n`).join("");
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A sweep as plain data. */
export const sweepJson = (entries: readonly SweepEntry[]): readonly Record<string, unknown>[] =>
  entries.map((entry) => Object.fromEntries(columns.map(([name, value]) => [name, nullIfEmpty(value(entry))])));

const nullIfEmpty = <T>(value: T): T | null => (value === "" ? null : value);
