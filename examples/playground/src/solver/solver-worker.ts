import type { SolveRequest } from "./protocol.js";
import { solve } from "./solve.js";

// A search may take seconds; here it does not hold up the page.
self.addEventListener("message", ({ data }: MessageEvent<SolveRequest>) => {
  solve(data, (answer) => self.postMessage(answer));
});
