const INITIAL_CAPACITY = 8;

/**
 * The nogoods that watch a kind of literal about one variable, each with that literal's value.
 *
 * @internal
 */
export class Watches {
  length = 0;
  nogoods = new Int32Array(INITIAL_CAPACITY);
  values = new Float64Array(INITIAL_CAPACITY);

  add(nogood: number, value: number): void {
    if (this.length === this.nogoods.length) {
      const nogoods = new Int32Array(2 * this.length);
      nogoods.set(this.nogoods);
      this.nogoods = nogoods;
      const values = new Float64Array(2 * this.length);
      values.set(this.values);
      this.values = values;
    }
    this.nogoods[this.length] = nogood;
    this.values[this.length++] = value;
  }

  clear(): void {
    this.length = 0;
  }

  /** Takes out the places kept … count − 1, behind which watches may have been added meanwhile. */
  closeGap(kept: number, count: number): void {
    if (kept === count) return;
    this.nogoods.copyWithin(kept, count, this.length);
    this.values.copyWithin(kept, count, this.length);
    this.length -= count - kept;
  }
}
