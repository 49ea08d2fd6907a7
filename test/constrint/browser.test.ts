import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const built = fileURLToPath(new URL("../../packages/constrint/dist/", import.meta.url));

/** Where a browser is looked for; Debian's package is called chromium. */
const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];

const PAGE = `<!doctype html><title>constrint</title><pre id="answer">no answer</pre><script type="module">
import { allDifferent, Model, parseProgram, readFlatZinc } from "/index.js";
const answer = {};
const box = parseProgram("A * B * C == 360; A <= B; B <= C; minimize A + B + C");
answer.box = box.model.minimize(box.goal.expression).objective;
const queens = new Model();
const columns = Array.from({ length: 6 }, (_, i) => queens.int("q" + i, 1, 6));
queens.add(allDifferent(columns)).add(allDifferent(columns.map((q, i) => q.plus(i))));
queens.add(allDifferent(columns.map((q, i) => q.minus(i))));
answer.queens = queens.count().count;
answer.conflict = parseProgram("low: X >= 4; odd: X % 2 == 1; high: X <= 3").model
  .explainUnsatisfiable().constraints.map(({ name }) => name);
const { model, format } = readFlatZinc("var 2..9: x :: output_var; constraint int_times(x, x, 49); solve satisfy;");
answer.flatzinc = format(model.solve().solution);
document.getElementById("answer").textContent = JSON.stringify(answer);
</script>`;

test("the built modules solve in a browser, without a bundler", async (context) => {
  const browser = findBrowser();
  if (browser === undefined) context.skip(`constrint cannot be run in a browser here: none of ${BROWSERS.join(", ")}`);
  const server = createServer((request, response) => {
    const path = normalize(request.url ?? "/");
    const file = join(built, path);
    if (path === "/") response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    else if (existsSync(file)) response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(file));
    else response.writeHead(404).end();
  });
  const profile = mkdtempSync(join(tmpdir(), "constrint-browser-"));
  try {
    await listen(server);
    const { port } = server.address() as AddressInfo;
    const page = await renderedPage(browser as string, profile, `http://127.0.0.1:${port}/`);
    expect(JSON.parse(/<pre id="answer">(.*?)<\/pre>/s.exec(page)![1]!.replaceAll("&gt;", ">"))).toEqual({
      box: 22, // 5 + 8 + 9 and 6 + 6 + 10; 21 would need three factors next to the cube root of 360, 7.1
      queens: 4, // OEIS A000170
      conflict: ["low", "high"],
      flatzinc: "x = 7;\n",
    });
  } finally {
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
});

function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

/** The page's elements after its scripts have run. */
function renderedPage(browser: string, profile: string, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const child = spawn(browser, [...flags, `--user-data-dir=${profile}`, "--dump-dom", url], { timeout: 50_000 });
    let page = "";
    child.stdout.on("data", (text) => {
      page += text;
    });
    child.on("error", reject);
    child.on("close", () => resolve(page));
  });
}
