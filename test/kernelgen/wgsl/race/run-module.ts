import { type GlobalVariable, translate } from "./translate.js";

/** Two invocations that access the same element without a barrier between them, at least one of them writing. */
export interface Race {
  readonly variable: string;
  readonly element: number;
  readonly invocations: readonly [string, string];
}

export interface RunResult {
  readonly races: readonly Race[];
  /** What storage holds afterwards, by the variables' names. */
  readonly storage: Readonly<Record<string, unknown[]>>;
}

/** What an invocation yields where it waits. */
type Wait =
  | { readonly kind: "barrier"; readonly line: number }
  | { readonly kind: "shuffle"; readonly line: number; readonly value: number[]; readonly mask: number }
  | { readonly kind: "spin" };

/** What the invocations of a subgroup hold together; each of them has a copy of the whole. */
type SubgroupMatrix = readonly (readonly number[])[];

interface Sides {
  readonly rows: bigint;
  readonly columns: bigint;
}

interface Invocation {
  readonly workgroup: Workgroup;
  readonly index: number;
  readonly builtins: Readonly<Record<string, unknown>>;
  readonly privates: Record<string, unknown>;
}

interface Workgroup {
  readonly name: string;
  readonly memory: Record<string, unknown[]>;
  /** Who accessed each element since the last barrier. */
  accesses: AccessLog;
}

/** By variable and element, who read and who wrote it. */
class AccessLog {
  readonly #who = new Map<string, { readers: Set<string>; writers: Set<string> }>();

  add(variable: string, element: number, who: string, kind: "readers" | "writers", races: Map<string, Race>): void {
    const key = `${variable}[${element}]`;
    const seen = this.#who.get(key) ?? { readers: new Set(), writers: new Set() };
    this.#who.set(key, seen);
    for (const others of kind === "writers" ? [seen.readers, seen.writers] : [seen.writers]) {
      for (const other of others) {
        if (other !== who) races.set(key, { variable, element, invocations: [other, who] });
      }
    }
    seen[kind].add(who);
  }
}

const mask32 = 0xffffffffn;

export interface RunOptions {
  /** The fields of uniforms, by the variables' names. */
  readonly uniforms: Readonly<Record<string, Readonly<Record<string, bigint>>>>;
  /** Invocations beside each other that shuffle. */
  readonly subgroupSize: number;
  /** By how many places they are turned in their subgroup; 0 if left out. WebGPU does not promise any order. */
  readonly subgroupTurn?: number | undefined;
  /** Whether a workgroup goes on in a round; every one in all of them if left out. */
  readonly isRunning?: ((workgroup: number, round: number) => boolean) | undefined;
}

/** The place of an invocation in its subgroup. */
const placeInSubgroup = (index: number, { subgroupSize, subgroupTurn = 0 }: RunOptions): number =>
  (index + subgroupTurn) % subgroupSize;

/**
 * Runs a WGSL module on the processor, every invocation up to where it waits, and tells which of them race.
 *
 * Accesses to workgroup memory are ordered by `workgroupBarrier`. Those to storage are not, in a dispatch: neither within a workgroup, as the
 * kernels have no `storageBarrier`, nor between workgroups. Atomic accesses never race.
 *
 * @param bindings what storage variables hold, by name; u32 as bigint
 * @throws if invocations of a workgroup wait at different barriers, or some wait and others are done
 */
