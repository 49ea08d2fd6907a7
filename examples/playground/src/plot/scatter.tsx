/** A point of a plot. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** What the point is, shown where it is pointed at. */
  readonly text: string;
  /** Which series it belongs to. */
  readonly series: string;
}

interface Properties {
  readonly points: readonly Point[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly description: string;
  readonly series: readonly string[];
}

const width = 480;
const height = 260;
const margin = { left: 52, right: 12, top: 10, bottom: 40 };
const tickCount = 5;

/** Round numbers over a range, at least from `low` to `high`. */
export function ticks(low: number, high: number): readonly number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / tickCount;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Points over two axes. */
export function Scatter({ points, xLabel, yLabel, description, series }: Properties) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const xTicks = ticks(0, Math.max(...xs));
  const yTicks = ticks(Math.min(...ys), Math.max(...ys));
  const place = (value: number, all: readonly number[], from: number, to: number): number =>
    from + ((value - all[0]!) / (all.at(-1)! - all[0]!)) * (to - from);
  const x = (value: number): number => place(value, xTicks, margin.left, width - margin.right);
  const y = (value: number): number => place(value, yTicks, height - margin.bottom, margin.top);
  return (
    <svg class="plot" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={description}>
      {yTicks.map((tick) => (
        <g key={tick} class="tick">
          <line x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} />
          <text x={margin.left - 6} y={y(tick) + 4} text-anchor="end">
            {tick}
          </text>
        </g>
      ))}
      {xTicks.map((tick) => (
        <g key={tick} class="tick">
          <text x={x(tick)} y={height - margin.bottom + 16} text-anchor="middle">
            {tick}
          </text>
        </g>
      ))}
      <text class="axis" x={(margin.left + width - margin.right) / 2} y={height - 6} text-anchor="middle">
        {xLabel}
      </text>
      <text
        class="axis"
        transform={`translate(12 ${(margin.top + height - margin.bottom) / 2}) rotate(-90)`}
        text-anchor="middle"
      >
        {yLabel}
      </text>
      {points.map((point, index) => (
        <circle
          key={index}
          class={`point hue hue-${series.indexOf(point.series)}${index === 0 ? " chosen" : ""}`}
          cx={x(point.x)}
          cy={y(point.y)}
          r={index === 0 ? 6 : 4}
        >
          <title>{point.text}</title>
        </circle>
      ))}
    </svg>
  );
}
