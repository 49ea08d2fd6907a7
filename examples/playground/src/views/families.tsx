import type { PlanJson } from "kernelgen";
import { grouped, microsecondsText } from "../format.js";
import { Scatter } from "../plot/scatter.js";
import type { Planned } from "../solver/protocol.js";

/** The families by predicted time, what that time is made of, and the fastest tilings. */
export function Families({ planned, ranking }: { planned: Planned; ranking: readonly PlanJson[] | undefined }) {
  const { plan, families } = planned;
  const slowest = Math.max(...families.map(({ microsecondsPerStep }) => microsecondsPerStep ?? 0));
  const parts = Object.entries(plan.predictedParts).toSorted(([, a], [, b]) => b - a);
  const sum = parts.reduce((total, [, part]) => total + part, 0);
  return (
    <section class="card" aria-labelledby="families">
      <h2 id="families">Families and predicted times</h2>
      <dl class="bars">
        {families.map(({ family, microsecondsPerStep, reason }, index) => (
          <div key={family} class={family === plan.family ? "bar chosen" : "bar"}>
            <dt>{family}</dt>
            <dd>
              {microsecondsPerStep === undefined ? "no kernel" : `${microsecondsText(microsecondsPerStep)} a step`}
            </dd>
            {microsecondsPerStep === undefined ? (
              <p class="note">{grouped(reason ?? "")}</p>
            ) : (
              <div class="track" aria-hidden="true">
                <div class={`fill hue hue-${index}`} style={{ width: `${(100 * microsecondsPerStep) / slowest}%` }} />
              </div>
            )}
          </div>
        ))}
      </dl>
      <h3>What a step's time is made of</h3>
      <div class="stack" aria-hidden="true">
        {parts.map(([name, part], index) => (
          <div key={name} class={`part hue hue-${index}`} style={{ width: `${(100 * part) / sum}%` }} />
        ))}
      </div>
      <ul class="legend">
        {parts.map(([name, part], index) => (
          <li key={name}>
            <span class={`swatch hue hue-${index}`} aria-hidden="true" /> {name}{" "}
            <span class="quiet">{microsecondsText(part)}</span>
          </li>
        ))}
      </ul>
      <h3>The fastest tilings</h3>
      {ranking === undefined ? (
        <p class="note">Being listed…</p>
      ) : (
        <>
          <ul class="legend">
            {families.map(({ family }, index) =>
              ranking.some((other) => other.family === family) ? (
                <li key={family}>
                  <span class={`swatch hue hue-${index}`} aria-hidden="true" /> {family}
                </li>
              ) : undefined,
            )}
          </ul>
          <Scatter
            points={ranking.map((other) => ({
              x: other.launch.sharedBytesPerBlock / 1024,
              y: other.predictedMicrosecondsPerStep,
              series: other.family,
              text: tilingText(other),
            }))}
            series={families.map(({ family }) => family)}
            xLabel={`${plan.target === "cuda" ? "shared memory of a block" : "workgroup memory"}, KiB`}
            yLabel="µs a step"
            description={`Predicted time of the ${ranking.length} fastest tilings over their ${plan.target === "cuda" ? "shared" : "workgroup"} memory; the chosen one takes ${microsecondsText(plan.predictedMicrosecondsPerStep)}`}
          />
          <details>
            <summary>The first ten as a list</summary>
            <ol class="tilings">
              {ranking.slice(0, 10).map((other) => (
                <li key={other.hash}>{tilingText(other)}</li>
              ))}
            </ol>
          </details>
        </>
      )}
    </section>
  );
}

const tilingText = ({ family, launch, parameters, predictedMicrosecondsPerStep }: PlanJson): string =>
  `${microsecondsText(predictedMicrosecondsPerStep)}: ${family}, ${launch.blockCount} × ${launch.threadsPerBlock}, ` +
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
