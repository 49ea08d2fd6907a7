import { deepFreeze } from "../freeze.js";

/** What one multiprocessor of an architecture gets done in a clock. */
export interface MultiprocessorRates {
  readonly fma: number;
  readonly specialFunctions: number;
  /** bf16 multiply-adds with fp32 accumulation through `mma.sync`, where the product does not halve them. */
  readonly bf16MultiplyAdds: number;
  readonly sharedBytes: number;
  /** Bytes from L2 when all multiprocessors read at once: what was measured somewhere, good to a factor of 1.5. */
  readonly l2Bytes: number;
}

// fp32 and special functions: CUDA C++ Programming Guide 13.0, "Throughput of Native Arithmetic Instructions".
const everywhere = { specialFunctions: 16, sharedBytes: 128 } as const;

/**
 * Rates by compute capability.
 *
 * bf16 multiply-adds: the dense bf16 rate of NVIDIA's architecture whitepapers (A100, Ada, RTX Blackwell) over
 * multiprocessors and clock. On Hopper the whitepaper's 2048 are for `wgmma`; `mma.sync` reached 62 % of them in
 * Luo et al., "Benchmarking and Dissecting the Nvidia Hopper GPU Architecture", arXiv:2402.13499.
 */
export const multiprocessorRates: Readonly<Record<string, MultiprocessorRates>> = deepFreeze({
  "7.0": { ...everywhere, fma: 64, bf16MultiplyAdds: 0, l2Bytes: 24 },
  "7.5": { ...everywhere, fma: 64, bf16MultiplyAdds: 0, l2Bytes: 24 },
  "8.0": { ...everywhere, fma: 64, bf16MultiplyAdds: 1024, l2Bytes: 32 },
  "8.6": { ...everywhere, fma: 128, bf16MultiplyAdds: 512, l2Bytes: 16 },
  "8.9": { ...everywhere, fma: 128, bf16MultiplyAdds: 512, l2Bytes: 16 },
  "9.0": { ...everywhere, fma: 128, bf16MultiplyAdds: 1280, l2Bytes: 24 },
  "12.0": { ...everywhere, fma: 128, bf16MultiplyAdds: 512, l2Bytes: 16 },
});
