import { parseArgs } from "node:util";

/** What the command line of `fzn-constrint` asks. @internal */
export interface CommandOptions {
  /** The FlatZinc file; - for standard input. */
  readonly file: string;
  readonly help: boolean;
  readonly version: boolean;
  readonly allSolutions: boolean;
  readonly freeSearch: boolean;
  /** The most solutions to print. */
  readonly solutionLimit: number | undefined;
  readonly seed: number | undefined;
  readonly statistics: boolean;
  readonly timeLimitMilliseconds: number | undefined;
  readonly verbose: boolean;
}

/** An error in how the command was called. @internal */
export class UsageError extends Error {}

/** The text of `--help`. @internal */
export const HELP = `Usage: fzn-constrint [options] FILE.fzn

Solves a FlatZinc problem of integers and booleans; - reads it from standard input.

  -a, --all-solutions   print every solution, or every improvement on the way to the optimum
  -n, --num-solutions N stop after N solutions, or N improvements
  -f, --free-search     ignore the file's search annotations: weighted degree (dom_w_deg), and restarts
  -r, --random-seed N   seed of random choices (indomain_random)
  -s, --statistics      print %%%mzn-stat: lines after the answer
  -t, --time-limit MS   stop after this many milliseconds
  -v, --verbose         say on standard error what is done
  -h, --help            print this text
      --version         print the version of constrint

Search annotations: int_search, bool_search and seq_search with the choices of MiniZinc 2.6, and restart_luby, restart_geometric,
restart_linear, restart_constant. -v names what was replaced (impact, by the variables' activity). Where a
linear relaxation bounds the objective better than propagation, its order of variables comes first.

Exit codes: 0 answered (also UNSATISFIABLE and UNKNOWN), 2 error in the command line or the file.
`;

/** Reads the command line's arguments. @internal */
export function parseOptions(argv: readonly string[]): CommandOptions {
  const { values, positionals } = parse(argv);
  const help = values.help === true;
  const version = values.version === true;
  const [file, ...others] = positionals;
  const options = {
    file: file ?? "-",
    help,
    version,
    allSolutions: values["all-solutions"] === true,
    freeSearch: values["free-search"] === true,
    solutionLimit: count("--num-solutions", values["num-solutions"], 1),
    seed: count("--random-seed", values["random-seed"], 0),
    statistics: values.statistics === true,
    timeLimitMilliseconds: count("--time-limit", values["time-limit"], 0),
    verbose: values.verbose === true,
  };
  // After the options: -nope is the option -n with the value "ope", and a value that follows it no file.
  if (!help && !version && (file === undefined || others.length > 0)) {
    throw new UsageError(`expected one FILE, or - for standard input, found ${positionals.length}`);
  }
  return options;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        "all-solutions": { type: "boolean", short: "a" },
        "num-solutions": { type: "string", short: "n" },
        "free-search": { type: "boolean", short: "f" },
        "random-seed": { type: "string", short: "r" },
        statistics: { type: "boolean", short: "s" },
        "time-limit": { type: "string", short: "t" },
        verbose: { type: "boolean", short: "v" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    // Node goes on about arguments that begin with a minus, of which there are none here.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${message.replace(/\. To specify .*$/s, "")} (see fzn-constrint --help)`);
  }
}

function count(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${name}: expected an integer ≥ ${least}, found ${JSON.stringify(text)}`);
}
