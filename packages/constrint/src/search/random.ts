/** The scale of 32 random bits to [0, 1). */
const TWO_TO_32 = 4294967296;

/**
 * Random numbers from a seed: the same seed, the same numbers, everywhere.
 *
 * Source: SplitMix (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014) with a state of 32 bits and
 * the finaliser of MurmurHash3.
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ Math.floor(seed / TWO_TO_32)) | 0;
  }

  /** 32 random bits, as an integer 0 … 2^32 − 1. */
  bits(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  /** An integer 0 … limit − 1, each equally likely (up to limit / 2^53), for 1 ≤ limit ≤ 2^53. */
  below(limit: number): number {
    // 53 random bits, as a fraction of 1.
    const fraction = ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
    return Math.min(Math.floor(fraction * limit), limit - 1);
  }
}
