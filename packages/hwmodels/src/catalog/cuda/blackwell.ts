import { type CudaProduct, source } from "./product.js";

/** Compute capabilities 10.0 to 12.1. */
export const blackwellProducts: readonly CudaProduct[] = [
  {
    id: "b200",
    name: "NVIDIA B200",
    computeCapability: "10.0",
    multiprocessorCount: 148,
    graphicsProcessingClusterCount: 8,
    clockMegahertz: 1965,
    l2Mebibytes: 126.5,
    memoryGigabytesPerSecond: 7672,
    sources: [
      source(
        "reported",
        "device query of a B200 (pytorch/ao#4002): 148 multiprocessors, 126.5 MiB L2, 7680 bits at 3996 MHz",
        ["multiprocessorCount", "l2Bytes", "timing.memoryBytesPerSecond"],
      ),
      source("reported", "nvidia-smi of a B200, clocks.max.sm, driver 595.58.03", ["timing.clockMegahertz"]),
      source("published", "arXiv:2512.02189: 148 multiprocessors over eight GPCs", ["graphicsProcessingClusterCount"]),
    ],
  },
  {
    id: "b300",
    name: "NVIDIA B300",
    driverName: "NVIDIA B300 SXM6 AC",
    computeCapability: "10.3",
    multiprocessorCount: 148,
    clockMegahertz: 1920,
    l2Mebibytes: 126.5,
    memoryGigabytesPerSecond: 8000,
    sources: [
      source("published", "NVIDIA HGX B300 datasheet: 8 TB/s; 148 multiprocessors as the B200", [
        "multiprocessorCount",
        "timing.memoryBytesPerSecond",
      ]),
      source("reported", "benchmark notes of a B300 SXM6 AC, its clock locked at 1920 MHz", ["timing.clockMegahertz"]),
      source("estimate", "L2 as the B200; NVIDIA does not publish it", ["l2Bytes"]),
    ],
  },
  {
    id: "thor",
    name: "NVIDIA Jetson Thor T5000",
    driverName: "NVIDIA Thor",
    computeCapability: "11.0",
    multiprocessorCount: 20,
    clockMegahertz: 1575,
    l2Mebibytes: 32,
    memoryGigabytesPerSecond: 273,
    sources: [
      source(
        "published",
        "NVIDIA Jetson Thor Series datasheet: 2560 cores, 1.57 GHz (1049 MHz in the default power mode), 273 GB/s",
      ),
      source("reported", "deviceQuery of a Jetson AGX Thor, CUDA 13.0 (NVIDIA/cutlass#2784)", [
        "multiprocessorCount",
        "l2Bytes",
      ]),
    ],
  },
  {
    id: "rtx5090",
    name: "NVIDIA GeForce RTX 5090",
    computeCapability: "12.0",
    multiprocessorCount: 170,
    graphicsProcessingClusterCount: 11,
    clockMegahertz: 2407,
    l2Mebibytes: 96,
    memoryGigabytesPerSecond: 1792,
    halvesFp32Accumulation: true,
    sources: [source("published", "NVIDIA RTX Blackwell GPU Architecture whitepaper, table on the RTX 5090")],
  },
  {
    id: "rtxpro6000",
    name: "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
    computeCapability: "12.0",
    multiprocessorCount: 188,
    graphicsProcessingClusterCount: 12,
    clockMegahertz: 2617,
    l2Mebibytes: 128,
    memoryGigabytesPerSecond: 1792,
    sources: [source("published", "NVIDIA RTX Blackwell PRO GPU Architecture whitepaper")],
  },
  {
    id: "gb10",
    name: "NVIDIA GB10",
    computeCapability: "12.1",
    multiprocessorCount: 48,
    clockMegahertz: 2418,
    l2Mebibytes: 24,
    memoryGigabytesPerSecond: 273,
    sources: [
      source(
        "reported",
        "deviceQuery of a DGX Spark, CUDA 13.0: 48 multiprocessors, 2418 MHz, 24 MiB L2, 256 bits at 8533 MT/s",
      ),
    ],
  },
];
