import type { CudaDevice, CudaTiming } from "../device.js";
import { deepFreeze } from "../freeze.js";
import { type CudaArchitecture, cudaArchitectures } from "./cuda-architectures.js";
import { type CudaProduct, cudaProducts } from "./cuda-products.js";
import { type MultiprocessorRates, multiprocessorRates } from "./cuda-rates.js";

const architectures: ReadonlyMap<string, CudaArchitecture> = new Map(
  cudaArchitectures.map((row) => [`${row.computeCapability.major}.${row.computeCapability.minor}`, row]),
);

const reference = cudaProducts.find((product) => product.measuredLatencies !== undefined)!;

function timing(product: CudaProduct, rates: MultiprocessorRates): CudaTiming {
  const latencies = product.measuredLatencies ?? reference.measuredLatencies!;
  // A latency is taken to be the same number of clocks on every product.
  const scale = product.measuredLatencies ? 1 : reference.clockMegahertz / product.clockMegahertz;
  return {
    latencies: product.measuredLatencies ? "measured" : "scaled",
    clockMegahertz: product.clockMegahertz,
    fmaPerClockPerMultiprocessor: rates.fma,
    specialFunctionsPerClockPerMultiprocessor: rates.specialFunctions,
    bf16MultiplyAddsPerClockPerMultiprocessor: rates.bf16MultiplyAdds / (product.halvesFp32Accumulation ? 2 : 1),
    sharedBytesPerClockPerMultiprocessor: rates.sharedBytes,
    blockBarrierNanoseconds: latencies.blockBarrierNanoseconds * scale,
    gridBarrierNanoseconds: latencies.gridBarrierNanoseconds * scale,
    gridExchangeNanoseconds: latencies.gridExchangeNanoseconds * scale,
    gridExchangeBytesPerSecondPerBlock: latencies.gridExchangeBytesPerSecondPerBlock / scale,
    l2BytesPerSecond: rates.l2Bytes * product.multiprocessorCount * product.clockMegahertz * 1e6,
    memoryBytesPerSecond: product.memoryGigabytesPerSecond * 1e9,
  };
}

function device(product: CudaProduct): CudaDevice {
  const { sources, ...architecture } = architectures.get(product.computeCapability)!;
  return {
    kind: "cuda",
    id: product.id,
    name: product.name,
    multiprocessorCount: product.multiprocessorCount,
    ...architecture,
    l2Bytes: product.l2Mebibytes * 2 ** 20,
    timing: timing(product, multiprocessorRates[product.computeCapability]!),
    sources: [product.source, ...sources],
  };
}

/** The NVIDIA GPUs of the catalogue: each the row of its compute capability and the row of its product. */
export const cudaDevices: readonly CudaDevice[] = deepFreeze(cudaProducts.map(device));
