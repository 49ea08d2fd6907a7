import { integerText, microsecondsText } from "../format.js";
import type { Planned } from "../solver/protocol.js";

/** The plan in a few numbers. */
export function Summary({ planned: { plan, milliseconds } }: { readonly planned: Planned }) {
  const { launch } = plan;
  const [block, thread] = plan.target === "cuda" ? ["blocks", "threads"] : ["workgroups", "invocations"];
  const facts = [
    ["Predicted", `${microsecondsText(plan.predictedMicrosecondsPerStep)} a step`],
    ["Family", plan.family],
    ["Launch", `${integerText(launch.blockCount)} ${block} × ${integerText(launch.threadsPerBlock)} ${thread}`],
    ["Plan", plan.hash],
    ["Solved in", `${Math.max(1, Math.round(milliseconds))} ms`],
  ] as const;
  return (
    <section class="card summary" aria-label="Plan">
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
