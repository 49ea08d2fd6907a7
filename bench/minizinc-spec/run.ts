/**
 * Runs MiniZinc's specification tests with `minizinc --solver constrint`:
 *
 *   node bench/dist/minizinc-spec/run.js FOLDER [PART-OF-A-NAME …]
 *
 * A test may take TIME_LIMIT_SECONDS (environment), 30 unless told.
 *
 * FOLDER is `tests/spec` of a checkout of github.com/MiniZinc/libminizinc at the version of the installed minizinc. Prints
 * counts, and every test that did not pass with its reason. A solution that differs from the expected ones, of which a model
 * may have more than its test lists, is checked by Gecode.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Json, type JsonSolution, matchesSolution } from "./compare.js";
import { type Node, readDocuments } from "./yaml.js";

const TIME_LIMIT_SECONDS = Number(process.env.TIME_LIMIT_SECONDS ?? 30);
const PROCESSES = 2;
const SOLVER = fileURLToPath(new URL("../../../packages/constrint/share/minizinc/constrint.msc", import.meta.url));

/**
 * How a test ended; only `failed` is a failure of the solver. `not checked`: the model has more solutions than its test lists, and
 * Gecode cannot read the one found.
 */
const OUTCOMES = [
  "passed",
  "passed by Gecode's check",
  "not checked",
  "not for this solver",
  "unsupported",
  "failed",
] as const;

interface Outcome {
  readonly outcome: (typeof OUTCOMES)[number];
  readonly reason: string;
}

/** A test case of a file's header. */
interface Case {
  readonly name: string;
  readonly file: string;
  readonly type: string;
  readonly solvers: readonly string[] | undefined;
  readonly extraFiles: readonly string[];
  readonly options: readonly (readonly [string, string | number | boolean | null])[];
  readonly expected: readonly Node[];
}

/** What minizinc printed. */
interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly isTimedOut: boolean;
}

const [folder, ...parts] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node bench/dist/minizinc-spec/run.js FOLDER [PART-OF-A-NAME …]");
const workFolder = mkdtempSync(join(tmpdir(), "minizinc-spec-"));

const cases = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".mzn"))
  .sort()
  .flatMap((path) => casesOf(join(folder, path)))
  .filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
const results = new Map<string, Outcome>();
const queue = cases.entries();
await Promise.all(Array.from({ length: PROCESSES }, () => work()));
report();
rmSync(workFolder, { recursive: true });

async function work(): Promise<void> {
  for (const [, testCase] of queue) results.set(testCase.name, await run(testCase));
}

// ---------------------------------------------------------------------------------------------------------------- headers

function casesOf(file: string): Case[] {
  const header = /^\/\*\*\*\n([\s\S]*?)\n\*\*\*\//.exec(readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
  if (header === null) return [];
  return readDocuments(header[1]!).map((document, i) => {
    const fields = asMap(document);
    const list = (name: string): string[] | undefined => {
      const field = fields.get(name);
      if (field === undefined) return undefined;
      return Array.isArray(field.value) ? field.value.map((item: Node) => String(item.value)) : [String(field.value)];
    };
    const expected = fields.get("expected");
    return {
      name: `${relative(folder!, file)}#${i}`,
      file,
      type: String(fields.get("type")?.value ?? "solve"),
      solvers: list("solvers"),
      extraFiles: list("extra_files") ?? [],
      options: [...asMap(fields.get("options"))].map(([name, { value }]) => [name, value as never]),
      expected:
        expected === undefined
          ? []
          : expected.tag === undefined && Array.isArray(expected.value)
            ? expected.value
            : [expected],
    };
  });
}

function asMap(node: Node | undefined): ReadonlyMap<string, Node> {
  return node?.value instanceof Map ? node.value : new Map();
}

// ---------------------------------------------------------------------------------------------------------------- running

