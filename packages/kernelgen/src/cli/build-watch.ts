import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { BuildReport } from "../bundler/build.js";
import { KernelgenError } from "../errors.js";

/** Editors write a file in several steps; a build waits until they are done. */
const settleMilliseconds = 100;

/**
 * Builds, and again whenever a file changes that decides what is built. What is wrong in a configuration is printed and waits for the next
 * change; if the first build fails, nothing is known to wait for, and its error is thrown. Ends with the process.
 */
export async function watchKernels(build: () => Promise<BuildReport>): Promise<void> {
  let startedAt = Date.now();
  let { dependencies } = await build();
  for (;;) {
    await changeOf(dependencies, startedAt);
    startedAt = Date.now();
    try {
      ({ dependencies } = await build());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      console.error(`kernelgen: ${error instanceof KernelgenError ? error.message : error.stack}`);
    }
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
