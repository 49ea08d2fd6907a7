// The kernels of an application, solved at build time, so that what ships needs no solver.
// An application runs it from its package.json:  "prebuild": "kernelgen build"
//
//   npx kernelgen build --config examples/build-step/kernels.config.ts --out generated
import { defineKernels } from "kernelgen/build";

const layer = { cell: "lstm", headDim: 64 } as const;

export default defineKernels([
  // For a page: one plan for each tier of WebGPU adapters.
  { ...layer, name: "page", heads: 2, steps: 128 },
  // For a server.
  { ...layer, name: "server", heads: 12, batch: 16, devices: ["h200", "rtx-4090"] },
]);
