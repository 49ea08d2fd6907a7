const PRIORITIES = 4;

/**
 * The propagators that have to run, by priority and in order of arrival, each at most once.
 *
 * @internal
 */
export class PropagationQueue {
  /** One ring buffer for each priority, each large enough for all propagators. */
  private rings: Int32Array[] = Array.from({ length: PRIORITIES }, () => new Int32Array(16));
  private readonly heads = new Int32Array(PRIORITIES);
  private readonly counts = new Int32Array(PRIORITIES);
  private queued = new Uint8Array(16);
  private mask = 15;

  /** Makes room for propagators 0 … count − 1; the queue must be empty. */
  reserve(count: number): void {
    if (count <= this.queued.length) return;
    let capacity = this.queued.length;
    while (capacity < count) capacity *= 2;
    this.rings = this.rings.map(() => new Int32Array(capacity));
    this.queued = new Uint8Array(capacity);
    this.heads.fill(0);
    this.mask = capacity - 1;
  }

  add(propagator: number, priority: number): void {
    if (this.queued[propagator] !== 0) return;
    this.queued[propagator] = 1;
    const count = this.counts[priority]!;
    this.rings[priority]![(this.heads[priority]! + count) & this.mask] = propagator;
    this.counts[priority] = count + 1;
  }

  /** Takes the next propagator out, or returns −1. */
  take(): number {
    for (let priority = 0; priority < PRIORITIES; priority++) {
      if (this.counts[priority] === 0) continue;
      const head = this.heads[priority]!;
      const propagator = this.rings[priority]![head]!;
      this.heads[priority] = (head + 1) & this.mask;
      this.counts[priority]!--;
      this.queued[propagator] = 0;
      return propagator;
    }
    return -1;
  }

  clear(): void {
    while (this.take() >= 0);
  }
}