export function runModule(
  source: string,
  workgroups: readonly [number, number, number],
  bindings: Readonly<Record<string, unknown[]>>,
  options: RunOptions,
): RunResult {
  const { uniforms, subgroupSize } = options;
  const { javascript, globals } = translate(source);
  const races = new Map<string, Race>();
  const storageLog = new AccessLog();
  const spaceOf = new Map(globals.map(({ name, space }) => [name, space]));
  const memoryOf = (self: Invocation, name: string): unknown[] =>
    spaceOf.get(name) === "workgroup" ? self.workgroup.memory[name]! : bindings[name]!;
  const log = (self: Invocation, name: string, element: number, kind: "readers" | "writers"): void => {
    const isShared = spaceOf.get(name) === "workgroup";
    const who = isShared ? `invocation ${self.index}` : `workgroup ${self.workgroup.name}, invocation ${self.index}`;
    (isShared ? self.workgroup.accesses : storageLog).add(name, element, who, kind, races);
  };
  const place = (self: Invocation, name: string, index: bigint | number): [unknown[], number] => {
    const memory = memoryOf(self, name);
    // An index beyond the end stays within, as WebGPU has it.
    return [memory, Math.min(Number(index), memory.length - 1)];
  };
  /** What an invocation does for its whole subgroup counts as its first invocation's. */
  const firstOfSubgroup = (self: Invocation): Invocation => ({
    ...self,
    index: self.index - (self.index % subgroupSize),
  });
  const indexIn = (major: string, offset: bigint, stride: bigint, row: number, column: number): bigint =>
    major === "row_major"
      ? offset + BigInt(row) * stride + BigInt(column)
      : offset + BigInt(column) * stride + BigInt(row);
  interface Reference {
    readonly memory: unknown[];
    readonly element: number;
  }
  const barrier = function* (line: number): Generator<Wait> {
    yield { kind: "barrier", line };
  };
  const R = {
    ...arithmetic,
    uniforms,
    load(self: Invocation, name: string, index: bigint | number): unknown {
      const [memory, element] = place(self, name, index);
      log(self, name, element, "readers");
      return memory[element];
    },
    store(self: Invocation, name: string, index: bigint | number, value: unknown): void {
      const [memory, element] = place(self, name, index);
      log(self, name, element, "writers");
      memory[element] = arithmetic.copied(value);
    },
    reference(self: Invocation, name: string, index: bigint | number): Reference {
      const [memory, element] = place(self, name, index);
      return { memory, element };
    },
    *atomicLoad(_self: Invocation, _line: number, { memory, element }: Reference): Generator<Wait, unknown> {
      yield { kind: "spin" };
      return memory[element];
    },
    atomicStore({ memory, element }: Reference, value: unknown): void {
      memory[element] = value;
    },
    atomicAdd({ memory, element }: Reference, value: bigint): void {
      memory[element] = ((memory[element] as bigint) + value) & mask32;
    },
    subgroupMatrixLoad(
      self: Invocation,
      major: string,
      { rows, columns }: Sides,
      name: string,
      offset: bigint,
      stride: bigint,
    ): SubgroupMatrix {
      const first = firstOfSubgroup(self);
      return Array.from({ length: Number(rows) }, (_, row) =>
        Array.from(
          { length: Number(columns) },
          (_, column) => R.load(first, name, indexIn(major, offset, stride, row, column)) as number,
        ),
      );
    },
    subgroupMatrixStore(
      self: Invocation,
      major: string,
      name: string,
      offset: bigint,
      matrix: SubgroupMatrix,
      stride: bigint,
    ): void {
      const first = firstOfSubgroup(self);
      matrix.forEach((values, row) => {
        values.forEach((value, column) => {
          R.store(first, name, indexIn(major, offset, stride, row, column), value);
        });
      });
    },
    *workgroupBarrier(_self: Invocation, line: number): Generator<Wait> {
      yield* barrier(line);
    },
    *workgroupUniformLoad(_self: Invocation, line: number, { memory, element }: Reference): Generator<Wait, unknown> {
      yield* barrier(line);
      const value = memory[element];
      yield* barrier(line);
      return value;
    },
    *subgroupShuffleXor(
      _self: Invocation,
      line: number,
      value: number[],
      mask: bigint,
    ): Generator<Wait, number[], number[]> {
      return yield { kind: "shuffle", line, value, mask: Number(mask) };
    },
  };
  const { entryPoint, workgroupSize, initials } = new Function("R", javascript)(R) as {
    entryPoint: (self: Invocation) => Generator<Wait, void, unknown>;
    workgroupSize: bigint;
    initials: Readonly<Record<string, () => unknown>>;
  };
  const running = allWorkgroups(workgroups).map((id, number) => {
    const own = (space: GlobalVariable["space"]): GlobalVariable[] =>
      globals.filter((global) => global.space === space);
    const memory = Object.fromEntries(
      own("workgroup").map(({ name, isArray }) => {
        const initial = initials[name]!();
        return [name, isArray ? (initial as unknown[]) : [initial]];
      }),
    );
    const workgroup: Workgroup = { name: id.join(","), memory, accesses: new AccessLog() };
    const invocations = Array.from({ length: Number(workgroupSize) }, (_, index): Running => {
      const self: Invocation = {
        workgroup,
        index,
        builtins: {
          workgroup_id: id.map(BigInt),
          local_invocation_index: BigInt(index),
          local_invocation_id: [BigInt(index), 0n, 0n],
          subgroup_invocation_id: BigInt(placeInSubgroup(index, options)),
          subgroup_size: BigInt(subgroupSize),
          subgroup_id: BigInt(Math.floor(index / subgroupSize)),
        },
        privates: Object.fromEntries(own("private").map(({ name }) => [name, initials[name]!()])),
      };
      return { generator: entryPoint(self), wait: { kind: "spin" }, answer: undefined };
    });
    return { number, workgroup, invocations };
  });
  let left = running;
  for (let round = 0; left.length > 0; round++) {
    left = left.filter(
      ({ number, workgroup, invocations }) =>
        options.isRunning?.(number, round) === false || advance(workgroup, invocations, options),
    );
  }
  return { races: [...races.values()], storage: bindings };
}

