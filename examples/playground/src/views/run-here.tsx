import type { ProblemOptions } from "kernelgen";
import { useState } from "preact/hooks";
import { countText, microsecondsText } from "../format.js";
import type { RunAnswer } from "../solver/protocol.js";
import { runInWorker } from "../solver/use-worker.js";
import { noWebGpu } from "../texts.js";
import { SourceView } from "./source-view.js";

interface Properties {
  readonly problem: ProblemOptions;
  /** Whether this browser has a WebGPU adapter; undefined while it has not answered. */
  readonly hasGpu: boolean | undefined;
}

/** Multiply-adds that the float64 reference is given, a second or two. */
const referenceOperations = 2e8;

/** The forward pass of so many steps that the reference stays quick. */
function shortened({ pass: _, training: __, ...sizes }: ProblemOptions): ProblemOptions {
  const { headDim, heads = 1, batch = 1, steps = 1 } = sizes;
  // Four gates, as many as any cell has.
  const most = Math.max(1, Math.floor(referenceOperations / (4 * headDim * headDim * heads * batch)));
  return { ...sizes, dataType: "fp32", steps: Math.min(steps, most) };
}

/** The kernel for the GPU of this browser: run, checked and timed when asked. */
export function RunHere({ problem, hasGpu }: Properties) {
  const [state, setState] = useState<{ readonly key: string; readonly answer?: RunAnswer }>();
  const asked = shortened(problem);
  const key = JSON.stringify(asked);
  const current = state?.key === key ? state : undefined;
  const isRunning = current !== undefined && current.answer === undefined;
  const start = async (): Promise<void> => {
    setState({ key });
    const answer = await runInWorker({ problem: asked });
    // Another question may have been asked and answered since.
    setState((latest) => (latest?.key === key ? { key, answer } : latest));
  };
  return (
    <section class="card" aria-labelledby="run">
      <h2 id="run">Run it here</h2>
      {hasGpu === false ? (
        <p class="note">{noWebGpu}</p>
      ) : (
        <>
          <p class="note">
            The forward pass of the same cell and sizes in fp32, {countText(asked.steps ?? 1, "step")}, planned for the
            GPU of this browser and compared with a float64 reference.
          </p>
          <button class="primary" type="button" disabled={isRunning || hasGpu === undefined} onClick={start}>
            {isRunning ? "Running…" : "Run on this browser's GPU"}
          </button>
          <div aria-live="polite">{current?.answer && <Outcome answer={current.answer} />}</div>
        </>
      )}
    </section>
  );
}

function Outcome({ answer }: { readonly answer: RunAnswer }) {
  if (answer.kind === "failed") return <p class="wrong pre">{answer.message}</p>;
  const { adapter, plan, source, errors, tolerance, time } = answer.result;
  const predicted = microsecondsText(plan.predictedMicrosecondsPerStep);
  return (
    <>
      <table>
        <caption class="quiet">Largest error against float64, tolerance {tolerance}</caption>
        <tbody>
          {errors.map(({ tensor, largestError }) => (
            <tr key={tensor}>
              <th scope="row">
                <code>{tensor}</code>
              </th>
              <td>{largestError.toExponential(2)}</td>
              <td>{largestError <= tolerance ? <span class="right">right</span> : <span class="wrong">wrong</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <strong>{microsecondsText(time.microsecondsPerStep)} a step</strong>{" "}
        <span class="quiet">
          by {time.clock === "host" ? "the clock of the page" : "GPU timestamps"}, {predicted} predicted, family{" "}
          {plan.family}, on {adapter}
        </span>
      </p>
      <details>
        <summary>Its WGSL</summary>
        <SourceView name={`${plan.problem.cell}_forward.wgsl`} text={source} target="wgsl" />
      </details>
    </>
  );
}
