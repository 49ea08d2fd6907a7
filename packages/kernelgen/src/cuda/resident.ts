import { blockExchange } from "./block-exchange.js";
import { forwardFamily } from "./forward.js";

/** R in the registers and shared memory of one block for each head and batch tile; the whole time loop inside. For small heads. */
export const residentFamily = forwardFamily("resident", blockExchange);
