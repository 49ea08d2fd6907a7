import { headDimStep, type NearestFeasible } from "kernelgen";
import { grouped } from "../format.js";
import { passes, type Question, type Size } from "../question.js";
import type { Change, Refusal } from "../solver/protocol.js";

interface Properties {
  readonly question: Question;
  readonly deviceName: string;
  readonly reasons: readonly Refusal[];
  /** Undefined while it is looked for. */
  readonly nearest: { readonly nearest: NearestFeasible; readonly others: readonly Change[] } | undefined;
  readonly ask: (question: Question) => void;
}

/** Why there is no kernel, in numbers, and what would fit. */
export function Refused({ question, deviceName, reasons, nearest, ask }: Properties) {
  const changes = nearest && [...otherChanges(nearest.others), ...nearestChanges(nearest.nearest)];
  return (
    <section class="card refused" aria-labelledby="refused">
      <h2 id="refused">No such kernel fits {deviceName}</h2>
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
        <p class="note">Nothing near: try another device.</p>
      ) : (
        <div class="choices">
          {changes.map(({ change, text }) => (
            <button key={text} type="button" onClick={() => ask({ ...question, ...change })}>
              {text}
            </button>
          ))}
        </div>
      )}
      {changes && changes.length > 0 && (
        <p class="note">Each with all else as it is; units of a head in steps of {headDimStep}.</p>
      )}
    </section>
  );
}

/** A change of the question, and the text of its button. */
interface Choice {
  readonly change: Partial<Question>;
  readonly text: string;
}

function nearestChanges({ headDimBelow, headDimAbove, batch, heads }: NearestFeasible): Choice[] {
  const choice = (size: Size, value: number | undefined, noun: string): Choice[] =>
    value === undefined ? [] : [{ change: { [size]: `${value}` }, text: `${value} ${noun}` }];
  return [
    ...choice("headDim", headDimBelow, "units of a head"),
    ...choice("headDim", headDimAbove, "units of a head"),
    ...choice("batch", batch, "sequences"),
    ...choice("heads", heads, "heads"),
  ];
}

const otherChanges = (changes: readonly Change[]): Choice[] =>
  changes.map((change) => {
    const { pass, dataType, steps } = change;
    const passText = passes.find(({ name }) => name === pass)?.text;
    return { change, text: [passText, dataType, steps && `${steps} steps`].filter(Boolean).join(", ") };
  });
