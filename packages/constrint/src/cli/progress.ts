/** Less often than this, a line about a search's progress would not be read. */
const INTERVAL_MILLISECONDS = 200;

/** The width of a terminal that does not tell its own. */
const USUAL_WIDTH = 80;

const ERASE_LINE = "\r\u001b[2K";

/** One line on standard error that says how far long work is; nothing where that is not a terminal. */
export class ProgressLine {
  private shownAt = performance.now();
  private isShown = false;

  /** Shows the text in place of the last one, unless that was just now. */
  show(text: string): void {
    if (!process.stderr.isTTY) return;
    const now = performance.now();
    if (now - this.shownAt < INTERVAL_MILLISECONDS) return;
    this.shownAt = now;
    this.isShown = true;
    process.stderr.write(`${ERASE_LINE}${text.slice(0, (process.stderr.columns || USUAL_WIDTH) - 1)}`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.isShown) process.stderr.write(ERASE_LINE);
    this.isShown = false;
  }
}
