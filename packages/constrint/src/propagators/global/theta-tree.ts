/**
 * A set Θ of tasks, and a set Λ of which at most one counts, with the earliest time by which they can be done one after the other:
 *
 *     ect(Θ) = max over Ω ⊆ Θ of est(Ω) + Σ durations of Ω,
 *     ect(Θ, Λ) = max over i ∈ Λ (or none) of ect(Θ ∪ {i}).
 *
 * Cost: O(log n) an insertion or removal, O(1) a question.
 *
 * Vilím, "Global Constraints in Scheduling", PhD thesis, Charles University Prague, 2007, sections 2.2 and 2.5.
 *
 * @internal
 */
export class ThetaTree {
  /** The leaves' first node: node k has the children 2k and 2k + 1, and leaf r, the task of rank r by earliest start, is this + r. */
  private readonly firstLeaf: number;
  // Of each node's Θ: the sum of durations and the earliest completion; then the same with one task of Λ, and which one.
  private readonly sums: Float64Array;
  private readonly completions: Float64Array;
  private readonly graySums: Float64Array;
  private readonly grayCompletions: Float64Array;
  private readonly sumTasks: Int32Array;
  private readonly completionTasks: Int32Array;

  /** @param size how many tasks there are */
  constructor(size: number) {
    let leaves = 1;
    while (leaves < size) leaves *= 2;
    this.firstLeaf = leaves;
    this.sums = new Float64Array(2 * leaves);
    this.completions = new Float64Array(2 * leaves);
    this.graySums = new Float64Array(2 * leaves);
    this.grayCompletions = new Float64Array(2 * leaves);
    this.sumTasks = new Int32Array(2 * leaves);
    this.completionTasks = new Int32Array(2 * leaves);
  }

  /** Makes both sets empty. */
  clear(): void {
    this.sums.fill(0);
    this.completions.fill(-Infinity);
    this.graySums.fill(0);
    this.grayCompletions.fill(-Infinity);
    this.sumTasks.fill(-1);
    this.completionTasks.fill(-1);
  }

  /** ect(Θ), −∞ if it is empty. */
  get completion(): number {
    return this.completions[1]!;
  }

  /** ect(Θ, Λ). */
  get grayCompletion(): number {
    return this.grayCompletions[1]!;
  }

  /** The rank of the task of Λ that makes ect(Θ, Λ) what it is, or −1. */
  get grayTask(): number {
    return this.completionTasks[1]!;
  }

  /** Puts the task of this rank into Θ. */
  insert(rank: number, earliestStart: number, duration: number): void {
    const leaf = this.firstLeaf + rank;
    this.sums[leaf] = duration;
    this.completions[leaf] = earliestStart + duration;
    this.graySums[leaf] = duration;
    this.grayCompletions[leaf] = earliestStart + duration;
    this.sumTasks[leaf] = -1;
    this.completionTasks[leaf] = -1;
    this.update(leaf);
  }

  /** Moves the task of this rank from Θ to Λ. */
  makeGray(rank: number): void {
    const leaf = this.firstLeaf + rank;
    this.sums[leaf] = 0;
    this.completions[leaf] = -Infinity;
    this.sumTasks[leaf] = rank;
    this.completionTasks[leaf] = rank;
    this.update(leaf);
  }

  /** Takes the task of this rank out of both sets. */
  remove(rank: number): void {
    const leaf = this.firstLeaf + rank;
    this.sums[leaf] = 0;
    this.completions[leaf] = -Infinity;
    this.graySums[leaf] = 0;
    this.grayCompletions[leaf] = -Infinity;
    this.sumTasks[leaf] = -1;
    this.completionTasks[leaf] = -1;
    this.update(leaf);
  }

  private update(leaf: number): void {
    const { sums, completions, graySums, grayCompletions, sumTasks, completionTasks } = this;
    for (let node = leaf >> 1; node >= 1; node >>= 1) {
      const left = 2 * node;
      const right = left + 1;
      sums[node] = sums[left]! + sums[right]!;
      completions[node] = Math.max(completions[right]!, completions[left]! + sums[right]!);
      const leftGray = graySums[left]! + sums[right]!;
      const rightGray = sums[left]! + graySums[right]!;
      const sumSide = leftGray > rightGray ? left : right;
      graySums[node] = Math.max(leftGray, rightGray);
      sumTasks[node] = sumTasks[sumSide]!;
      let best = grayCompletions[right]!;
      let task = completionTasks[right]!;
      if (completions[left]! + graySums[right]! > best) {
        best = completions[left]! + graySums[right]!;
        task = sumTasks[right]!;
      }
      if (grayCompletions[left]! + sums[right]! > best) {
        best = grayCompletions[left]! + sums[right]!;
        task = completionTasks[left]!;
      }
      grayCompletions[node] = best;
      completionTasks[node] = task;
    }
  }
}
