import { directExchange } from "../exchange/grid-exchange.js";
import { onChipFamily } from "./on-chip-family.js";

/** As the grid family, with the operand read by each warp for itself, which multiplies what has come while the rest travels. For large heads. */
export const directFamily = onChipFamily("direct", directExchange);
