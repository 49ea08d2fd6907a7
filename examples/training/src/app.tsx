import { chooseTier, KernelgenError, requestDeviceFor } from "kernelgen/webgpu";
import { useState } from "preact/hooks";
import { Curve } from "./curve.js";
import { Game } from "./game.js";
import kernel from "./tracker.kernel.js";
import { type Progress, type Tracker, train } from "./train.js";

/** Swaps of a game. */
const steps = 12;

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "training" }
  | { readonly kind: "trained"; readonly tracker: Tracker; readonly seconds: number; readonly batch: number }
  | { readonly kind: "failed"; readonly message: string };

/** The seed of the address, for a run that can be repeated; another for every visit without one. */
const seed = Number(new URLSearchParams(location.search).get("seed") ?? Math.floor(Math.random() * 2 ** 32));

/** The page: train, watch, play. */
export function App() {
  const [state, setState] = useState<State>({ kind: "idle" });
  const [history, setHistory] = useState<readonly Progress[]>([]);
  const latest = history.at(-1);
  const start = async (): Promise<void> => {
    if (state.kind === "trained") state.tracker.destroy();
    setState({ kind: "training" });
    setHistory([]);
    try {
      setState(await trained((progress) => setHistory((before) => [...before, progress])));
    } catch (error) {
      setState({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <>
      <header>
        <h1>Three cups</h1>
        <p>
          A ball lies under one of three cups that are swapped, two at a time. Where it is can only be known by tracking
          the state over all swaps. Here an LSTM of 16 units learns it, on the GPU of your browser.
        </p>
      </header>
      <main class="training">
        <section class="card" aria-labelledby="train">
          <h2 id="train">Train</h2>
          <button class="primary" type="button" disabled={state.kind === "training"} onClick={start}>
            {state.kind === "training" ? "Training…" : "Train on this browser's GPU"}
          </button>
          <p role="status">{statusText(state, latest)}</p>
          {history.length > 0 && <Curve history={history} />}
        </section>
        {state.kind === "trained" && <Game tracker={state.tracker} batch={state.batch} steps={steps} />}
      </main>
    </>
  );
}

/** Trains on the best tier for this browser's GPU. */
async function trained(tell: (progress: Progress) => void): Promise<State> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new KernelgenError("no-webgpu-device", "This browser has no WebGPU adapter.");
  const tier = chooseTier(kernel, adapter);
  const device = await requestDeviceFor(tier, adapter);
  const begin = performance.now();
  const tracker = await train(device, tier.program, { steps, seed }, tell);
  return { kind: "trained", tracker, seconds: (performance.now() - begin) / 1000, batch: tier.program.batch };
}

function statusText(state: State, latest: Progress | undefined): string {
  switch (state.kind) {
    case "idle":
      return "Not trained yet.";
    case "failed":
      return state.message;
    case "training":
      return latest === undefined
        ? "Compiling the kernels…"
        : `Iteration ${latest.iteration}: ${Math.round(100 * latest.accuracy)} % right, loss ${latest.loss.toFixed(3)}`;
    case "trained": {
      const { testAccuracy, testGames, iterations } = state.tracker;
      return `${100 * testAccuracy} % right on ${testGames} new games, after ${iterations} iterations and ${state.seconds.toFixed(1)} s.`;
    }
  }
}
