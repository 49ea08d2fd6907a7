import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** The folder in which the peers are installed: the sources', from which `bench/dist` is built. */
const require = createRequire(new URL("../../../web-peers/package.json", import.meta.url));

/** A package that is installed in this benchmark's own folder; a module of CommonJS gives its exports. */
export async function importPeer<T>(name: string): Promise<T> {
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as { readonly default?: T };
  return module.default ?? (module as T);
}
