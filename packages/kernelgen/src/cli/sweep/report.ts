import type { SweepEntry } from "../../sweep/sweep.js";
import { colors } from "../colors.js";
import { plainTable } from "../plain-table.js";

/** A sweep for a person: for each device and size a row with the time of each family, the fastest marked. */
export function sweepText(entries: readonly SweepEntry[], file: string | undefined): string {
  const families = [...new Set(entries.map(({ family }) => family))];
  const rows = new Map<string, { readonly entries: Map<string, SweepEntry>; readonly entry: SweepEntry }>();
  for (const entry of entries) {
    const { headDim, heads, batch } = entry.problem;
    const key = `${entry.device.id} ${headDim} ${heads} ${batch}`;
    const row = rows.get(key) ?? { entries: new Map<string, SweepEntry>(), entry };
    row.entries.set(entry.family, entry);
    rows.set(key, row);
  }
  const cell = (entry: SweepEntry | undefined): string => {
    if (entry?.plan === undefined) return "-";
    return `${entry.plan.predictedMicrosecondsPerStep.toFixed(3)}${entry.isFastest ? " *" : "  "}`;
  };
  const table = plainTable(
    [
      ["device", "heads", "batch", ...families.map((family) => `${family}  `)],
      ...[...rows.values()].map(({ entry: { device, problem }, entries: own }) => [
        device.id,
        `${problem.headDim}x${problem.heads}`,
        `${problem.batch}`,
        ...families.map((family) => cell(own.get(family))),
      ]),
    ],
    ["left", "right", "right", ...families.map(() => "right" as const)],
  );
  return [
    colors.bold("predicted µs a step of each family (* the fastest, - not feasible)"),
    table,
    ...(file === undefined ? [] : ["", `written to ${file}`]),
  ].join("\n");
}
