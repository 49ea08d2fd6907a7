import { type Device, devices, type WebGpuDevice } from "hwmodels";
import { useEffect, useMemo, useState } from "preact/hooks";
import { fromHash, problemOptions, type Question, thisBrowser, toHash } from "./question.js";
import { describeAdapter } from "./solver/browser-gpu.js";
import type { SolveAnswer } from "./solver/protocol.js";
import { useSolver } from "./solver/use-worker.js";
import { noWebGpu } from "./texts.js";
import { Budgets } from "./views/budgets.js";
import { Families } from "./views/families.js";
import { QuestionForm } from "./views/question-form.js";
import { Refused } from "./views/refused.js";
import { RunHere } from "./views/run-here.js";
import { SourceView } from "./views/source-view.js";
import { Summary } from "./views/summary.js";
import { TilePicture } from "./views/tile-picture.js";

/** The answer of that kind, if it has come. */
const answerOf = <Kind extends SolveAnswer["kind"]>(answers: readonly SolveAnswer[], kind: Kind) =>
  answers.find((answer): answer is Extract<SolveAnswer, { kind: Kind }> => answer.kind === kind);

/** The page: a question, kept in the address, and its answer. */
export function App() {
  const [question, setQuestion] = useState(() => fromHash(location.hash));
  const gpu = useBrowserGpu();
  const hasGpu = gpu === undefined ? undefined : gpu !== null;
  useEffect(() => {
    const read = (): void => setQuestion(fromHash(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const ask = (next: Question): void => {
    history.replaceState(null, "", toHash(next));
    setQuestion(next);
  };
  const device =
    question.device === thisBrowser ? (gpu ?? undefined) : devices.find(({ id }) => id === question.device);
  return (
    <>
      <header>
        <h1>kernelgen playground</h1>
        <p>
          A recurrent network is fast on a GPU when its recurrent matrix R stays on the chip for the whole sequence. How
          to cut it is an integer constraint problem; this page solves it, here in the browser.
        </p>
      </header>
      <main>
        <QuestionForm question={question} devices={devices} hasGpu={hasGpu} ask={ask} />
        <div class="answers">
          {device === undefined ? (
            <p class="card" role="status">
              {question.device !== thisBrowser
                ? `No device is called ${question.device}.`
                : gpu === undefined
                  ? "Asking the browser for its GPU…"
                  : `${noWebGpu} Choose another device.`}
            </p>
          ) : (
            <Answers question={question} device={device} hasGpu={hasGpu} ask={ask} />
          )}
        </div>
      </main>
    </>
  );
}

interface AnswersProperties {
  readonly question: Question;
  readonly device: Device;
  /** Whether this browser has a WebGPU adapter; undefined while it has not answered. */
  readonly hasGpu: boolean | undefined;
  readonly ask: (question: Question) => void;
}

function Answers({ question, device, hasGpu, ask }: AnswersProperties) {
  const request = useMemo(() => ({ device, problem: problemOptions(question) }), [device, question]);
  const { answers, isFinished, failure } = useSolver(request);
  const planned = answerOf(answers, "planned")?.planned;
  const refused = answerOf(answers, "refused");
  const invalid = answerOf(answers, "invalid");
  return (
    <div class={isFinished ? "answer" : "answer busy"} aria-busy={!isFinished}>
      <p class="status" role="status">
        {failure ?? (isFinished ? statusText(answers) : `Solving for ${device.name}…`)}
      </p>
      {invalid && <p class="card refused">{invalid.message}</p>}
      {refused && (
        <Refused
          question={question}
          deviceName={device.name}
          reasons={refused.reasons}
          nearest={answerOf(answers, "nearest")}
          ask={ask}
        />
      )}
      {planned && (
        <>
          <Summary planned={planned} />
          <div class="columns">
            <div class="column">
              <Budgets plan={planned.plan} />
              <TilePicture plan={planned.plan} />
            </div>
            <div class="column">
              <Families planned={planned} ranking={answerOf(answers, "ranked")?.ranking} />
              <RunHere problem={request.problem} hasGpu={hasGpu} />
            </div>
          </div>
          <section class="card" aria-labelledby="source">
            <h2 id="source">{planned.plan.target === "cuda" ? "CUDA" : "WGSL"} source</h2>
            {planned.sources.map(({ name, text }) => (
              <SourceView key={name} name={name} text={text} target={planned.plan.target} />
            ))}
          </section>
        </>
      )}
      {refused && <RunHere problem={request.problem} hasGpu={hasGpu} />}
    </div>
  );
}

function statusText(answers: readonly SolveAnswer[]): string {
  if (answerOf(answers, "planned")) return "Solved.";
  return answerOf(answers, "refused") ? "There is no such kernel." : "The question is not a problem yet.";
}

/** The WebGPU adapter of this browser: undefined while it has not answered, null where there is none. */
function useBrowserGpu(): WebGpuDevice | null | undefined {
  const [gpu, setGpu] = useState<WebGpuDevice | null>();
  useEffect(() => {
    describeAdapter().then(
      (found) => setGpu(found ?? null),
      () => setGpu(null),
    );
  }, []);
  return gpu;
}
