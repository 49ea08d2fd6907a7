/** What is published of a product, transcribed apart from the catalogue. */
export interface PublishedProduct {
  readonly computeCapability: string;
  readonly multiprocessors: number;
  /** Peak of fp32 in TFLOP/s; null where the vendor's does not follow from the clock that the driver reports. */
  readonly fp32Teraflops: number | null;
  /**
   * Peak of dense bf16 with fp32 accumulation through `mma.sync` in TFLOP/s; 0 without bf16, null where only the rate of
   * tcgen05 is published.
   */
  readonly bf16Teraflops: number | null;
  /** Width of the memory bus in bits, and its rate in Gbit/s a pin. */
  readonly memory: readonly [busBits: number, gigabitsPerPin: number];
  readonly l2Mebibytes: number;
}

const row = (
  computeCapability: string,
  multiprocessors: number,
  fp32Teraflops: number | null,
  bf16Teraflops: number | null,
  memory: readonly [number, number],
  l2Mebibytes: number,
): PublishedProduct => ({
  computeCapability,
  multiprocessors,
  fp32Teraflops,
  bf16Teraflops,
  memory,
  l2Mebibytes,
});

/**
 * Multiprocessors and compute capabilities from the table of streaming multiprocessors by product; peaks from NVIDIA's
 * datasheets; bus and data rate from the memory that a card carries. They check products of numbers that the catalogue
 * has from other documents: multiprocessors × clock × rate, and bus × data rate against bytes a second.
 */
export const publishedProducts: Readonly<Record<string, PublishedProduct>> = {
  v100: row("7.0", 80, 15.7, 0, [4096, 1.758], 6),
  t4: row("7.5", 40, 8.1, 0, [256, 10], 4),
  a100: row("8.0", 108, 19.5, 312, [5120, 3.186], 40),
  a30: row("8.0", 56, 10.3, 165, [3072, 2.43], 24),
  a10: row("8.6", 72, 31.2, 125, [384, 12.5], 6),
  a10g: row("8.6", 80, 35, 70, [384, 12.5], 6),
  a40: row("8.6", 84, 37.4, 149.7, [384, 14.5], 6),
  rtx3090: row("8.6", 82, 35.6, 71, [384, 19.5], 6),
  orin: row("8.7", 16, 5.32, 42.5, [256, 6.4], 4),
  rtx4090: row("8.9", 128, 82.6, 165.2, [384, 21], 72),
  l4: row("8.9", 58, 30.3, 121, [192, 12.5], 48),
  l40s: row("8.9", 142, 91.6, 362, [384, 18], 96),
  // On Hopper the datasheets' peaks are those of wgmma; mma.sync reaches 5/8 of them.
  h100: row("9.0", 132, 66.9, 0.625 * 989, [5120, 5.234], 50),
  "h100-pcie": row("9.0", 114, 51.2, 0.625 * 756, [5120, 3.186], 50),
  h200: row("9.0", 132, 66.9, 0.625 * 989, [6144, 6.25], 60),
  h20: row("9.0", 78, null, 148, [6144, 5.21], 60),
  b200: row("10.0", 148, 75, null, [7680, 7.992], 126.5),
  b300: row("10.3", 148, null, null, [8192, 7.81], 126.5),
  thor: row("11.0", 20, 8.06, null, [256, 8.532], 32),
  rtx5090: row("12.0", 170, 104.8, 209.5, [512, 28], 96),
  rtxpro6000: row("12.0", 188, 125, 503.8, [512, 28], 128),
  gb10: row("12.1", 48, null, null, [256, 8.533], 24),
};
