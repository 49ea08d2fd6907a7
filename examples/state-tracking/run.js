// Generates a PyTorch package for the sizes in problems.json and trains with it: see train.py.
//
//   node examples/state-tracking/run.js [--device h200] [options of train.py]
//
// Needs Python with PyTorch (KERNELGEN_PYTHON, else python3). Without a CUDA GPU the recurrence runs as a loop on the CPU: make it small, for
// example with --steps 16 --hidden 8 --batch 4 --iterations 5.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const given = process.argv.slice(2);
const deviceAt = given.indexOf("--device");
const device = deviceAt < 0 ? "h200" : given.splice(deviceAt, 2)[1];

const directory = mkdtempSync(join(tmpdir(), "state-tracking-"));
try {
  const kernelgen = path("../../packages/kernelgen/bin/kernelgen.js");
  const parameters = ["--target", "torch", "--device", device, "--problems", path("problems.json"), "--out", directory];
  execFileSync(process.execPath, [kernelgen, "generate", ...parameters], { stdio: ["ignore", "ignore", "inherit"] });
  const python = process.env.KERNELGEN_PYTHON ?? "python3";
  execFileSync(python, [path("train.py"), "--package", directory, ...given], { stdio: "inherit" });
} finally {
  rmSync(directory, { recursive: true });
}
