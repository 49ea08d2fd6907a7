import { problemText } from "../plan/problem-text.js";
import { escaped, legend, type Series, timeChart } from "./chart.js";
import type { SweepEntry } from "./sweep.js";

const style = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --line: #d9d9d9;
  --series-1: #0b62a8; --series-2: #b3430b; --series-3: #12744a; --series-4: #7a3fa0; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #161616; --line: #3a3a3a;
  --series-1: #6db5f2; --series-2: #f2a06d; --series-3: #6fcf9f; --series-4: #c99be6; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; } text { fill: var(--ink); font-size: 12px; }
.grid { stroke: var(--line); stroke-width: 1; }
polyline, .legend line { fill: none; stroke-width: 2; }
${[1, 2, 3, 4].map((index) => `.series-${index} { stroke: var(--series-${index}); } .mark-${index} { fill: var(--series-${index}); }`).join("\n")}
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 1.5rem; padding: 0; } .legend svg { width: 2rem; margin-right: .5rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; } th, td { padding: .2rem .8rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child { text-align: left; } .fastest { font-weight: bold; }
`;

/** Entries that differ in head dimension and family alone: one chart and one table. */
interface Group {
  readonly title: string;
  readonly entries: readonly SweepEntry[];
}

/**
 * A sweep as one self-contained page: for each device and problem a chart of predicted time over head dimensions, a line for each family, and
 * the same numbers as a table.
 */
export function sweepHtml(entries: readonly SweepEntry[]): string {
  const families = [...new Set(entries.map(({ family }) => family))];
  const sections = groupsOf(entries).map((group, index) => section(group, families, `chart-${index + 1}`));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Predicted time of recurrent kernels</title>
<style>${style}</style>
</head>
<body>
<h1>Predicted time of recurrent kernels</h1>
<p>Microseconds a step of the fastest tiling of each kernel family, by prediction; a gap is a head dimension that the family has no tiling for.</p>
${legend(families)}
${sections.join("\n")}
</body>
</html>
`;
}

function groupsOf(entries: readonly SweepEntry[]): readonly Group[] {
  const groups = new Map<string, SweepEntry[]>();
  for (const entry of entries) {
    // The head dimension is what the chart is over.
    const { headDim, heads } = entry.problem;
    const problem = problemText(entry.problem).replace(`heads ${headDim}x${heads}`, `heads D×${heads}`);
    const title = `${entry.device.name}: ${problem}`;
    groups.set(title, [...(groups.get(title) ?? []), entry]);
  }
  return [...groups].map(([title, members]) => ({ title, entries: members }));
}

function section({ title, entries }: Group, families: readonly string[], id: string): string {
  const dimensions = [...new Set(entries.map(({ problem }) => problem.headDim))].toSorted((a, b) => a - b);
  const entryOf = (family: string, headDim: number): SweepEntry | undefined =>
    entries.find((entry) => entry.family === family && entry.problem.headDim === headDim);
  const series = families.map(
    (family): Series => ({
      name: family,
      points: dimensions.map((headDim) => ({
        x: headDim,
        y: entryOf(family, headDim)?.plan?.predictedMicrosecondsPerStep,
      })),
    }),
  );
  const own = families.filter((family) => entries.some((entry) => entry.family === family));
  const cell = (entry: SweepEntry | undefined): string =>
    `<td${entry?.isFastest ? ' class="fastest"' : ""}>${entry?.plan?.predictedMicrosecondsPerStep.toFixed(3) ?? "–"}</td>`;
  const rows = dimensions.map(
    (headDim) =>
      `<tr><th scope="row">${headDim}</th>${own.map((family) => cell(entryOf(family, headDim))).join("")}</tr>`,
  );
  return `<section>
<h2>${escaped(title)}</h2>
${timeChart(id, title, series)}
<details><summary>The numbers</summary><div class="scroll"><table>
<thead><tr><th scope="col">head dimension</th>${own.map((family) => `<th scope="col">${escaped(family)}, µs a step</th>`).join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div></details>
</section>`;
}
