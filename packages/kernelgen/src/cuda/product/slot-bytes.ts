import type { IntExpr } from "constrint";
import { times } from "../../plan/integer-expressions.js";
import { wordBytes } from "../word-bytes.js";

const floatBytes = 4;

/** Bytes of a lane's sums of a slot on their way between warps: whole words of 16 bytes, or fewer than three sums as one word of their size. */
export const slotBytes = (sumCount: number, unitsPerThread: IntExpr, slotWords: IntExpr): IntExpr =>
  sumCount < 3 ? times(unitsPerThread, sumCount, floatBytes) : times(slotWords, wordBytes);
