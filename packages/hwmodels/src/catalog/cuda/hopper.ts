import { type CudaProduct, type MeasuredLatencies, source } from "./product.js";

/**
 * Measured on one H200 (driver 580, CUDA 13.0) on 2026-11-21: `__syncthreads` of 256 threads; a cluster barrier of 2 to
 * 16 blocks, 190 to 200 ns; one atomic counter with release and acquire over 132 blocks; and a state exchanged through
 * L2 with readers that poll the data itself, 32 blocks, one step in µs: 8 KiB 0.97, 12 KiB 1.34, 16 KiB 1.25, 24 KiB
 * 1.72, 32 KiB 1.67. The least-squares line through these five points gives the last two numbers: its value at 0
 * bytes, and the inverse of its slope.
 */
const h200Latencies: MeasuredLatencies = {
  blockBarrierNanoseconds: 16,
  clusterBarrierNanoseconds: 195,
  gridBarrierNanoseconds: 930,
  gridExchangeNanoseconds: 861,
  gridExchangeBytesPerSecondPerBlock: 35.6e9,
  source: source("measured", "bench/results/2026-11-21-barriers-h200.md", [
    "timing.blockBarrierNanoseconds",
    "timing.clusterBarrierNanoseconds",
    "timing.gridBarrierNanoseconds",
    "timing.gridExchangeNanoseconds",
    "timing.gridExchangeBytesPerSecondPerBlock",
  ]),
};

const gh100 = source("published", "NVIDIA H100 Tensor Core GPU Architecture whitepaper: GH100 has 8 GPCs", [
  "graphicsProcessingClusterCount",
]);

/** Compute capability 9.0. */
export const hopperProducts: readonly CudaProduct[] = [
  {
    id: "h100",
    name: "NVIDIA H100 SXM",
    driverName: "NVIDIA H100 80GB HBM3",
    computeCapability: "9.0",
    multiprocessorCount: 132,
    graphicsProcessingClusterCount: 8,
    clockMegahertz: 1980,
    l2Mebibytes: 50,
    memoryGigabytesPerSecond: 3350,
    sources: [source("published", "NVIDIA H100 Tensor Core GPU Architecture whitepaper and datasheet"), gh100],
  },
  {
    id: "h100-pcie",
    name: "NVIDIA H100 PCIe",
    computeCapability: "9.0",
    multiprocessorCount: 114,
    // The whitepaper says 7 or 8.
    clockMegahertz: 1755,
    l2Mebibytes: 50,
    memoryGigabytesPerSecond: 2039,
    sources: [source("published", "NVIDIA H100 PCIe product brief PB-11133-001")],
  },
  {
    id: "h200",
    name: "NVIDIA H200",
    computeCapability: "9.0",
    multiprocessorCount: 132,
    graphicsProcessingClusterCount: 8,
    clockMegahertz: 1980,
    l2Mebibytes: 60,
    memoryGigabytesPerSecond: 4800,
    measuredLatencies: h200Latencies,
    sources: [
      source("reported", "read from the device, driver 580", [
        "multiprocessorCount",
        "l2Bytes",
        "timing.clockMegahertz",
      ]),
      source("published", "NVIDIA H200 datasheet", ["timing.memoryBytesPerSecond"]),
      gh100,
    ],
  },
  {
    id: "h20",
    name: "NVIDIA H20",
    computeCapability: "9.0",
    multiprocessorCount: 78,
    clockMegahertz: 1980,
    l2Mebibytes: 60,
    memoryGigabytesPerSecond: 4000,
    rates: {
      // 78 × 512 × 2 × 1830 MHz are 146 of the 148 TFLOP/s that NVIDIA gives.
      bf16MultiplyAdds: 512,
      // As many bytes as the H200, whose L2 it has, over fewer multiprocessors.
      l2Bytes: 39,
    },
    sources: [
      source("published", "NVIDIA H20 product table: 78 multiprocessors, 60 MB L2, 4.0 TB/s"),
      source("estimate", "clock of the H200; NVIDIA does not publish it", ["timing.clockMegahertz"]),
      source("published", "NVIDIA H20 product table: 148 TFLOP/s of bf16 (142 measured, cuBLAS)", [
        "timing.bf16MultiplyAddsPerClockPerMultiprocessor",
      ]),
      source("estimate", "the H200's L2 rate over 78 multiprocessors", ["timing.l2BytesPerSecond"]),
    ],
  },
];
