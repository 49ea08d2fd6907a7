import fc from "fast-check";
import type { CudaMultiprocessor } from "../../../packages/hwmodels/src/device.js";
import { propertySeed } from "../../support/property-seed.js";
import type { Launch } from "./vendor-calculator.js";

const kibibytes = (count: number): number => count * 1024;

const threads = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 64 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 33 }).map((warps) => warps * 32) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 1100 }) },
);
const registers = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 32 }) },
  { weight: 3, arbitrary: fc.integer({ min: 16, max: 128 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 260 }) },
);
const staticShared = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 2048 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: kibibytes(49) }) },
);
const dynamicShared = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: kibibytes(16) }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: kibibytes(100) }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: kibibytes(228) }) },
);
const headroom = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: -100, max: kibibytes(64) }) },
);
const carveout = fc.oneof(
  { weight: 1, arbitrary: fc.constant(-1) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 100 }) },
);
const barriers = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 17 }) },
);

/** Launches, most of which fit a multiprocessor at least once, with every limit among those that bind. */
export const launches: fc.Arbitrary<Launch> = fc
  .record({ threads, registers, staticShared, dynamicShared, headroom, carveout, barriers })
  .map((drawn) => ({
    threadsPerBlock: drawn.threads,
    registersPerThread: drawn.registers,
    staticSharedBytes: drawn.staticShared,
    dynamicSharedBytes: drawn.dynamicShared,
    maxDynamicSharedBytes: Math.max(0, drawn.dynamicShared + drawn.headroom),
    carveoutPercent: drawn.carveout,
    blockBarrierCount: drawn.barriers,
  }));

/**
 * A multiprocessor of one of these compute capabilities: as it is, or with a block limited to half the registers, which
 * some products have and which keeps the check of a block's registers from being implied by the multiprocessor's.
 */
export function multiprocessorsOf(rows: readonly CudaMultiprocessor[]): fc.Arbitrary<CudaMultiprocessor> {
  return fc
    .tuple(fc.constantFrom(...rows), fc.boolean())
    .map(([row, halved]) => (halved ? { ...row, registersPerBlock: row.registersPerBlock / 2 } : row));
}

/** The same launch for the model, where no preference is a property left out. */
export function modelLaunch({ carveoutPercent, ...launch }: Launch) {
  return carveoutPercent === -1 ? launch : { ...launch, carveoutPercent };
}

/** Seed of the property tests: fixed, unless FC_SEED asks for another. */
export const seed = propertySeed;
