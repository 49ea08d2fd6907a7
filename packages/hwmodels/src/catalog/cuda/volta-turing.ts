import { type CudaProduct, source } from "./product.js";

/** Compute capabilities 7.0 and 7.5. */
export const voltaAndTuringProducts: readonly CudaProduct[] = [
  {
    id: "v100",
    name: "NVIDIA V100 SXM2",
    driverName: "Tesla V100-SXM2-16GB",
    computeCapability: "7.0",
    multiprocessorCount: 80,
    clockMegahertz: 1530,
    l2Mebibytes: 6,
    memoryGigabytesPerSecond: 900,
    sources: [source("published", "NVIDIA Tesla V100 GPU Architecture whitepaper, table 1")],
  },
  {
    id: "t4",
    name: "NVIDIA T4",
    driverName: "Tesla T4",
    computeCapability: "7.5",
    multiprocessorCount: 40,
    clockMegahertz: 1590,
    l2Mebibytes: 4,
    memoryGigabytesPerSecond: 320,
    sources: [
      source("published", "NVIDIA Turing GPU Architecture whitepaper, appendix on the T4"),
      source("reported", "deviceQuery of a T4 (bottlerocket-os/bottlerocket-core-kit#181)", [
        "timing.clockMegahertz",
        "l2Bytes",
      ]),
    ],
  },
];
