import { type CudaProduct, source } from "./product.js";

/** Compute capability 8.9. */
export const adaProducts: readonly CudaProduct[] = [
  {
    id: "rtx4090",
    name: "NVIDIA GeForce RTX 4090",
    computeCapability: "8.9",
    multiprocessorCount: 128,
    clockMegahertz: 2520,
    l2Mebibytes: 72,
    memoryGigabytesPerSecond: 1008,
    halvesFp32Accumulation: true,
    sources: [source("published", "NVIDIA Ada GPU Architecture whitepaper, table on the RTX 4090")],
  },
  {
    id: "l4",
    name: "NVIDIA L4",
    computeCapability: "8.9",
    multiprocessorCount: 58,
    clockMegahertz: 2040,
    l2Mebibytes: 48,
    memoryGigabytesPerSecond: 300,
    sources: [source("published", "NVIDIA L4 datasheet and product brief")],
  },
  {
    id: "l40s",
    name: "NVIDIA L40S",
    computeCapability: "8.9",
    multiprocessorCount: 142,
    clockMegahertz: 2520,
    l2Mebibytes: 96,
    memoryGigabytesPerSecond: 864,
    sources: [source("published", "NVIDIA L40S datasheet and product brief")],
  },
];
