import { gridExchange } from "../exchange/grid-exchange.js";
import { onChipFamily } from "./on-chip-family.js";

/** R spread over the registers and shared memory of many blocks, which exchange the state through L2. For large heads. */
export const gridFamily = onChipFamily("grid", gridExchange);
