import type { PlanJson } from "kernelgen";
import { useTexts } from "../format.js";

/** What a plan uses of each budget, as bars. */
export function Budgets({ plan }: { readonly plan: PlanJson }) {
  return (
    <section class="card" aria-labelledby="budgets">
      <h2 id="budgets">Budgets</h2>
      <p class="note">
        What the plan uses of what {plan.deviceName} allows. The solver never crosses a limit; a full bar is what stops
        it.
      </p>
      <dl class="bars">
        {plan.budgets.map(({ name, used, allowed, unit }) => {
          const share = used / allowed;
          const [usedText, allowedText] = useTexts(used, allowed, unit);
          return (
            <div key={name} class={share > 0.95 ? "bar full" : "bar"}>
              <dt>{name}</dt>
              <dd>
                {usedText} <span class="quiet">of {allowedText}</span>
              </dd>
              <div class="track" aria-hidden="true">
                <div class="fill" style={{ width: `${Math.min(100, 100 * share)}%` }} />
              </div>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
