import { deepFreeze } from "../freeze.js";

/** What a product adds to its architecture. */
export interface CudaProduct {
  readonly id: string;
  readonly name: string;
  readonly computeCapability: string;
  readonly multiprocessorCount: number;
  /** The highest clock of the multiprocessors (the vendor's boost clock, or the maximum that the driver reports). */
  readonly clockMegahertz: number;
  readonly l2Mebibytes: number;
  /** The vendor's peak, in 10⁹ bytes per second. */
  readonly memoryGigabytesPerSecond: number;
  /** GeForce cards run matrix multiplications with fp32 accumulation at half the architecture's rate. */
  readonly halvesFp32Accumulation?: true;
  /** Latencies measured on this very product. Exactly one product has them; the others are scaled from it. */
  readonly measuredLatencies?: MeasuredLatencies;
  readonly source: string;
}

export interface MeasuredLatencies {
  readonly blockBarrierNanoseconds: number;
  readonly gridBarrierNanoseconds: number;
  readonly gridExchangeNanoseconds: number;
  readonly gridExchangeBytesPerSecondPerBlock: number;
}

/**
 * Measured on one H200 (driver 580, CUDA 13.0) on 2026-11-21: `__syncthreads` of 256 threads; one atomic counter with
 * release and acquire over 132 blocks; and a state exchanged through L2 with readers that poll the data itself, 32
 * blocks, one step in µs: 8 KiB 0.97, 12 KiB 1.34, 16 KiB 1.25, 24 KiB 1.72, 32 KiB 1.67. The least-squares line
 * through these five points gives the last two numbers: its value at 0 bytes, and the inverse of its slope.
 */
const h200Latencies: MeasuredLatencies = {
  blockBarrierNanoseconds: 16,
  gridBarrierNanoseconds: 930,
  gridExchangeNanoseconds: 861,
  gridExchangeBytesPerSecondPerBlock: 35.6e9,
};

/** Products, by compute capability and then by what they are sold for. */
export const cudaProducts: readonly CudaProduct[] = deepFreeze([
  {
    id: "v100",
    name: "NVIDIA V100 SXM2",
    computeCapability: "7.0",
    multiprocessorCount: 80,
    clockMegahertz: 1530,
    l2Mebibytes: 6,
    memoryGigabytesPerSecond: 900,
    source: "NVIDIA Tesla V100 GPU Architecture whitepaper, table 1",
  },
  {
    id: "t4",
    name: "NVIDIA T4",
    computeCapability: "7.5",
    multiprocessorCount: 40,
    clockMegahertz: 1590,
    l2Mebibytes: 4,
    memoryGigabytesPerSecond: 320,
    source: "NVIDIA Turing GPU Architecture whitepaper, appendix on the T4; deviceQuery of a T4",
  },
  {
    id: "a100",
    name: "NVIDIA A100 SXM4 80GB",
    computeCapability: "8.0",
    multiprocessorCount: 108,
    clockMegahertz: 1410,
    l2Mebibytes: 40,
    memoryGigabytesPerSecond: 2039,
    source: "NVIDIA A100 Tensor Core GPU Architecture whitepaper, table 4; A100 80GB datasheet",
  },
  {
    id: "a30",
    name: "NVIDIA A30",
    computeCapability: "8.0",
    multiprocessorCount: 56,
    clockMegahertz: 1440,
    l2Mebibytes: 24,
    memoryGigabytesPerSecond: 933,
    source: "NVIDIA A30 datasheet and product brief",
  },
  {
    id: "a10",
    name: "NVIDIA A10",
    computeCapability: "8.6",
    multiprocessorCount: 72,
    clockMegahertz: 1695,
    l2Mebibytes: 6,
    memoryGigabytesPerSecond: 600,
    source: "NVIDIA A10 datasheet and product brief",
  },
  {
    id: "a40",
    name: "NVIDIA A40",
    computeCapability: "8.6",
    multiprocessorCount: 84,
    clockMegahertz: 1740,
    l2Mebibytes: 6,
    memoryGigabytesPerSecond: 696,
    source: "NVIDIA A40 datasheet and product brief",
  },
  {
    id: "rtx3090",
    name: "NVIDIA GeForce RTX 3090",
    computeCapability: "8.6",
    multiprocessorCount: 82,
    clockMegahertz: 1695,
    l2Mebibytes: 6,
    memoryGigabytesPerSecond: 936,
    halvesFp32Accumulation: true,
    source: "NVIDIA Ampere GA102 GPU Architecture whitepaper, table on the RTX 3090",
  },
  {
    id: "rtx4090",
    name: "NVIDIA GeForce RTX 4090",
    computeCapability: "8.9",
    multiprocessorCount: 128,
    clockMegahertz: 2520,
    l2Mebibytes: 72,
    memoryGigabytesPerSecond: 1008,
    halvesFp32Accumulation: true,
    source: "NVIDIA Ada GPU Architecture whitepaper, table on the RTX 4090",
  },
  {
    id: "l4",
    name: "NVIDIA L4",
    computeCapability: "8.9",
    multiprocessorCount: 58,
    clockMegahertz: 2040,
    l2Mebibytes: 48,
    memoryGigabytesPerSecond: 300,
    source: "NVIDIA L4 datasheet and product brief",
  },
  {
    id: "l40s",
    name: "NVIDIA L40S",
    computeCapability: "8.9",
    multiprocessorCount: 142,
    clockMegahertz: 2520,
    l2Mebibytes: 96,
    memoryGigabytesPerSecond: 864,
    source: "NVIDIA L40S datasheet and product brief",
  },
  {
    id: "h100",
    name: "NVIDIA H100 SXM",
    computeCapability: "9.0",
    multiprocessorCount: 132,
    clockMegahertz: 1980,
    l2Mebibytes: 50,
    memoryGigabytesPerSecond: 3350,
    source: "NVIDIA H100 Tensor Core GPU Architecture whitepaper and datasheet",
  },
  {
    id: "h100-pcie",
    name: "NVIDIA H100 PCIe",
    computeCapability: "9.0",
    multiprocessorCount: 114,
    clockMegahertz: 1755,
    l2Mebibytes: 50,
    memoryGigabytesPerSecond: 2039,
    source: "NVIDIA H100 PCIe product brief PB-11133-001",
  },
  {
    id: "h200",
    name: "NVIDIA H200",
    computeCapability: "9.0",
    multiprocessorCount: 132,
    clockMegahertz: 1980,
    l2Mebibytes: 60,
    memoryGigabytesPerSecond: 4800,
    measuredLatencies: h200Latencies,
    source: "multiprocessors, clock, L2: read from the device, driver 580; memory: NVIDIA H200 datasheet",
  },
  {
    id: "rtx5090",
    name: "NVIDIA GeForce RTX 5090",
    computeCapability: "12.0",
    multiprocessorCount: 170,
    clockMegahertz: 2407,
    l2Mebibytes: 96,
    memoryGigabytesPerSecond: 1792,
    halvesFp32Accumulation: true,
    source: "NVIDIA RTX Blackwell GPU Architecture whitepaper, table on the RTX 5090",
  },
  {
    id: "rtxpro6000",
    name: "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
    computeCapability: "12.0",
    multiprocessorCount: 188,
    clockMegahertz: 2617,
    l2Mebibytes: 128,
    memoryGigabytesPerSecond: 1792,
    source: "NVIDIA RTX Blackwell PRO GPU Architecture whitepaper",
  },
]);
