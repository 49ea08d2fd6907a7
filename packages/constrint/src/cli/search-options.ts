import type { Argv } from "yargs";
import { VALUE_CHOICES, VARIABLE_CHOICES, type ValueChoice, type VariableChoice } from "../model/branching.js";
import type { Model } from "../model/model.js";
import { SEARCH_ENGINES, type SearchEngine, type SolveOptions } from "../model/solve-options.js";
import type { ProgressOptions } from "../search/progress.js";
import { RESTART_SEQUENCES, type RestartOptions } from "../search/restarts.js";
import { UsageError } from "./command-error.js";
import { checkedInteger, checkedNumber } from "./options.js";

const GROUP = "Search:";

/** What the command line says of the search. */
export interface SearchArguments {
  readonly engine: SearchEngine | undefined;
  readonly choose: VariableChoice | undefined;
  readonly value: ValueChoice | undefined;
  readonly restarts: string | undefined;
  readonly seed: number | undefined;
  readonly timeLimit: number | undefined;
  readonly nodeLimit: number | undefined;
  readonly failureLimit: number | undefined;
}

/** Adds the options of {@link SearchArguments} to a command. */
export function addSearchOptions<T>(command: Argv<T>): Argv<T> {
  const text = { type: "string", requiresArg: true, group: GROUP } as const;
  const number = { type: "number", requiresArg: true, group: GROUP } as const;
  return command
    .option("engine", {
      ...text,
      choices: SEARCH_ENGINES,
      describe: "Depth first, learning from conflicts, or by turns",
    })
    .option("choose", { ...text, choices: VARIABLE_CHOICES, describe: "Which variable to decide next, after --order" })
    .option("value", { ...text, choices: VALUE_CHOICES, describe: "Which of its values to try first" })
    .option("restarts", {
      ...text,
      describe: `Begin again after some failures: ${RESTART_SEQUENCES.join(", ")}[:SCALE]`,
    })
    .option("seed", { ...number, describe: "Where random choices start from" })
    .option("time-limit", { ...number, describe: "Stop after this many seconds" })
    .option("node-limit", { ...number, describe: "Stop after this many decisions" })
    .option("failure-limit", { ...number, describe: "Stop after this many dead ends" }) as unknown as Argv<T>;
}

/** The options of a search in the model's terms. */
export function searchOptions(found: SearchArguments, model: Model): Omit<SolveOptions, keyof ProgressOptions> {
  const { engine, choose, value, restarts } = found;
  const isBranching = choose !== undefined || value !== undefined;
  return {
    ...(engine === undefined ? {} : { engine }),
    ...(isBranching ? { branching: [{ variables: model.variables, choose, value }] } : {}),
    restarts: restarts === undefined ? undefined : parseRestarts(restarts),
    seed: checkedInteger("--seed", found.seed),
    timeLimitSeconds: checkedNumber("--time-limit", found.timeLimit),
    nodeLimit: checkedNumber("--node-limit", found.nodeLimit),
    failureLimit: checkedNumber("--failure-limit", found.failureLimit),
  };
}

function parseRestarts(text: string): RestartOptions {
  const [name, scale, ...rest] = text.split(":");
  const sequence = RESTART_SEQUENCES.find((known) => known === name);
  if (sequence === undefined || rest.length > 0 || (scale !== undefined && !/^[1-9]\d*$/.test(scale))) {
    const expected = `one of ${RESTART_SEQUENCES.join(", ")}, and if wanted :FAILURES`;
    throw new UsageError(`--restarts: expected ${expected}, found ${JSON.stringify(text)}`);
  }
  return { sequence, scale: scale === undefined ? undefined : Number(scale) };
}
