import { constant, type IntExpr } from "constrint";
import { dataTypeBytes } from "../../plan/data-type.js";
import { plus, times } from "../../plan/integer-expressions.js";
import { type KernelParts, landsInPartials } from "./kernel-parts.js";

/**
 * Registers for addresses, loop counters and the pointwise step's temporaries: what remains when all else is counted, and as much more that
 * hardly a kernel needs more than its estimate (bench/results, "Registers").
 */
const scratchRegisters = 37;
/** Registers of a thread for the sum over the blocks that share the inner dimension. */
const blocksSumRegisters = 10;
/** Registers of a slot's offsets into inputs and outputs. */
const slotAddressRegisters = 6;

/** The registers of a thread, estimated: those of R, of the product, of inputs on their way, of states, and of results until they are stored. */
export function estimatedRegisters(parts: KernelParts): IntExpr {
  const { problem, traffic, product, exchange, exchanged, blocksSum, ownSlots, prefetchSteps } = parts;
  const { unitsPerThread } = product;
  const packedRegisters: IntExpr = dataTypeBytes[problem.dataType] < 4 ? constant(1) : unitsPerThread;
  const prefetchRegisters = times(
    plus(packedRegisters.times(traffic.elementReads), unitsPerThread.times(traffic.floatReads)),
    ownSlots,
    prefetchSteps,
  );
  const heldValues = times(packedRegisters, ownSlots, traffic.heldWrites);
  // Where R takes all that is left, what is held finds half of its registers among those that the sums were in (seen in ptxas).
  const heldRegisters = landsInPartials(parts) ? heldValues.plus(1).dividedBy(2) : heldValues;
  const stateRegisters = times(ownSlots, unitsPerThread, traffic.keptFloats);
  return plus(
    product.matrixRegisters,
    product.workRegisters,
    prefetchRegisters,
    stateRegisters,
    heldRegisters,
    ownSlots.times(slotAddressRegisters),
    constant(scratchRegisters + exchange.registers),
    blocksSum === undefined ? 0 : times(blocksSum.splits, blocksSumRegisters),
    exchanged.transferRegisters ?? 0,
  );
}
