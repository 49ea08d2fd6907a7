import type { CellState } from "../../cell/definition.js";
import { gradientName } from "../../plan/tensors.js";
import type { BackwardStreams, Stream } from "../backward-streams.js";

/** A stream as a comment names it. */
const described = ({ name, initial }: Stream): string => (initial === undefined ? name : `${name} before the step`);

/**
 * C++ of the streams of a backward kernel's slots, as they are loaded ahead: a `StepReads` has the values of one step, those of the data type
 * packed as `elements[slot][stream]`, those in fp32 as `floats[slot][stream][unit]`.
 */
export class HeldStreams {
  readonly #elements: readonly Stream[];
  readonly #floats: readonly Stream[];

  constructor(private readonly backward: BackwardStreams) {
    this.#elements = backward.streams.filter(({ isElement }) => isElement);
    this.#floats = backward.streams.filter(({ isElement }) => !isElement);
  }

  /** The streams of the data type. */
  get elementCount(): number {
    return this.#elements.length;
  }

  /** The struct that holds them. */
  get declaration(): string {
    const floats =
      this.#floats.length > 0
        ? `
  float floats[OWN_SLOTS][${this.#floats.length}][UNITS_PER_THREAD];  // ${this.#floats.map(described).join(", ")}`
        : "";
    return `/** What a step reads of this thread's slots, on its way from global memory. */
struct StepReads {
  Packed elements[OWN_SLOTS][${this.#elements.length}];  // ${this.#elements.map(described).join(", ")}${floats}
};
`;
  }

  /** Statements that load all streams of slot i, at `reads[i]`, for the step `time`, and bring to L2 what a later step will load. */
  loads(bringsToL2: boolean): readonly string[] {
    return this.backward.streams.flatMap((stream) => [
      this.#load(stream),
      ...(bringsToL2 ? [HeldStreams.#bringToL2(stream)] : []),
    ]);
  }

  #load(stream: Stream): string {
    const { name, initial, isElement } = stream;
    const address =
      initial === undefined
        ? `${name} + reads[i]`
        : `(time > 0 ? ${name} + (reads[i] - HEAD_COUNT * HEAD_DIM) : ${initial} + singles[i])`;
    return isElement
      ? `ahead.elements[i][${this.#elements.indexOf(stream)}] = load_streaming(reinterpret_cast<const Packed*>(${address}));`
      : `load_floats(${address}, ahead.floats[i][${this.#floats.indexOf(stream)}]);`;
  }

  /** What the load of a stream L2_PREFETCH_STEPS later will read; `time` is this load's. */
  static #bringToL2({ name, initial }: Stream): string {
    const steps = initial === undefined ? "L2_PREFETCH_STEPS" : "(L2_PREFETCH_STEPS + 1)";
    return `if (time >= ${steps}) bring_to_l2(${name} + (reads[i] - ${steps} * HEAD_COUNT * HEAD_DIM));`;
  }

  /** The saved value of that name for unit `unit` of slot i, once `elements` are unpacked; so are the values of the methods below. */
  saved(name: string): string {
    return this.#value((stream) => stream.name === name);
  }

  /** The gradient that is given for a state. */
  givenGradient(state: CellState): string {
    return this.#value(({ name }) => name === gradientName(state.name));
  }

  /** The value of a state before the step. */
  previous(state: CellState): string {
    return this.#value(({ name, initial }) => name === state.name && initial !== undefined);
  }

  /** The value of a state after the step: of one that is read before each step too, what the step that was computed before this one read. */
  next(state: CellState): string {
    const index = this.backward.carried.indexOf(state);
    return index >= 0
      ? `carried[i][unit][${index}]`
      : this.#value(({ name, initial }) => name === state.name && initial === undefined);
  }

  #value(isWanted: (stream: Stream) => boolean): string {
    const stream = this.backward.streams.find(isWanted)!;
    return stream.isElement
      ? `elements[${this.#elements.indexOf(stream)}][unit]`
      : `now.floats[i][${this.#floats.indexOf(stream)}][unit]`;
  }
}