interface Running {
  readonly generator: Generator<Wait, void, unknown>;
  /** Undefined once it is done. */
  wait: Wait | undefined;
  /** What it goes on with. */
  answer: unknown;
}

/** Runs each invocation of a workgroup up to where it waits next, and all of them on where they wait together. False once all are done. */
function advance(workgroup: Workgroup, invocations: readonly Running[], options: RunOptions): boolean {
  for (const invocation of invocations) {
    while (invocation.wait !== undefined && invocation.wait.kind === "spin") {
      const { done, value } = invocation.generator.next(invocation.answer);
      invocation.answer = undefined;
      invocation.wait = done ? undefined : value;
      // One look at a time, so that the others get to write.
      if (!done && value.kind === "spin") break;
    }
  }
  const waits = invocations.map(({ wait }) => wait);
  if (waits.some((wait) => wait?.kind === "spin")) return true;
  if (waits.every((wait) => wait === undefined)) return false;
  const [first] = waits;
  if (
    first === undefined ||
    first.kind === "spin" ||
    waits.some((wait) => wait?.kind !== first.kind || wait.line !== first.line)
  ) {
    throw new Error(`workgroup ${workgroup.name}: invocations wait at different places`);
  }
  for (const [index, invocation] of invocations.entries()) {
    const wait = waits[index]!;
    if (wait.kind === "shuffle") {
      invocation.answer = shuffled(waits, index, wait, options);
    }
    invocation.wait = { kind: "spin" };
  }
  if (first.kind === "barrier") workgroup.accesses = new AccessLog();
  return true;
}

/** What an invocation gets from the one whose place in the subgroup differs by the mask; NaN where there is none, for WebGPU leaves it open. */
function shuffled(
  waits: readonly (Wait | undefined)[],
  index: number,
  { mask, value }: Extract<Wait, { kind: "shuffle" }>,
  options: RunOptions,
): readonly number[] {
  const place = placeInSubgroup(index, options) ^ mask;
  const firstOfSubgroup = index - (index % options.subgroupSize);
  const subgroup = waits.slice(firstOfSubgroup, firstOfSubgroup + options.subgroupSize);
  const other = subgroup.find((_, offset) => placeInSubgroup(firstOfSubgroup + offset, options) === place);
  return other?.kind === "shuffle" ? other.value : value.map(() => Number.NaN);
}

const allWorkgroups = ([x, y, z]: readonly [number, number, number]): number[][] =>
  Array.from({ length: x * y * z }, (_, index) => [index % x, Math.floor(index / x) % y, Math.floor(index / (x * y))]);

const bits = new DataView(new ArrayBuffer(4));

