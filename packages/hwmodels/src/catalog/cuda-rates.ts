import { deepFreeze } from "../freeze.js";

/** What one multiprocessor of an architecture gets done in a clock. */
export interface MultiprocessorRates {
  readonly fma: number;
  readonly specialFunctions: number;
  /** bf16 multiply-adds with fp32 accumulation through `mma.sync`, where the product does not halve them. */
  readonly bf16MultiplyAdds: number;
  readonly sharedBytes: number;
  /** Bytes from L2 when all multiprocessors read at once. */
  readonly l2Bytes: number;
}

// fp32 and special functions: CUDA C++ Programming Guide 13.0, "Throughput of Native Arithmetic Instructions".
// Shared memory: 32 banks of 4 bytes, the same guide, "Shared Memory".
const everywhere = { specialFunctions: 16, sharedBytes: 128 } as const;

/**
 * Rates by compute capability.
 *
 * - bf16 multiply-adds: the dense bf16 rate of NVIDIA's architecture whitepapers (A100, GA102, Ada, RTX Blackwell)
 *   divided by multiprocessors and clock. On Hopper the whitepaper's 2048 are for `wgmma`; `mma.sync` is taken to
 *   reach 5/8 of them, after the 63 % of Luo et al., "Benchmarking and Dissecting the Nvidia Hopper GPU Architecture",
 *   arXiv:2402.13499.
 * - bytes from L2: 23 on a V100 (te42kyfo/gpu-benches, cuda-cache: 2544 GB/s at 1380 MHz) and 15 on an RTX 4090
 *   (smallscientist1/cuda_microbenchmark: 1946 bytes a clock); the other rows are assumed from these two.
 */
export const multiprocessorRates: Readonly<Record<string, MultiprocessorRates>> = deepFreeze({
  "7.0": { ...everywhere, fma: 64, bf16MultiplyAdds: 0, l2Bytes: 23 },
  "7.5": { ...everywhere, fma: 64, bf16MultiplyAdds: 0, l2Bytes: 23 },
  "8.0": { ...everywhere, fma: 64, bf16MultiplyAdds: 1024, l2Bytes: 23 },
  "8.6": { ...everywhere, fma: 128, bf16MultiplyAdds: 512, l2Bytes: 15 },
  "8.9": { ...everywhere, fma: 128, bf16MultiplyAdds: 512, l2Bytes: 15 },
  "9.0": { ...everywhere, fma: 128, bf16MultiplyAdds: 1280, l2Bytes: 23 },
  "12.0": { ...everywhere, fma: 128, bf16MultiplyAdds: 512, l2Bytes: 15 },
});
