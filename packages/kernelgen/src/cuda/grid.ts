import { forwardFamily } from "./forward.js";
import { gridExchange } from "./grid-exchange.js";

/** R spread over the registers and shared memory of many blocks, which exchange the state through L2. For large heads. */
export const gridFamily = forwardFamily("grid", gridExchange);
