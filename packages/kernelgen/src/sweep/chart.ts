/** A line of a chart: points in order of x; a gap where y is undefined. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number | undefined }[];
}

const size = { width: 720, height: 320 } as const;
const plot = { left: 64, right: 704, top: 16, bottom: 272 } as const;
/** Marks that tell lines apart without colour, in the order of the series. */
const marks = ["circle", "square", "triangle", "diamond"] as const;

/**
 * A chart of microseconds over head dimensions as SVG, y on a logarithmic scale. Its colours are the page's custom properties
 * `--series-1` … and `--ink`, its words are text, and each point says its numbers to a pointer and to a screen reader.
 *
 * @param id an identifier that no other element of the page has
 */
export function timeChart(id: string, title: string, series: readonly Series[]): string {
  const points = series.flatMap((line) => line.points.filter((point) => point.y !== undefined));
  const xs = series.flatMap((line) => line.points.map((point) => point.x));
  const [least, most] = bounds(points.map((point) => point.y!));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const x = (value: number): number =>
    first === last
      ? (plot.left + plot.right) / 2
      : plot.left + ((value - first) / (last - first)) * (plot.right - plot.left);
  const y = (value: number): number =>
    plot.bottom - (Math.log(value / least) / Math.log(most / least)) * (plot.bottom - plot.top);
  const named = series.map((line) => {
    const ys = line.points.flatMap((point) => point.y ?? []);
    return ys.length === 0
      ? `${line.name}: none feasible`
      : `${line.name}: ${numberText(Math.min(...ys))} to ${numberText(Math.max(...ys))} µs a step`;
  });
  return `<svg role="img" aria-labelledby="${id}-title ${id}-text" viewBox="0 0 ${size.width} ${size.height}">
<title id="${id}-title">${escaped(title)}</title>
<desc id="${id}-text">${escaped(named.join("; "))}</desc>
${timeTicks(least, most)
  .map(
    (tick) =>
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${coordinate(y(tick))}" y2="${coordinate(y(tick))}"/><text class="tick" x="${plot.left - 8}" y="${coordinate(y(tick) + 4)}" text-anchor="end">${numberText(tick)}</text>`,
  )
  .join("\n")}
${dimensionTicks(first, last)
  .map(
    (tick) =>
      `<line class="grid" x1="${coordinate(x(tick))}" x2="${coordinate(x(tick))}" y1="${plot.top}" y2="${plot.bottom}"/><text class="tick" x="${coordinate(x(tick))}" y="${plot.bottom + 18}" text-anchor="middle">${tick}</text>`,
  )
  .join("\n")}
<text class="label" x="${(plot.left + plot.right) / 2}" y="${size.height - 8}" text-anchor="middle">head dimension</text>
<text class="label" transform="translate(14 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">µs a step, predicted</text>
${series.map((line, index) => lineElements(line, index, x, y)).join("\n")}
</svg>`;
}

/** The legend of the series of all charts of a page. */
export const legend = (names: readonly string[]): string =>
  `<ul class="legend">${names
    .map(
      (name, index) =>
        `<li><svg viewBox="0 0 32 12" aria-hidden="true"><line class="series-${index + 1}" x1="0" x2="32" y1="6" y2="6"/>${mark(index, 16, 6, "")}</svg>${escaped(name)}</li>`,
    )
    .join("")}</ul>`;

function lineElements(line: Series, index: number, x: (value: number) => number, y: (value: number) => number): string {
  const runs: string[][] = [[]];
  for (const point of line.points) {
    if (point.y === undefined) runs.push([]);
    else runs.at(-1)!.push(`${coordinate(x(point.x))},${coordinate(y(point.y))}`);
  }
  const lines = runs
    .filter((run) => run.length > 1)
    .map((run) => `<polyline class="series-${index + 1}" points="${run.join(" ")}"/>`);
  const points = line.points.flatMap((point) =>
    point.y === undefined
      ? []
      : [mark(index, x(point.x), y(point.y), `${line.name}, ${point.x}: ${numberText(point.y)} µs`)],
  );
  return [...lines, ...points].join("");
}

function mark(index: number, x: number, y: number, title: string): string {
  const named = title === "" ? "" : `<title>${escaped(title)}</title>`;
  const at = (dx: number, dy: number): string => `${coordinate(x + dx)},${coordinate(y + dy)}`;
  const kind = marks[index % marks.length]!;
  const corners = {
    square: [at(-3, -3), at(3, -3), at(3, 3), at(-3, 3)],
    triangle: [at(0, -4), at(4, 3), at(-4, 3)],
    diamond: [at(0, -4), at(4, 0), at(0, 4), at(-4, 0)],
  };
  return kind === "circle"
    ? `<circle class="mark-${index + 1}" cx="${coordinate(x)}" cy="${coordinate(y)}" r="3">${named}</circle>`
    : `<polygon class="mark-${index + 1}" points="${corners[kind].join(" ")}">${named}</polygon>`;
}

/** The bounds of a logarithmic axis around some values: never equal. */
function bounds(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) return [1, 10];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return [least / 1.2, Math.max(most, least * 1.01) * 1.2];
}

/** 1, 2 and 5 times powers of ten between the bounds. */
function timeTicks(least: number, most: number): readonly number[] {
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(least)); 10 ** exponent <= most; exponent++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number(`${digit}e${exponent}`);
      if (tick >= least && tick <= most) ticks.push(tick);
    }
  }
  return ticks;
}

/** At most nine multiples of a power of two. */
function dimensionTicks(first: number, last: number): readonly number[] {
  let step = 1;
  while ((last - first) / step > 8) step *= 2;
  const ticks: number[] = [];
  for (let tick = Math.ceil(first / step) * step; tick <= last; tick += step) ticks.push(tick);
  return ticks;
}

const numberText = (value: number): string => `${Number(value.toPrecision(3))}`;
const coordinate = (value: number): string => `${Number(value.toFixed(1))}`;

/** Text as it may stand in HTML and in its attributes. */
export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
