import { directExchange } from "./grid-exchange.js";
import { onChipFamily } from "./on-chip-family.js";

/** As the grid family, with the operand read by each warp for itself: backward passes of heads whose du does not fit a block. */
export const directFamily = onChipFamily("direct", directExchange);
