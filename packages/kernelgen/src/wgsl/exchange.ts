import { KernelgenError } from "../errors.js";
import type { Problem } from "../plan/problem.js";

const wordBytes = Uint32Array.BYTES_PER_ELEMENT;

/** The words before the exchanged state: how many reads gave up. */
const statusWords = 1;

/** The buffer through which workgroups of a grid kernel tell each other h. */
export interface ExchangeBuffer {
  /** The name of the module's variable. */
  readonly name: string;
  readonly bytes: number;
  /** The bytes at its beginning that hold the status, a u32: 0 where every state arrived. */
  readonly statusBytes: number;
}

/**
 * The exchange buffer of a problem: the status, and h of two steps [2,B,N·D]. Before a sequence all of it must be zero; before a further part
 * of one, all but the status.
 */
export const exchangeBuffer = ({ batch, heads, headDim }: Problem): ExchangeBuffer => ({
  name: "exchange",
  bytes: (statusWords + 2 * batch * heads * headDim) * wordBytes,
  statusBytes: statusWords * wordBytes,
});

/**
 * Throws `KernelgenError` "no-forward-progress" if the status of an exchange, the first word of its buffer, says that reads gave up: what
 * was computed is then wrong.
 */
export function requireArrivals(status: ArrayBuffer): void {
  const [givenUp] = new Uint32Array(status, 0, statusWords);
  if (givenUp === 0) return;
  throw new KernelgenError(
    "no-forward-progress",
    `${givenUp} reads of the state gave up after ${mostLooks} looks: the workgroups did not run at the same time, which WebGPU does not promise; plan without assuming forward progress`,
  );
}

/**
 * The most looks at one value of the state before an invocation gives up. A look takes well below a microsecond on a GPU, so a workgroup
 * that cannot run at the same time is found out within a second.
 */
const mostLooks = 2 ** 19;
/** From one look at whether another invocation has given up to the next. */
const looksBetweenStatus = 256;

/**
 * WGSL of the exchange. A value travels in one atomic word with a bit that tells when it was written, so that nothing depends on the order
 * in which writes to different words become visible, which WebGPU leaves open.
 *
 * A step writes to one of two places in turn. What was there is two steps older and carries the other bit: its readers are done with it,
 * since the writer has seen the values of the step between, and each of those was written after its workgroup had read the older ones.
 */
export const exchangeSource = (
  binding: number,
): string => `// How many reads gave up, and h as it travels between workgroups: [2][B][N][D].
@group(0) @binding(${binding}) var<storage, read_write> exchange: array<atomic<u32>>;

// h travels times 2^-64. So the bit below the sign, the highest of the exponent, is zero for |h| < 2^65, and free to tell the time.
const EXCHANGE_SCALE = 0x1p-64f;
const TIME_BIT = 0x40000000u;

// The looks that an invocation has left for the value that it waits for; none once it has given up.
const MOST_LOOKS = ${mostLooks}u;
const LOOKS_BETWEEN_STATUS = ${looksBetweenStatus}u;
var<private> patience: u32 = MOST_LOOKS;

fn exchange_index(step: u32, sequence: u32, layer_unit: u32) -> u32 {
  return ${statusWords}u + ((step % 2u) * BATCH + sequence) * LAYER_DIM + layer_unit;
}

// The time bit of a step: that of the zeros before is not the first steps'.
fn time_bit(step: u32) -> u32 {
  return select(0u, TIME_BIT, (step / 2u) % 2u == 0u);
}

fn send(slot: Slot, step: u32, value: f32) {
  let word = (bitcast<u32>(value * EXCHANGE_SCALE) & ~TIME_BIT) | time_bit(step);
  atomicStore(&exchange[exchange_index(step, slot.sequence, slot.layer_unit)], word);
}

// Waits for h of a step; gives up and counts that where it does not come.
fn receive(step: u32, sequence: u32, layer_unit: u32) -> f32 {
  let index = exchange_index(step, sequence, layer_unit);
  let expected = time_bit(step);
  var word = atomicLoad(&exchange[index]);
  for (var looks = 1u; looks <= patience && (word & TIME_BIT) != expected; looks++) {
    word = atomicLoad(&exchange[index]);
    // Where one has given up, what the others wait for may never come.
    if (looks % LOOKS_BETWEEN_STATUS == 0u && atomicLoad(&exchange[0]) != 0u) { patience = 0u; }
  }
  if ((word & TIME_BIT) != expected) {
    patience = 0u;
    atomicAdd(&exchange[0], 1u);
  }
  return bitcast<f32>(word & ~TIME_BIT) / EXCHANGE_SCALE;
}`;
