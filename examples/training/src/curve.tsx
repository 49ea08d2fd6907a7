import type { Progress } from "./train.js";

const width = 480;
const height = 200;
const margin = { left: 60, right: 10, top: 10, bottom: 36 };

/** The share of right answers over the iterations. */
export function Curve({ history }: { readonly history: readonly Progress[] }) {
  const last = Math.max(50, history.at(-1)?.iteration ?? 0);
  const x = (iteration: number): number => margin.left + (iteration / last) * (width - margin.left - margin.right);
  const y = (accuracy: number): number => height - margin.bottom - accuracy * (height - margin.top - margin.bottom);
  const percent = Math.round(100 * (history.at(-1)?.accuracy ?? 0));
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Right answers over ${history.length} iterations, now ${percent} %`}
    >
      {[0, 1 / 3, 1].map((share) => (
        <g key={share}>
          <line x1={margin.left} x2={width - margin.right} y1={y(share)} y2={y(share)} />
          <text x={margin.left - 6} y={y(share) + 4} text-anchor="end">
            {Math.round(100 * share)} %
          </text>
        </g>
      ))}
      <text x={(margin.left + width - margin.right) / 2} y={height - 6} text-anchor="middle">
        {last} iterations
      </text>
      <polyline
        class="curve"
        points={history.map(({ iteration, accuracy }) => `${x(iteration)},${y(accuracy)}`).join(" ")}
      />
    </svg>
  );
}
