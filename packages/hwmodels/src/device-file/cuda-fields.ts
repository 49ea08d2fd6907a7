import type {
  ActiveClusterCount,
  ClusterLimits,
  ComputeCapability,
  CudaCalibration,
  CudaCapabilities,
  CudaDevice,
  CudaTiming,
} from "../device.js";
import { choice, flag, type GroupField, group, orNull, real, whole, wholes } from "./field.js";
import { identityFields } from "./identity-fields.js";

const bytes = (max: number) => whole(0, max, "bytes");
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const nanoseconds = real(0.1, 1e6, "ns");

const cycles = real(0, 1e6, "cycles");
const factor = real(0, 100);

/** The constants that a calibration fits; their names are the description's. */
const calibrationFields: GroupField = group<CudaCalibration>({
  stepCycles: cycles,
  prefetchWaitCycles: cycles,
  matrixMultiplyLatencyCycles: cycles,
  matrixMultiplyShare: factor,
  multiplyAddInstructions: factor,
  loneMultiplyAddInstructions: factor,
  multiplyAddLatencyCycles: cycles,
  sharedTileCycles: cycles,
  shuffleCycles: cycles,
  shuffleLatencyCycles: cycles,
  reductionCycles: cycles,
  unitIssueCycles: cycles,
  unitLatencyCycles: cycles,
  slotLoadCycles: cycles,
  slotStoreCycles: cycles,
  clusterExchangeCycles: cycles,
  clusterByteCycles: cycles,
  launchCycles: cycles,
  stepwiseByteCycles: cycles,
  stepwiseChunkCycles: cycles,
  stepwiseUnitCycles: cycles,
  exchangeWriteCycles: cycles,
  exchangeLookCycles: cycles,
  exchangeByteCycles: cycles,
  fragmentWordCycles: cycles,
  fragmentElementCycles: cycles,
  streamedMatrixShare: factor,
});

const timing = group<CudaTiming>({
  latencies: choice("measured", "scaled"),
  clockMegahertz: real(100, 10_000, "MHz"),
  fmaPerClockPerMultiprocessor: real(1, 4096),
  specialFunctionsPerClockPerMultiprocessor: real(1, 4096),
  bf16MultiplyAddsPerClockPerMultiprocessor: real(0, 65_536),
  sharedBytesPerClockPerMultiprocessor: real(1, 4096, "bytes"),
  blockBarrierNanoseconds: nanoseconds,
  clusterBarrierNanoseconds: orNull(nanoseconds),
  gridBarrierNanoseconds: nanoseconds,
  gridExchangeNanoseconds: nanoseconds,
  gridExchangeBytesPerSecondPerBlock: real(1e6, 1e15, "bytes per second"),
  l2BytesPerSecond: real(1e9, 1e15, "bytes per second"),
  memoryBytesPerSecond: real(1e9, 1e15, "bytes per second"),
  calibration: calibrationFields,
});

/** The fields of a CUDA device and the ranges that are plausible for them. */
export const cudaFields: GroupField = group<CudaDevice>({
  ...identityFields,
  kind: choice("cuda"),
  computeCapability: group<ComputeCapability>({ major: whole(7, 99), minor: whole(0, 9) }),
  multiprocessorCount: whole(1, 1024),
  graphicsProcessingClusterCount: orNull(whole(1, 64)),
  warpSize: whole(32, 32, "threads"),
  maxThreadsPerBlock: whole(32, 1024, "threads"),
  maxThreadsPerMultiprocessor: whole(32, 8192, "threads"),
  maxBlocksPerMultiprocessor: whole(1, 128),
  blockBarriersPerMultiprocessor: orNull(whole(1, 1024)),
  registersPerBlock: whole(1024, 1_048_576, "registers"),
  registersPerMultiprocessor: whole(1024, 1_048_576, "registers"),
  maxRegistersPerThread: whole(16, 255, "registers"),
  registerAllocationUnit: whole(1, 4096, "registers"),
  warpAllocationGranularity: whole(1, 16, "warps"),
  sharedBytesPerBlock: bytes(mebibyte),
  sharedBytesPerBlockOptin: bytes(mebibyte),
  sharedBytesPerMultiprocessor: bytes(mebibyte),
  sharedReservedBytesPerBlock: bytes(64 * kibibyte),
  sharedGranuleBytes: whole(1, 4096, "bytes"),
  sharedCarveoutBytes: wholes(0, mebibyte, "bytes"),
  l2Bytes: whole(64 * kibibyte, 4096 * mebibyte, "bytes"),
  clusters: orNull(
    group<ClusterLimits>({ maxPortableBlocks: whole(1, 64, "blocks"), maxBlocks: orNull(whole(1, 64, "blocks")) }),
  ),
  activeClusters: {
    kind: "groups",
    each: group<ActiveClusterCount>({ clusterBlocks: whole(1, 64, "blocks"), clusters: whole(0, 65_536) }),
  },
  supports: group<CudaCapabilities>({
    cooperativeLaunch: flag,
    clusters: flag,
    asyncCopy: flag,
    bf16MatrixMultiply: flag,
  }),
  timing,
});
