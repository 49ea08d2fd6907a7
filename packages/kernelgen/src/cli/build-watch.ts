import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { KernelgenError } from "../errors.js";

/** Editors write a file in several steps; a build waits until they are done. */
const settleMilliseconds = 100;

/**
 * Builds, and again whenever a file changes that decides what is built. What is wrong in a configuration is printed and waits for the next
 * change; where no file is known to wait for, since there is no configuration, its error is thrown. Ends with the process.
 *
 * @param build reports the files that decide it, also where it fails
 */
export async function watchKernels(
  build: (onDependencies: (files: readonly string[]) => void) => Promise<unknown>,
): Promise<void> {
  let watched: readonly string[] = [];
  for (;;) {
    const startedAt = Date.now();
    let found: readonly string[] = [];
    try {
      await build((files) => {
        found = files;
      });
      watched = found;
    } catch (error) {
      // What an unreadable file imports is not known: what was known before still counts.
      watched = [...new Set([...watched, ...found])];
      if (!(error instanceof Error) || watched.length === 0) throw error;
      console.error(`kernelgen: ${error instanceof KernelgenError ? error.message : error.stack}`);
    }
    await changeOf(watched, startedAt);
  }
}

/** Resolves when one of the files has changed since a time, and no further change has come for a while. */
function changeOf(files: readonly string[], since: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const watchers: FSWatcher[] = [];
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      for (const watcher of watchers) watcher.close();
      resolve();
    };
    // Directories, since many editors replace a file by another of its name.
    for (const directory of new Set(files.map((file) => dirname(file)))) {
      const names = new Set(files.filter((file) => dirname(file) === directory).map((file) => basename(file)));
      const watcher = watch(directory, (_event, name) => {
        if (name === null || !names.has(name)) return;
        clearTimeout(timer);
        timer = setTimeout(finish, settleMilliseconds);
      });
      watcher.on("error", reject);
      watchers.push(watcher);
    }
    // A change during the build came before anybody watched.
    if (files.some((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > since)) finish();
  });
}
