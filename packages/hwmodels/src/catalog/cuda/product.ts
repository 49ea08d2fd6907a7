import type { DeviceSource, SourceKind } from "../../source.js";
import type { MultiprocessorRates } from "./rates.js";

/** What a product adds to its compute capability. */
export interface CudaProduct {
  readonly id: string;
  readonly name: string;
  /** What the driver calls it, where that is not `name`. */
  readonly driverName?: string;
  readonly computeCapability: string;
  readonly multiprocessorCount: number;
  /** Where it is published and thread block clusters exist, which it bounds. */
  readonly graphicsProcessingClusterCount?: number;
  /** The highest clock of the multiprocessors (the vendor's boost clock, or the maximum that the driver reports). */
  readonly clockMegahertz: number;
  readonly l2Mebibytes: number;
  /** The vendor's peak, in 10⁹ bytes per second. */
  readonly memoryGigabytesPerSecond: number;
  /** GeForce cards and the A10G run matrix multiplications with fp32 accumulation at half the architecture's rate. */
  readonly halvesFp32Accumulation?: true;
  /** Rates in which it differs from its compute capability otherwise. */
  readonly rates?: Partial<MultiprocessorRates>;
  /** Latencies measured on this very product. Exactly one product has them; the others are scaled from it. */
  readonly measuredLatencies?: MeasuredLatencies;
  readonly sources: readonly DeviceSource[];
}

/** What barriers and exchanges between blocks take, as measured. */
export interface MeasuredLatencies {
  readonly blockBarrierNanoseconds: number;
  readonly clusterBarrierNanoseconds: number;
  readonly gridBarrierNanoseconds: number;
  readonly gridExchangeNanoseconds: number;
  readonly gridExchangeBytesPerSecondPerBlock: number;
  readonly source: DeviceSource;
}

/** The numbers of a device that its product states. */
const productNumbers = [
  "multiprocessorCount",
  "graphicsProcessingClusterCount",
  "l2Bytes",
  "timing.clockMegahertz",
  "timing.memoryBytesPerSecond",
] as const;

/** A source of some of a product's numbers; of all of them if none is named. */
export const source = (kind: SourceKind, from: string, covers: readonly string[] = productNumbers): DeviceSource => ({
  covers,
  kind,
  from,
});
