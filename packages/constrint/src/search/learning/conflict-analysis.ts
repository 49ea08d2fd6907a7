import { LiteralKind } from "../../engine/literal.js";
import type { Explainer } from "./explainer.js";
import { DECISION, type History, Narrowing } from "./history.js";
import type { PremiseStack } from "./premises.js";
import type { RecordingStore } from "./recording-store.js";

/** How deep a chain of reasons is followed to find that a literal follows from others. */
const MINIMIZATION_DEPTH = 60;

/** What is known about an entry while a conflict is analysed. */
const Mark = { none: 0, kept: 1, redundant: 2, needed: 3 } as const;

/** A literal of a learned nogood, with the level at which it became true. */
interface LearnedLiteral {
  kind: LiteralKind;
  readonly variable: number;
  value: number;
  level: number;
}

/**
 * Learns from a conflict: resolves its premises with their reasons, newest first, until a single literal of the conflict's
 * level is left (the first unique implication point), then drops literals that follow from the others.
 *
 * Marques-Silva and Sakallah, "GRASP", 1996; Sörensson and Biere, "Minimizing learned clauses", 2009.
 *
 * @internal
 */
export class ConflictAnalysis {
  /** The learned nogood: the unique implication point, then the others from the newest level on. */
  literals: LearnedLiteral[] = [];
  /** The newest level of the others: there the nogood implies that its first literal is false. */
  backLevel = 0;
  /** The number of different levels in the nogood. */
  levelCount = 0;
  private readonly history: History;
  private marks = new Uint8Array(256);
  private needed = new Float64Array(256);
  private readonly kept: number[] = [];
  private readonly visited: number[] = [];
  private readonly levelsInNogood = new Set<number>();
  private open = 0;
  private level = 0;

  constructor(
    private readonly store: RecordingStore,
    private readonly premises: PremiseStack,
    private readonly explainer: Explainer,
    private readonly bump: (variable: number) => void,
  ) {
    this.history = store.history;
  }

  /** The newest level among the premises; 0 says that the problem has no solution. */
  conflictLevel(): number {
    const { premises, history } = this;
    let level = 0;
    for (let i = 0; i < premises.length; i++) level = Math.max(level, history.levels[premises.entries[i]!]!);
    return level;
  }

  /** Learns from the premises; the newest level is the one of the conflict. */
  run(): void {
    const { history, premises, explainer, kept } = this;
    this.reserve();
    this.level = history.level;
    this.open = 0;
    kept.length = 0;
    this.takePremises();
    let i = history.length - 1;
    for (; ; i--) {
      const isMarked = this.marks[i] !== Mark.none;
      if (isMarked && this.open === 1) break;
      history.unlinkBound(i);
      if (!isMarked) continue;
      this.marks[i] = Mark.none;
      this.open--;
      premises.length = 0;
      explainer.explainEntry(i, this.needed[i]!);
      this.takePremises();
    }
    this.levelsInNogood.clear();
    for (const entry of kept) this.levelsInNogood.add(history.levels[entry]!);
    this.levelCount = this.levelsInNogood.size + 1;
    const essential = kept.filter((entry) => !this.isImplied(entry, this.needed[entry]!, 0));
    this.collect(i, essential);
    this.marks[i] = Mark.none;
    for (const entry of kept) this.marks[entry] = Mark.none;
    for (const entry of this.visited) this.marks[entry] = Mark.none;
    this.visited.length = 0;
  }

  /** Marks the entries of the stack's premises. */
  private takePremises(): void {
    const { premises, history, marks, needed } = this;
    for (let k = 0; k < premises.length; k++) {
      const entry = premises.entries[k]!;
      const value = premises.needed[k]!;
      if (marks[entry] !== Mark.none) {
        if (!covers(history.kinds[entry]!, needed[entry]!, value)) needed[entry] = value;
        continue;
      }
      const level = history.levels[entry]!;
      if (level === 0) continue;
      marks[entry] = Mark.kept;
      needed[entry] = value;
      this.bump(history.variables[entry]!);
      if (level === this.level) this.open++;
      else this.kept.push(entry);
    }
  }

  /** Whether a literal of the nogood follows from its others. */
  private isImplied(entry: number, value: number, depth: number): boolean {
    const { history, premises, marks, needed } = this;
    if (history.reasons[entry] === DECISION || depth > MINIMIZATION_DEPTH) return false;
    const start = premises.length;
    this.explainer.explainEntry(entry, value);
    const end = premises.length;
    let implied = true;
    for (let k = start; k < end && implied; k++) {
      const premise = premises.entries[k]!;
      const wanted = premises.needed[k]!;
      if (history.levels[premise] === 0) continue;
      const mark = marks[premise]!;
      if (mark === Mark.kept || mark === Mark.redundant) {
        if (covers(history.kinds[premise]!, needed[premise]!, wanted)) continue;
        if (mark === Mark.kept) {
          implied = false;
          continue;
        }
      }
      implied =
        mark !== Mark.needed &&
        this.levelsInNogood.has(history.levels[premise]!) &&
        this.isImplied(premise, wanted, depth + 1);
      if (mark === Mark.none) this.visited.push(premise);
      if (implied) {
        marks[premise] = Mark.redundant;
        needed[premise] = wanted;
      } else if (mark === Mark.none) {
        marks[premise] = Mark.needed;
      }
    }
    premises.length = start;
    return implied;
  }

  /** Turns entries into literals: the strongest bound of each side, and both sides that meet into an equality. */
  private collect(first: number, others: readonly number[]): void {
    const byKey = new Map<number, LearnedLiteral>();
    const literals: LearnedLiteral[] = [];
    for (const entry of [first, ...others]) {
      const variable = this.history.variables[entry]!;
      const narrowing = this.history.kinds[entry]!;
      const kind =
        narrowing === Narrowing.min
          ? LiteralKind.atLeast
          : narrowing === Narrowing.max
            ? LiteralKind.atMost
            : LiteralKind.notEqual;
      const value = this.needed[entry]!;
      const level = this.history.levels[entry]!;
      if (kind === LiteralKind.notEqual) {
        literals.push({ kind, variable, value, level });
        continue;
      }
      const key = 2 * variable + kind;
      const same = byKey.get(key);
      if (same === undefined) {
        const literal = { kind, variable, value, level };
        byKey.set(key, literal);
        literals.push(literal);
      } else if (!covers(narrowing, same.value, value)) {
        same.value = value;
        same.level = level;
      }
    }
    for (const literal of [...literals]) {
      if (literal.kind !== LiteralKind.atMost) continue;
      const low = byKey.get(2 * literal.variable + LiteralKind.atLeast);
      if (low?.value !== literal.value || !this.store.isExplicit(literal.variable)) continue;
      low.kind = LiteralKind.equal;
      low.level = Math.max(low.level, literal.level);
      literals.splice(literals.indexOf(literal), 1);
    }
    literals.sort((a, b) => b.level - a.level);
    this.literals = literals;
    this.backLevel = literals[1]?.level ?? 0;
  }

  private reserve(): void {
    if (this.marks.length >= this.history.length) return;
    const length = Math.max(this.history.length, 2 * this.marks.length);
    this.marks = new Uint8Array(length);
    this.needed = new Float64Array(length);
  }
}

/** Whether what is needed of an entry covers another need of it. */
function covers(kind: number, has: number, wants: number): boolean {
  return kind === Narrowing.hole || (kind === Narrowing.min ? has >= wants : has <= wants);
}
