/**
 * The part of WebAssembly's binary format (WebAssembly Core Specification 1.0, section 5) that programs over numbers in memory need:
 * instructions as bytes, put together like expressions, and modules of functions.
 *
 * @internal
 */

/** Instructions, which leave what they compute on the stack. */
export type Code = readonly number[];

export type ValueType = "i32" | "f64";

const typeBytes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c };
/** A block that leaves nothing on the stack. */
const noResult = 0x40;

/** An integer ≥ 0 in LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** An integer of 32 bits in signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40 || rest >= 0x40; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest & 0x7f);
  return bytes;
}

type Unary = (operand: Code) => Code;
type Binary = (left: Code, right: Code) => Code;

const unary =
  (opcode: number): Unary =>
  (operand) => [...operand, opcode];

const binary =
  (opcode: number): Binary =>
  (left, right) => [...left, ...right, opcode];

/** Integers of 32 bits, which are also addresses and truth values. */
export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  load: (address: Code, offset: number): Code => [...address, 0x28, 2, ...unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x36, 2, ...unsigned(offset)],
  isZero: unary(0x45),
  isEqual: binary(0x46),
  isNotEqual: binary(0x47),
  isGreater: binary(0x4a),
  /** ≥ of addresses, which have no sign. */
  isNotBelow: binary(0x4f),
  add: binary(0x6a),
  subtract: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  double: (value: Code): Code => [...value, 0x41, 1, 0x74],
  half: (value: Code): Code => [...value, 0x41, 1, 0x76],
} as const;

/** Doubles, with JavaScript's arithmetic. */
export const f64 = {
  constant: (value: number): Code => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)],
  load: (address: Code, offset: number): Code => [...address, 0x2b, 3, ...unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x39, 3, ...unsigned(offset)],
  isEqual: binary(0x61),
  isLess: binary(0x63),
  isGreater: binary(0x64),
  isAtMost: binary(0x65),
  isAtLeast: binary(0x66),
  abs: unary(0x99),
  ceil: unary(0x9b),
  floor: unary(0x9c),
  add: binary(0xa0),
  subtract: binary(0xa1),
  multiply: binary(0xa2),
  divide: binary(0xa3),
  min: binary(0xa4),
  max: binary(0xa5),
} as const;

/** A parameter or local variable of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

const local = (index: number): Local => ({
  get: [0x20, ...unsigned(index)],
  set: (value) => [...value, 0x21, ...unsigned(index)],
});

export const sequence = (...parts: readonly Code[]): Code => parts.flat();

/** Does the first if the condition is not 0, else the second. */
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  noResult,
  ...then,
  ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]),
  0x0b,
];

/** Ends the function with a value. */
export const answer = (value: Code): Code => [...value, 0x0f];

/** Ends the function with 0 where the condition is 0. */
export const demand = (condition: Code): Code => when(i32.isZero(condition), answer(i32.constant(0)));

/** Does the body as long as the condition, which is evaluated after it, is not 0. */
export const repeatWhile = (body: Code, condition: Code): Code => [
  0x03,
  noResult,
  ...body,
  ...condition,
  0x0d,
  0,
  0x0b,
];

/** Does the body with the local at `from`, `from` + `step`, … below `to`; a negative step begins one step below `from` and ends at `to`. */
export function forEach(pointer: Local, from: Code, to: Code, step: number, body: Code): Code {
  const move = pointer.set(i32.add(pointer.get, i32.constant(step)));
  const isOver = step > 0 ? i32.isNotBelow(pointer.get, to) : i32.isNotBelow(to, pointer.get);
  const round = step > 0 ? [...body, ...move] : [...move, ...body];
  return [
    ...pointer.set(from),
    ...[0x02, noResult, 0x03, noResult],
    ...isOver,
    ...[0x0d, 1],
    ...round,
    ...[0x0c, 0, 0x0b, 0x0b],
  ];
}

/** A function of a module. It answers with an integer. */
export interface Func {
  /** Its number in the module. */
  readonly index: number;
}

interface FuncDefinition {
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** Names of variables and their types, in their order. */
type Variables = Readonly<Record<string, ValueType>>;

/** Calls a function. */
export const call = ({ index }: Func, ...operands: readonly Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsigned(index),
];

/** A module of functions over one memory, both exported: the memory as `memory`, functions by the names they are given. */
export class ModuleBuilder {
  private readonly functions: FuncDefinition[] = [];
  private readonly exported: (readonly [name: string, index: number])[] = [];

  /**
   * Adds a function that answers with an integer.
   *
   * @param body what it does, of its parameters and locals
   * @param name what it is exported as, if it is
   */
  add<P extends Variables, L extends Variables>(
    parameters: P,
    locals: L,
    body: (variables: Readonly<Record<keyof P | keyof L, Local>>) => Code,
    name?: string,
  ): Func {
    const names = [...Object.keys(parameters), ...Object.keys(locals)];
    const variables = Object.fromEntries(names.map((variable, index) => [variable, local(index)]));
    const index = this.functions.length;
    this.functions.push({
      parameters: Object.values(parameters),
      locals: Object.values(locals),
      body: body(variables as Record<keyof P | keyof L, Local>),
    });
    if (name !== undefined) this.exported.push([name, index]);
    return { index };
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const types = this.functions.map(({ parameters }) => [
      0x60,
      ...vector(parameters.map((type) => [typeBytes[type]])),
      ...vector([[typeBytes.i32]]),
    ]);
    const exports = this.exported.map(([name, index]) => [...nameBytes(name), 0, ...unsigned(index)]);
    const bodies = this.functions.map(({ locals, body }) => {
      const code = [...vector(locals.map((type) => [1, typeBytes[type]])), ...body, 0x0b];
      return [...unsigned(code.length), ...code];
    });
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, types),
      ...section(
        3,
        this.functions.map((_, index) => unsigned(index)),
      ),
      ...section(5, [[0, 1]]), // one page of memory to begin with
      ...section(7, [[...nameBytes("memory"), 2, 0], ...exports]),
      ...section(10, bodies),
    ]);
  }
}

const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];

function section(id: number, items: readonly Code[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}

const nameBytes = (name: string): number[] => vector(Array.from(name, (letter) => [letter.charCodeAt(0)]));