async function run(testCase: Case): Promise<Outcome> {
  const { type, solvers, file } = testCase;
  if (type !== "solve") return { outcome: "not for this solver", reason: `tests the compiler's output (${type})` };
  if (solvers !== undefined && !solvers.some((solver) => solver === "gecode" || solver === "chuffed")) {
    return { outcome: "not for this solver", reason: `written for ${solvers.join(", ") || "no solver"}` };
  }
  const files = [file, ...testCase.extraFiles.map((extra) => join(dirname(file), extra))];
  if (files.some((path) => path.endsWith(".mpc") && readFileSync(path, "utf8").includes("backend-flags"))) {
    return { outcome: "not for this solver", reason: "passes a flag to Gecode" };
  }
  const output = await minizinc([...solveArguments(testCase), "--solver", SOLVER, ...files]);
  if (output.isTimedOut) return { outcome: "failed", reason: `no answer within ${TIME_LIMIT_SECONDS} s` };
  const unsupported =
    /(?:float|set) variables are not supported|constraint \w+ is not supported|floats are not supported/.exec(
      output.stderr,
    );
  if (unsupported !== null) return { outcome: "unsupported", reason: unsupported[0] };
  return judge(testCase, output, files);
}

function solveArguments({ options }: Case): string[] {
  return ["--output-mode", "json", "--output-objective", "--output-output-item"].concat(
    options.flatMap(([name, value]) => {
      if (value === false) return [];
      if (name === "all_solutions") return ["-a"];
      if (name === "nr_solutions") return ["-n", String(value)];
      const flag = name.startsWith("-") ? name : `--${name}`;
      return value === true ? [flag] : [flag, String(value)];
    }),
  );
}

function minizinc(args: readonly string[]): Promise<Output> {
  return new Promise((resolve) => {
    const options = {
      encoding: "utf8",
      timeout: 1000 * TIME_LIMIT_SECONDS,
      maxBuffer: 2 ** 28,
      cwd: join(folder!, ".."),
    } as const;
    execFile("minizinc", args, options, (error, stdout, stderr) => {
      resolve({ stdout, stderr, isTimedOut: error?.killed === true });
    });
  });
}

// ---------------------------------------------------------------------------------------------------------------- judging

async function judge(testCase: Case, output: Output, files: readonly string[]): Promise<Outcome> {
  const { expected } = testCase;
  const message = output.stderr.trim();
  const errors = expected.filter(({ tag }) => tag === "!Error");
  const solutions = solutionsIn(output.stdout);
  const status = statusOf(output.stdout, solutions);
  if (status === undefined) {
    if (errors.some((error) => matchesError(error, message)))
      return { outcome: "passed", reason: "the expected error" };
    return { outcome: "failed", reason: `error: ${message.split("\n").slice(0, 3).join(" / ") || "no answer"}` };
  }
  if (errors.length === expected.length && expected.length > 0) {
    return { outcome: "failed", reason: `expected an error, found ${status}` };
  }
  for (const result of expected) {
    if (matchesResult(result, status, solutions)) return { outcome: "passed", reason: "" };
  }
  const expectedStatus = String(asMap(expected.find(({ tag }) => tag === "!Result")).get("status")?.value ?? "any");
  if (solutions.length === 0 || !isSameStatus(expectedStatus, status)) {
    return { outcome: "failed", reason: `expected ${expectedStatus}, found ${status}` };
  }
  return checkedByGecode(files, testCase, solutions);
}

function solutionsIn(stdout: string): JsonSolution[] {
  return stdout
    .split(/^-{10}$/m)
    .slice(0, -1)
    .map((text) => {
      const { _objective, _output, ...fields } = JSON.parse(
        text.replaceAll(/^%.*$/gm, "").replaceAll(/^={10}$/gm, ""),
      ) as JsonSolution;
      return {
        ...fields,
        ...(_objective === undefined ? {} : { objective: _objective }),
        ...(_output === undefined ? {} : { _output_item: _output }),
      };
    });
}

function statusOf(stdout: string, solutions: readonly unknown[]): string | undefined {
  if (stdout.includes("=====UNSATISFIABLE=====")) return "UNSATISFIABLE";
  if (stdout.includes("=====UNKNOWN=====")) return "UNKNOWN";
  if (solutions.length === 0) return undefined;
  return /^={10}$/m.test(stdout) ? "COMPLETE" : "SATISFIED";
}

/** A complete search for one solution has found it to be all or the best, whatever the test asks for. */
function isSameStatus(expected: string, actual: string): boolean {
  if (expected === "any") return true;
  if (actual === "COMPLETE") return ["SATISFIED", "ALL_SOLUTIONS", "OPTIMAL_SOLUTION"].includes(expected);
  return expected === actual;
}

