import { blockExchange } from "../exchange/block-exchange.js";
import { onChipFamily } from "./on-chip-family.js";

/** R in the registers and shared memory of one block for each head and batch tile; the whole time loop inside. For small heads. */
export const residentFamily = onChipFamily("resident", blockExchange);
