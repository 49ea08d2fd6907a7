// Runs npm minizinc's browser worker inside a node worker thread: the package's own node interface wants a native MiniZinc,
// while its WebAssembly files are for browsers. workerData: { folder } of the package's dist files.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { parentPort, workerData } = require("node:worker_threads");
const vm = require("node:vm");

// The script asks these to find out where it runs; a "renderer" is not taken for node.
process.type = "renderer";
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = class {};
globalThis.location = new URL("http://localhost/minizinc-worker.js");
globalThis.fetch = async (url) => {
  const name = new URL(url, "http://localhost/").pathname.slice(1);
  const headers = { "Content-Type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" };
  return new Response(readFileSync(join(workerData.folder, name)), { headers });
};
const listeners = [];
globalThis.addEventListener = (event, listener) => {
  if (event === "message") listeners.push(listener);
};
globalThis.postMessage = (message) => parentPort.postMessage({ ...message, at: performance.now() });
vm.runInThisContext(readFileSync(join(workerData.folder, "minizinc-worker.js"), "utf8"));
parentPort.on("message", (data) => {
  for (const listener of listeners) listener({ data });
});
