import type { SumsText } from "../product/own-sums-source.js";
import { blockPlaceSource } from "./block-place-source.js";
import type { KernelText } from "./kernel-text.js";

/**
 * C++ with which the kernels of both passes begin: the block's part of the problem, the layout of its shared memory, its part of R, and
 * what it talks to other blocks with.
 *
 * @param operand what the tiles in shared memory hold, for the comment
 * @param matrix the `Matrix` that the product loads
 * @param lastReceive the statement that declares `last_receive`
 */
export const kernelStartSource = (
  operand: string,
  matrix: string,
  lastReceive: string,
  sums: SumsText,
  exchange: KernelText,
): string => `${blockPlaceSource(exchange.blockIndex)}

  // Shared memory: the tiles of ${operand}, the partial sums, what the exchange needs, the part of R that is not in registers.
  unsigned char* shared = shared_memory();
  Element* shared_state = reinterpret_cast<Element*>(shared);
  [[maybe_unused]] PartialWord* shared_partial = reinterpret_cast<PartialWord*>(shared + STATE_BYTES);
  Product product;
  product.load(${matrix}, first_unit, first_inner,
               shared + STATE_BYTES + PARTIAL_BYTES + EXCHANGE_SHARED_BYTES + CLUSTER_SUM_BYTES${exchange.productMemory});
  ${sums.declaration}
  [[maybe_unused]] ${lastReceive}
  ${exchange.declaration}`;
