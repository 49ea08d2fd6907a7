const INITIAL_CAPACITY = 256;

type NumberArray = Float64Array | Int32Array;

function grown<T extends NumberArray>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.max(length, 2 * array.length));
  larger.set(array as never);
  return larger;
}

/**
 * A flat array of numbers whose writes are undone level by level: the trail.
 *
 * `push` opens a level and `pop` restores every cell to its content at the matching `push`. The first write to a cell in a
 * level logs the old content; later writes in that level log nothing, because the cell's stamp says so.
 *
 * @internal
 */
class ReversibleArray<T extends NumberArray> {
  /** The current contents. Read freely; write through {@link set} only. Replaced when the array grows. */
  cells: T;
  /** The number of cells in use. */
  length = 0;
  /** The number of logged writes. */
  trailLength = 0;
  private stamps = new Float64Array(INITIAL_CAPACITY);
  /** Unique to every (level, opening of that level), so that no stamp of a closed level is ever current. */
  private stamp = 1;
  private stampCount = 1;
  private trailCells = new Int32Array(INITIAL_CAPACITY);
  private trailContents: T;
  private marks = new Int32Array(INITIAL_CAPACITY);
  private levelStamps = new Float64Array(INITIAL_CAPACITY);
  private level = 0;

  constructor(cells: T, contents: T) {
    this.cells = cells;
    this.trailContents = contents;
  }

  /** Reserves `count` neighbouring cells with this content, for good, and returns the first one's index. */
  allocate(count: number, content: number): number {
    const first = this.length;
    this.length += count;
    if (this.length > this.cells.length) {
      this.cells = grown(this.cells, this.length);
      this.stamps = grown(this.stamps, this.cells.length);
    }
    this.cells.fill(content, first, this.length);
    return first;
  }

  set(cell: number, content: number): void {
    if (this.stamps[cell] !== this.stamp) this.log(cell);
    this.cells[cell] = content;
  }

  push(): void {
    if (this.level === this.marks.length) {
      this.marks = grown(this.marks, 2 * this.level);
      this.levelStamps = grown(this.levelStamps, 2 * this.level);
    }
    this.marks[this.level] = this.trailLength;
    this.levelStamps[this.level] = this.stamp;
    this.level++;
    this.stampCount++;
    this.stamp = this.stampCount;
  }

  pop(): void {
    this.level--;
    const mark = this.marks[this.level]!;
    const cells = this.cells;
    for (let i = this.trailLength - 1; i >= mark; i--) {
      cells[this.trailCells[i]!] = this.trailContents[i]!;
      // The cell may have been logged in the level below too; forgetting that costs at most one more log entry.
      this.stamps[this.trailCells[i]!] = 0;
    }
    this.trailLength = mark;
    this.stamp = this.levelStamps[this.level]!;
  }

  private log(cell: number): void {
    this.stamps[cell] = this.stamp;
    if (this.level === 0) return; // nothing below to restore
    if (this.trailLength === this.trailCells.length) {
      this.trailCells = grown(this.trailCells, 2 * this.trailLength);
      this.trailContents = grown(this.trailContents, 2 * this.trailLength);
    }
    this.trailCells[this.trailLength] = cell;
    this.trailContents[this.trailLength] = this.cells[cell]!;
    this.trailLength++;
  }
}

/** Reversible doubles: bounds, congruences and the propagators' own numbers. @internal */
export class ReversibleNumbers extends ReversibleArray<Float64Array> {
  constructor() {
    super(new Float64Array(INITIAL_CAPACITY), new Float64Array(INITIAL_CAPACITY));
  }
}

/** Reversible 32-bit words: sets of explicit values. @internal */
export class ReversibleWords extends ReversibleArray<Int32Array> {
  constructor() {
    super(new Int32Array(INITIAL_CAPACITY), new Int32Array(INITIAL_CAPACITY));
  }
}
