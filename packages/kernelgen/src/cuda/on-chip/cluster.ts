import { clusterExchange } from "../exchange/cluster-exchange.js";
import { onChipFamily } from "./on-chip-family.js";

/** R spread over the registers and shared memory of a thread block cluster for each head and batch tile. For middle heads, sm_90 and later. */
export const clusterFamily = onChipFamily("cluster", clusterExchange);
