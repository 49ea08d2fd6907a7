import { chooseTier, requestDeviceFor } from "kernelgen/webgpu";
import { useEffect, useState } from "preact/hooks";
import { noWebGpu } from "../../playground/src/texts.js";
import { Curve } from "./curve.js";
import { Game } from "./game.js";
import kernel from "./tracker.kernel.js";
import { type Progress, type Tracker, train } from "./train.js";

/** Swaps of a game. */
const steps = 12;

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "training" }
  | {
      readonly kind: "trained";
      readonly device: GPUDevice;
      readonly tracker: Tracker;
      readonly seconds: number;
      readonly batch: number;
    }
  | { readonly kind: "failed"; readonly message: string };

/** The seed of the address, for a run that can be repeated; another for every visit without one. */
const seed = Number(new URLSearchParams(location.search).get("seed") ?? Math.floor(Math.random() * 2 ** 32));

/** The page: train, watch, play. */
export function App() {
  const [state, setState] = useState<State>({ kind: "idle" });
  const [history, setHistory] = useState<readonly Progress[]>([]);
  const adapter = useAdapter();
  const latest = history.at(-1);
  const start = async (): Promise<void> => {
    if (state.kind === "trained") {
      state.tracker.destroy();
      state.device.destroy();
    }
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
          <button class="primary" type="button" disabled={!adapter || state.kind === "training"} onClick={start}>
            {state.kind === "training" ? "Training…" : "Train on this browser's GPU"}
          </button>
          <p role="status" class={state.kind === "failed" ? "wrong" : ""}>
            {adapter === null ? noWebGpu : statusText(state, latest)}
          </p>
          {history.length > 0 && <Curve history={history} />}
        </section>
        {state.kind === "trained" && <Game tracker={state.tracker} batch={state.batch} steps={steps} />}
      </main>
    </>
  );
}

/** The adapter of this browser: undefined while it has not answered, null where there is none. */
function useAdapter(): GPUAdapter | null | undefined {
  const [adapter, setAdapter] = useState<GPUAdapter | null>();
  useEffect(() => {
    requestAdapter().then(setAdapter, () => setAdapter(null));
  }, []);
  return adapter;
}

const requestAdapter = async (): Promise<GPUAdapter | null> =>
  (await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? null;

/** Trains on the best tier for this browser's GPU, on a device of its own. */
async function trained(tell: (progress: Progress) => void): Promise<State> {
  // An adapter gives one device.
  const adapter = await requestAdapter();
  const tier = chooseTier(kernel, adapter);
  const device = await requestDeviceFor(tier, adapter);
  const begin = performance.now();
  try {
    const tracker = await train(device, tier.program, { steps, seed }, tell);
    return { kind: "trained", device, tracker, seconds: (performance.now() - begin) / 1000, batch: tier.program.batch };
  } catch (error) {
    device.destroy();
    throw error;
  }
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
