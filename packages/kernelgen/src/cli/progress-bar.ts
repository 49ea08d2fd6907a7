const width = 24;
const eraseLine = "\r\u001b[2K";
/** The width of a terminal that does not tell its own. */
const usualColumns = 80;

/** How far long work is, in one line on standard error; nothing where that is no terminal. */
export class ProgressBar {
  /** Shows that `done` of `total` parts are done, and what is being worked on. */
  show(done: number, total: number, text: string): void {
    if (!process.stderr.isTTY) return;
    const filled = Math.round((width * done) / Math.max(1, total));
    const line = `${"█".repeat(filled)}${"░".repeat(width - filled)} ${done}/${total} ${text}`;
    process.stderr.write(`${eraseLine}${line.slice(0, (process.stderr.columns || usualColumns) - 1)}`);
  }

  /** Removes the line. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write(eraseLine);
  }
}
