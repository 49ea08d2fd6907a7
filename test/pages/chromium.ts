import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join, normalize } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, type TestContext } from "vitest";

/** Where a browser is looked for; Debian's package is called chromium. */
const names = ["chromium", "chromium-browser", "google-chrome"];

const executable = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

/** Milliseconds that a page may take for anything: a limit for hangs alone, since a machine may be many times slower than another. */
export const pageTimeout = 240_000;

/** WebGPU on any machine: through SwiftShader, which comes with Chromium. */
const flags = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];

let launched: Promise<Browser> | undefined;

/** A real browser with WebGPU; skips the test where there is none. */
export async function requireChromium(context: TestContext): Promise<Browser> {
  if (executable === undefined) context.skip(`pages cannot be opened in a browser here: none of ${names.join(", ")}`);
  launched ??= chromium.launch({ executablePath: executable as string, args: flags, timeout: pageTimeout });
  return launched;
}

afterAll(async () => {
  await (await launched)?.close();
});

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
};

/** Serves the files of a directory as a static server does; resolves to its address. */
export async function serve(directory: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(directory, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file)) response.writeHead(404).end();
    else {
      const type = types[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(readFileSync(file));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // WebGPU is for secure contexts, and localhost is one.
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