function matchesResult(result: Node, status: string, solutions: readonly JsonSolution[]): boolean {
  const fields = asMap(result);
  if (!isSameStatus(String(fields.get("status")?.value ?? "any"), status)) return false;
  const expected = fields.get("solution");
  if (expected === undefined || expected.value === null) return true;
  if (expected.tag === "!SolutionSet") {
    const items = expected.value as readonly Node[];
    return solutions.every((solution) => items.some((item) => matchesSolution(item, solution)));
  }
  if (expected.tag === undefined && Array.isArray(expected.value)) {
    const items = expected.value as readonly Node[];
    // In any order: which solution comes first is the solver's choice.
    const open = [...items];
    for (const solution of solutions) {
      const found = open.findIndex((item) => matchesSolution(item, solution));
      if (found < 0) return false;
      open.splice(found, 1);
    }
    return open.length === 0;
  }
  const last = solutions.at(-1);
  return last !== undefined && matchesSolution(expected, last);
}

/** The tests' messages are those of the class library of Python, which starts with the place; they are looked for anywhere. */
function matchesError(error: Node, message: string): boolean {
  const regex = asMap(error).get("regex")?.value;
  if (typeof regex === "string") return new RegExp(regex, "ms").test(message);
  return message !== "";
}

// ------------------------------------------------------------------------------------------------------- checks by Gecode

async function checkedByGecode(
  files: readonly string[],
  testCase: Case,
  solutions: readonly JsonSolution[],
): Promise<Outcome> {
  for (const [i, solution] of solutions.entries()) {
    const constraints = Object.entries(solution)
      .filter(([name]) => name !== "objective" && name !== "_output_item")
      .map(([name, value]) => fixed(name, value));
    if (constraints.length === 0) return { outcome: "failed", reason: `differs: ${JSON.stringify(solution)}` };
    const model = join(workFolder, `${testCase.name.replaceAll(/\W/g, "_")}-${i}.mzn`);
    writeFileSync(model, constraints.join("\n"));
    const { stdout, stderr } = await minizinc([
      "--solver",
      "gecode",
      "-G",
      "std",
      "--output-mode",
      "json",
      ...files,
      model,
    ]);
    if (stderr.includes("invalid integer literal")) {
      return { outcome: "not checked", reason: `beyond Gecode's integers: ${JSON.stringify(solution).slice(0, 200)}` };
    }
    if (!stdout.includes("----------")) {
      const reason = stdout.includes("UNSATISFIABLE")
        ? "Gecode finds it wrong"
        : `Gecode does not answer: ${stderr.trim().split("\n")[0]}`;
      return {
        outcome: "failed",
        reason: `differs from what is expected: ${JSON.stringify(solution).slice(0, 200)}; ${reason}`,
      };
    }
  }
  const isCounted = testCase.options.some(([name, value]) => name === "all_solutions" && value === true);
  if (isCounted)
    return { outcome: "failed", reason: `not the expected set of ${solutions.length} solutions, each of them correct` };
  return { outcome: "passed by Gecode's check", reason: "another solution than expected" };
}

/** A MiniZinc constraint that says that a field has this value. */
function fixed(name: string, value: Json): string {
  return Array.isArray(value)
    ? `constraint array1d(${name}) = [${(value as readonly Json[]).flat(8).map(literal).join(", ")}];`
    : `constraint ${name} = ${literal(value)};`;
}

function literal(value: Json): string {
  if (value === null) return "<>";
  if (typeof value === "object" && "e" in value) return String(value.e);
  if (typeof value === "object" && "set" in value) {
    const items = (value.set as readonly Json[]).flatMap((item) =>
      Array.isArray(item)
        ? Array.from({ length: Number(item[1]) - Number(item[0]) + 1 }, (_, i) => Number(item[0]) + i)
        : [item],
    );
    return `{${items.map(literal).join(", ")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

// ---------------------------------------------------------------------------------------------------------------- report

function report(): void {
  const counts = new Map<string, number>();
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { name } of cases) {
    const { outcome, reason } = results.get(name)!;
    count(outcome);
    if (outcome === "unsupported" || outcome === "not for this solver") count(`${outcome}: ${reason}`);
    if (reason !== "" && outcome !== "passed") console.log(`${outcome}\t${name}\t${reason}`);
  }
  console.log(`\n${cases.length} tests`);
  for (const outcome of OUTCOMES) {
    console.log(`${String(counts.get(outcome) ?? 0).padStart(5)} ${outcome}`);
    for (const [key, number] of counts) {
      if (key.startsWith(`${outcome}: `))
        console.log(`${String(number).padStart(10)} ${key.slice(outcome.length + 2)}`);
    }
  }
}