/** Values are numbers (f32), bigints (u32), booleans, arrays of them (vectors, matrices of columns, arrays) and objects (structs). */
const arithmetic = {
  copied: (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(arithmetic.copied)
      : typeof value === "object" && value !== null && !("memory" in value)
        ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, arithmetic.copied(member)]))
        : value,
  zeroMatrix: ({ rows, columns }: Sides): SubgroupMatrix =>
    Array.from({ length: Number(rows) }, () => new Array<number>(Number(columns)).fill(0)),
  subgroupMatrixMultiplyAccumulate: (
    left: SubgroupMatrix,
    right: SubgroupMatrix,
    sums: SubgroupMatrix,
  ): SubgroupMatrix =>
    sums.map((values, row) =>
      values.map((sum, column) =>
        Math.fround(left[row]!.reduce((total, value, inner) => total + value * right[inner]![column]!, sum)),
      ),
    ),
  filled: (count: bigint, value: () => unknown): unknown[] => Array.from({ length: Number(count) }, value),
  struct: (names: readonly string[], values: readonly unknown[]): unknown =>
    Object.fromEntries(names.map((name, index) => [name, arithmetic.copied(values[index])])),
  vec4: (...values: readonly number[]): number[] =>
    values.length === 4 ? [...values] : new Array<number>(4).fill(values[0] ?? 0),
  member: (value: unknown, name: string, component: number): unknown =>
    Array.isArray(value) ? value[component] : (value as Record<string, unknown>)[name],
  binary(operator: string, left: unknown, right: unknown): unknown {
    if (Array.isArray(left) || Array.isArray(right)) {
      const length = (Array.isArray(left) ? left : (right as unknown[])).length;
      const at = (value: unknown, index: number): unknown => (Array.isArray(value) ? value[index] : value);
      return Array.from({ length }, (_, index) => arithmetic.binary(operator, at(left, index), at(right, index)));
    }
    if (typeof left !== typeof right) throw new TypeError(`${typeof left} ${operator} ${typeof right}`);
    const [a, b] = [left as number, right as number];
    switch (operator) {
      case "+":
        return wrapped(a + b);
      case "-":
        return wrapped(a - b);
      case "*":
        return wrapped(a * b);
      case "/":
        return wrapped(a / b);
      case "%":
        return wrapped(a % b);
      case "&":
        return wrapped((left as unknown as number) & b);
      case "|":
        return wrapped((left as unknown as number) | b);
      case "^":
        return wrapped((left as unknown as number) ^ b);
      case "==":
        return a === b;
      case "!=":
        return a !== b;
      case "<":
        return a < b;
      case ">":
        return a > b;
      case "<=":
        return a <= b;
      case ">=":
        return a >= b;
      default:
        throw new TypeError(`no operator ${operator}`);
    }
  },
  unary(operator: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((element) => arithmetic.unary(operator, element));
    if (operator === "!") return !value;
    if (operator === "~") return ~(value as bigint) & mask32;
    return wrapped(-(value as number));
  },
  abs: (x: number): number => Math.abs(x),
  exp: (x: number): number => Math.exp(x),
  log: (x: number): number => Math.log(x),
  sign: (x: number): number => Math.sign(x),
  min: (a: number, b: number): number => (a < b ? a : b),
  max: (a: number, b: number): number => (a > b ? a : b),
  select: (whenFalse: unknown, whenTrue: unknown, condition: boolean): unknown => (condition ? whenTrue : whenFalse),
  fma: (a: unknown, b: unknown, c: unknown): unknown => arithmetic.binary("+", arithmetic.binary("*", a, b), c),
  transpose: (columns: readonly (readonly number[])[]): number[][] =>
    columns.map((_, row) => columns.map((column) => column[row]!)),
  bitcast(type: string, value: number | bigint): number | bigint {
    if (type === "u32") {
      bits.setFloat32(0, value as number);
      return BigInt(bits.getUint32(0));
    }
    bits.setUint32(0, Number(value));
    return bits.getFloat32(0);
  },
};

/** The result of an operation in its type: f32, or u32 as a bigint. */
const wrapped = (value: number): unknown =>
  typeof value === "bigint" ? (value as bigint) & mask32 : Math.fround(value);
