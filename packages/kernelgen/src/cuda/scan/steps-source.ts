/** Text with every line moved to the right. */
export const indent = (text: string, by: string): string => text.replaceAll(/^(?=.)/gm, by);

/**
 * C++ of how many steps and rows a thread has from its first step on, and of where they are kept. Where all of a thread's steps are there,
 * it reads and writes without a test of each.
 */
export const stepCounts = (
  exists: string,
  length: string,
): string => `const int step_count = ${exists} ? ${length} - first_step : 0;
const int row_count = steps - first_step;
const bool is_whole = step_count >= STEPS_PER_THREAD;
Word words[STEPS_PER_THREAD][WORDS_PER_STEP];
Span each[STEPS_PER_THREAD];
Span span;`;

/** C++ that loads a thread's steps from global memory. */
export const readDirectly = `if (is_whole) {
  load_words<false>(column, first_step, step_count, words);
  span = column.read<false>(words, step_count, each);
} else {
  load_words<true>(column, first_step, step_count, words);
  span = column.read<true>(words, step_count, each);
}`;

/** C++ that writes a thread's steps from the state before them; a thread whose channels do not exist has no row either. */
export const writeSteps = (exists: string): string => `if (is_whole) {
  column.write<false>(words, each, first_step, step_count, row_count, start.parts[0]);
} else if (${exists}) {
  column.write<true>(words, each, first_step, step_count, row_count, start.parts[0]);
}`;
