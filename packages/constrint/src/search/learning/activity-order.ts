const DECAY = 0.95;
const LIMIT = 1e100;

/**
 * Variables by how often they took part in recent conflicts: a binary heap by activity, the most active on top (the variable
 * order VSIDS of Chaff, 2001).
 *
 * @internal
 */
export class ActivityOrder {
  private readonly activities: Float64Array;
  private readonly heap: Int32Array;
  private readonly places: Int32Array;
  private length = 0;
  private step = 1;

  /** @param variables in the order that decides among equals */
  constructor(variableCount: number, variables: readonly number[]) {
    this.activities = new Float64Array(variableCount);
    this.heap = new Int32Array(variables.length);
    this.places = new Int32Array(variableCount).fill(NOWHERE);
    // Small and descending, so that before any conflict the given order holds.
    variables.forEach((x, i) => {
      this.activities[x] = 1e-6 * (1 - i / variables.length);
      this.places[x] = OUT;
      this.insert(x);
    });
  }

  /** The variable took part in a conflict. */
  bump(x: number): void {
    if (this.places[x] === NOWHERE) return;
    this.activities[x]! += this.step;
    if (this.activities[x]! > LIMIT) this.rescale();
    if (this.places[x]! >= 0) this.up(this.places[x]!);
  }

  /** Earlier conflicts count less from now on. */
  decay(): void {
    this.step /= DECAY;
  }

  /** Takes the most active variable out, or returns −1. */
  take(): number {
    if (this.length === 0) return -1;
    const x = this.heap[0]!;
    this.places[x] = OUT;
    const last = this.heap[--this.length]!;
    if (this.length > 0) {
      this.heap[0] = last;
      this.places[last] = 0;
      this.down(0);
    }
    return x;
  }

  /** Puts a variable back, if it is one of the order's and was taken out. */
  insert(x: number): void {
    if (this.places[x] !== OUT) return;
    this.heap[this.length] = x;
    this.places[x] = this.length;
    this.up(this.length++);
  }

  private up(start: number): void {
    const { heap, places, activities } = this;
    const x = heap[start]!;
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent]!;
      if (activities[other]! >= activities[x]!) break;
      heap[at] = other;
      places[other] = at;
      at = parent;
    }
    heap[at] = x;
    places[x] = at;
  }

  private down(start: number): void {
    const { heap, places, activities, length } = this;
    const x = heap[start]!;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && activities[heap[child + 1]!]! > activities[heap[child]!]!) child++;
      const other = heap[child]!;
      if (activities[x]! >= activities[other]!) break;
      heap[at] = other;
      places[other] = at;
      at = child;
    }
    heap[at] = x;
    places[x] = at;
  }

  private rescale(): void {
    for (let x = 0; x < this.activities.length; x++) this.activities[x]! /= LIMIT;
    this.step /= LIMIT;
  }
}

/** Not one of the order's variables. */
const NOWHERE = -2;
/** One of them, not in the heap now. */
const OUT = -1;
