import { join } from "node:path";
import { type FlatZincSolver, root } from "./flatzinc-peer.js";

/** fzn-constrint in its default settings. */
export const constrint: FlatZincSolver = {
  id: "constrint",
  name: "constrint",
  configuration: () => join(root, "packages/constrint/share/minizinc/constrint.msc"),
  command: (file, { question }, limitSeconds) => [
    process.execPath,
    join(root, "packages/constrint/bin/fzn-constrint.js"),
    "-s",
    "-t",
    `${1000 * limitSeconds}`,
    ...(question === "all" ? ["-a"] : []),
    file,
  ],
};
