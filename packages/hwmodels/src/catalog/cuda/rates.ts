import { deepFreeze } from "../../freeze.js";
import type { DeviceSource } from "../../source.js";

/** What one multiprocessor of a compute capability gets done in a clock. */
export interface MultiprocessorRates {
  readonly fma: number;
  readonly specialFunctions: number;
  /** bf16 multiply-adds with fp32 accumulation through `mma.sync`, where the product does not halve them. */
  readonly bf16MultiplyAdds: number;
  readonly sharedBytes: number;
  /** Bytes from L2 when all multiprocessors read at once. */
  readonly l2Bytes: number;
}

/** Rates, and where those of the matrix units and of L2 come from. */
export interface SourcedRates extends MultiprocessorRates {
  readonly sources: readonly DeviceSource[];
}

const matrix = (kind: DeviceSource["kind"], from: string): DeviceSource => ({
  covers: ["timing.bf16MultiplyAddsPerClockPerMultiprocessor"],
  kind,
  from,
});
const noBf16 = matrix("published", "PTX ISA 9.0, mma: .bf16 requires sm_80");
const whitepaper = (name: string): DeviceSource =>
  matrix("published", `${name}: dense bf16 rate over multiprocessors and clock`);
const hopper = matrix(
  "estimate",
  "the whitepaper's 2048 are for wgmma; mma.sync taken to reach 5/8 of them, after the 63 % of Luo et al., arXiv:2402.13499",
);
const newer = matrix("estimate", "the datasheets' rates are for tcgen05; mma.sync taken to run as on the A100");

const l2 = (kind: DeviceSource["kind"], from: string): DeviceSource => ({
  covers: ["timing.l2BytesPerSecond"],
  kind,
  from,
});
const l2OfV100 = l2("measured", "te42kyfo/gpu-benches, cuda-cache, on a V100: 2544 GB/s at 1380 MHz");
const l2Of4090 = l2("measured", "smallscientist1/cuda_microbenchmark on an RTX 4090: 1946 bytes a clock");
const l2AsV100 = l2("estimate", "bytes a clock of a multiprocessor as on the V100");
const l2As4090 = l2("estimate", "bytes a clock of a multiprocessor as on the RTX 4090");
const l2HalfPort = l2("estimate", "half of the 64 bytes a clock between a multiprocessor and L2");

const instructionTable: DeviceSource = {
  covers: ["timing.fmaPerClockPerMultiprocessor", "timing.specialFunctionsPerClockPerMultiprocessor"],
  kind: "published",
  from: 'CUDA C++ Programming Guide 13.0, "Throughput of Native Arithmetic Instructions"',
};
const banks: DeviceSource = {
  covers: ["timing.sharedBytesPerClockPerMultiprocessor"],
  kind: "published",
  from: 'CUDA C++ Programming Guide 13.0, "Shared Memory": 32 banks of 4 bytes',
};

function rates(fma: number, bf16MultiplyAdds: number, l2Bytes: number, ...sources: DeviceSource[]): SourcedRates {
  return {
    fma,
    specialFunctions: 16,
    bf16MultiplyAdds,
    sharedBytes: 128,
    l2Bytes,
    sources: [instructionTable, banks, ...sources],
  };
}

/** Rates by compute capability: fp32 multiply-adds, bf16 multiply-adds, bytes from L2. */
export const multiprocessorRates: Readonly<Record<string, SourcedRates>> = deepFreeze({
  "7.0": rates(64, 0, 23, noBf16, l2OfV100),
  "7.5": rates(64, 0, 23, noBf16, l2AsV100),
  "8.0": rates(64, 1024, 23, whitepaper("NVIDIA A100 Tensor Core GPU Architecture whitepaper"), l2AsV100),
  "8.6": rates(128, 512, 15, whitepaper("NVIDIA Ampere GA102 GPU Architecture whitepaper"), l2As4090),
  "8.7": rates(
    128,
    1024,
    15,
    whitepaper("NVIDIA Jetson AGX Orin Series Technical Brief (int8 rate, halved)"),
    l2As4090,
  ),
  "8.9": rates(128, 512, 15, whitepaper("NVIDIA Ada GPU Architecture whitepaper"), l2Of4090),
  "9.0": rates(128, 1280, 23, hopper, l2AsV100),
  "10.0": rates(128, 1024, 32, newer, l2HalfPort),
  "10.3": rates(128, 1024, 32, newer, l2HalfPort),
  "11.0": rates(128, 1024, 15, newer, l2As4090),
  "12.0": rates(128, 512, 15, whitepaper("NVIDIA RTX Blackwell GPU Architecture whitepaper"), l2As4090),
  "12.1": rates(
    128,
    512,
    15,
    matrix("estimate", "as compute capability 12.0, of which 12.1 is the integrated variant"),
    l2As4090,
  ),
});
