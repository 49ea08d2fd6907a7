import { KernelgenError } from "kernelgen";
import type { RunAnswer, RunRequest } from "./protocol.js";
import { run } from "./run.js";

const tell = (answer: RunAnswer): void => self.postMessage(answer);

// The float64 reference takes a while; here it does not hold up the page.
self.addEventListener("message", ({ data }: MessageEvent<RunRequest>) => {
  run(data).then(
    (result) => tell({ kind: "ran", result }),
    (error: unknown) => {
      if (!(error instanceof KernelgenError)) throw error;
      tell({ kind: "failed", message: error.message });
    },
  );
});
