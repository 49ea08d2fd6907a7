import type { CudaDevice, CudaTiming } from "../../device.js";
import { deepFreeze } from "../../freeze.js";
import type { DeviceSource } from "../../source.js";
import { adaProducts } from "./ada.js";
import { ampereProducts } from "./ampere.js";
import { blackwellProducts } from "./blackwell.js";
import { calibrationOf } from "./calibration/index.js";
import { type CudaArchitecture, capabilityText, cudaArchitectures } from "./compute-capabilities.js";
import { hopperProducts } from "./hopper.js";
import type { CudaProduct } from "./product.js";
import { type MultiprocessorRates, multiprocessorRates } from "./rates.js";
import { voltaAndTuringProducts } from "./volta-turing.js";

const cudaProducts: readonly CudaProduct[] = [
  ...voltaAndTuringProducts,
  ...ampereProducts,
  ...adaProducts,
  ...hopperProducts,
  ...blackwellProducts,
];

const architectures: ReadonlyMap<string, CudaArchitecture> = new Map(
  cudaArchitectures.map((row) => [capabilityText(row.computeCapability), row]),
);

/** The product whose latencies were measured. */
const reference = cudaProducts.find((product) => product.measuredLatencies !== undefined)!;
const measured = reference.measuredLatencies!;

function timing(product: CudaProduct, rates: MultiprocessorRates, clusters: boolean): CudaTiming {
  // A latency is taken to be the same number of clocks on every product.
  const scale = product === reference ? 1 : reference.clockMegahertz / product.clockMegahertz;
  return {
    latencies: product === reference ? "measured" : "scaled",
    clockMegahertz: product.clockMegahertz,
    fmaPerClockPerMultiprocessor: rates.fma,
    specialFunctionsPerClockPerMultiprocessor: rates.specialFunctions,
    bf16MultiplyAddsPerClockPerMultiprocessor: rates.bf16MultiplyAdds / (product.halvesFp32Accumulation ? 2 : 1),
    sharedBytesPerClockPerMultiprocessor: rates.sharedBytes,
    blockBarrierNanoseconds: measured.blockBarrierNanoseconds * scale,
    clusterBarrierNanoseconds: clusters ? measured.clusterBarrierNanoseconds * scale : null,
    gridBarrierNanoseconds: measured.gridBarrierNanoseconds * scale,
    gridExchangeNanoseconds: measured.gridExchangeNanoseconds * scale,
    gridExchangeBytesPerSecondPerBlock: measured.gridExchangeBytesPerSecondPerBlock / scale,
    l2BytesPerSecond: rates.l2Bytes * product.multiprocessorCount * product.clockMegahertz * 1e6,
    memoryBytesPerSecond: product.memoryGigabytesPerSecond * 1e9,
    calibration: calibrationOf(product.id).calibration,
  };
}

const latencySource = (product: CudaProduct): DeviceSource =>
  product === reference
    ? measured.source
    : {
        ...measured.source,
        kind: "estimate",
        from: `the clock cycles of the ${reference.name} (${measured.source.from}) at this clock`,
      };

function device(product: CudaProduct): CudaDevice {
  const { sources, ...architecture } = architectures.get(product.computeCapability)!;
  const { sources: rateSources, ...rates } = multiprocessorRates[product.computeCapability]!;
  return {
    kind: "cuda",
    id: product.id,
    name: product.name,
    vendor: "nvidia",
    multiprocessorCount: product.multiprocessorCount,
    graphicsProcessingClusterCount: product.graphicsProcessingClusterCount ?? null,
    ...architecture,
    activeClusters: [],
    l2Bytes: product.l2Mebibytes * 2 ** 20,
    timing: timing(product, { ...rates, ...product.rates }, architecture.supports.clusters),
    // A product's own sources come last, where they refine those of its compute capability.
    sources: [...sources, ...rateSources, latencySource(product), calibrationOf(product.id).source, ...product.sources],
  };
}

/** The NVIDIA GPUs of the catalogue: each the row of its compute capability and the row of its product. */
export const cudaDevices: readonly CudaDevice[] = deepFreeze(cudaProducts.map(device));

/** What the driver calls a device, by its id, where that is not its name. */
export const driverNames: ReadonlyMap<string, string> = new Map(
  cudaProducts.flatMap(({ id, driverName }) => (driverName === undefined ? [] : [[id, driverName] as const])),
);
