import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FlatZincSolver } from "./flatzinc-peer.js";

/** Where Debian's package `gecode` puts its MiniZinc library. */
const LIBRARY = "/usr/share/minizinc/gecode";

/**
 * Native Gecode with its own global constraints.
 *
 * Debian's MiniZinc looks for `fzn_all_different_int.mzn` in a solver's library, and Gecode's package names that file after
 * MiniZinc's older convention, so that as packaged allDifferent is decomposed into pairwise disequalities. For a fair
 * comparison the library is copied with that file under the expected name, and without `count.mzn`, which hides MiniZinc's own.
 */
export const gecode: FlatZincSolver = {
  id: "gecode",
  name: "Gecode",
  configuration: (folder) => {
    const library = join(folder, "gecode-library");
    cpSync(LIBRARY, library, { recursive: true });
    rmSync(join(library, "all_different_int.mzn"));
    rmSync(join(library, "count.mzn"));
    writeFileSync(
      join(library, "fzn_all_different_int.mzn"),
      "predicate gecode_all_different_int(array[int] of var int: x);\n" +
        "predicate fzn_all_different_int(array[int] of var int: x) = gecode_all_different_int(x);\n",
    );
    const configuration = join(folder, "gecode-with-globals.msc");
    writeFileSync(
      configuration,
      JSON.stringify({
        id: "bench.gecode",
        name: "Gecode with its globals",
        version: "6.2.0",
        mznlib: library,
        executable: "/usr/bin/fzn-gecode",
        stdFlags: ["-a", "-n", "-s", "-t"],
        supportsMzn: false,
        supportsFzn: true,
        needsSolns2Out: true,
      }),
    );
    return configuration;
  },
  command: (file, { question }, limitSeconds) => [
    "fzn-gecode",
    "-s",
    "-time",
    `${1000 * limitSeconds}`,
    ...(question === "all" ? ["-a"] : []),
    file,
  ],
};
