import { useEffect, useState } from "preact/hooks";
import type { RunAnswer, RunRequest, SolveAnswer, SolveRequest } from "./protocol.js";

/** What is known of the request so far. */
export interface Solving {
  readonly answers: readonly SolveAnswer[];
  readonly isFinished: boolean;
  /** A defect, not something that the user did. */
  readonly failure: string | undefined;
}

const nothing: Solving = { answers: [], isFinished: false, failure: undefined };

/** Typing a number is not a question for each digit. */
const typingMilliseconds = 150;

/** The answers to a request, from a worker of its own, which ends as soon as there is another request. */
export function useSolver(request: SolveRequest | undefined): Solving {
  const [solving, setSolving] = useState(nothing);
  useEffect(() => {
    if (request === undefined) return;
    setSolving((last) => ({ ...last, isFinished: false }));
    let worker: Worker | undefined;
    const timer = setTimeout(() => {
      worker = new Worker(new URL("./solver-worker.ts", import.meta.url), { type: "module" });
      let answers: readonly SolveAnswer[] = [];
      worker.addEventListener("message", ({ data }: MessageEvent<SolveAnswer>) => {
        answers = [...answers, data];
        setSolving({ answers, isFinished: data.kind === "finished", failure: undefined });
      });
      worker.addEventListener("error", ({ message }) => setSolving({ answers, isFinished: true, failure: message }));
      worker.postMessage(request);
    }, typingMilliseconds);
    return () => {
      clearTimeout(timer);
      worker?.terminate();
    };
  }, [request]);
  return solving;
}

/** Runs a kernel in a worker of its own. */
export function runInWorker(request: RunRequest): Promise<RunAnswer> {
  const worker = new Worker(new URL("./run-worker.ts", import.meta.url), { type: "module" });
  return new Promise<RunAnswer>((resolve) => {
    worker.addEventListener("message", ({ data }: MessageEvent<RunAnswer>) => resolve(data));
    worker.addEventListener("error", ({ message }) => resolve({ kind: "failed", message }));
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}
