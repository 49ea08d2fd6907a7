import { headDimStep, type NearestFeasible } from "kernelgen";
import { grouped } from "../format.js";
import type { Question, Size } from "../question.js";
import type { Refusal } from "../solver/protocol.js";

interface Properties {
  readonly question: Question;
  readonly deviceName: string;
  readonly reasons: readonly Refusal[];
  /** Undefined while it is looked for. */
  readonly nearest: NearestFeasible | undefined;
  readonly ask: (question: Question) => void;
}

/** Why there is no kernel, in numbers, and what would fit. */
export function Refused({ question, deviceName, reasons, nearest, ask }: Properties) {
  const changes = nearest && nearestChanges(nearest);
  return (
    <section class="card refused" aria-labelledby="refused">
      <h2 id="refused">No kernel of this size fits {deviceName}</h2>
      <dl class="reasons">
        {reasons.map(({ family, reason }) => (
          <div key={family}>
            <dt>{family}</dt>
            <dd>{grouped(reason)}</dd>
          </div>
        ))}
      </dl>
      <h3>What would fit</h3>
      {changes === undefined ? (
        <p class="note">Being looked for…</p>
      ) : changes.length === 0 ? (
        <p class="note">Nothing near: try another data type or device.</p>
      ) : (
        <div class="choices">
          {changes.map(({ size, value, text }) => (
            <button key={text} type="button" onClick={() => ask({ ...question, [size]: `${value}` })}>
              {text}
            </button>
          ))}
        </div>
      )}
      {nearest && <p class="note">Each with the other sizes as they are; units of a head in steps of {headDimStep}.</p>}
    </section>
  );
}

function nearestChanges({ headDimBelow, headDimAbove, batch, heads }: NearestFeasible) {
  const change = (size: Size, value: number | undefined, noun: string) =>
    value === undefined ? [] : [{ size, value, text: `${value} ${noun}` }];
  return [
    ...change("headDim", headDimBelow, "units of a head"),
    ...change("headDim", headDimAbove, "units of a head"),
    ...change("batch", batch, "sequences"),
    ...change("heads", heads, "heads"),
  ];
}
