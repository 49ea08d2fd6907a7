import type { Problem } from "../../plan/problem.js";
import { wordBytes } from "./words-source.js";

/** C++ of the ring of chunks that a block loads ahead into shared memory, each thread what it will read itself. */
export const ringSource = ({ dataType }: Problem, channelsPerThread: number): string => `
KERNELGEN_DEVICE void copy_async_word(Word* shared, const Element* global, bool valid) {
  copy_async_${wordBytes(dataType, channelsPerThread)}(shared, global, valid);
}

/** A thread's own part of the ring of chunks that are loaded ahead: [STAGES][STEPS_PER_THREAD][WORDS_PER_STEP][THREADS_PER_BLOCK]. */
KERNELGEN_DEVICE Word* ring_word(Word* ring, int stage, int s, int word) {
  return ring + ((stage * STEPS_PER_THREAD + s) * WORDS_PER_STEP + word) * THREADS_PER_BLOCK + thread_index();
}

/** Starts to load a thread's steps of a chunk; what is not there becomes zero. */
KERNELGEN_DEVICE void fetch(const Column& column, int first_step, int step_count, Word* ring, int stage) {
  KERNELGEN_UNROLL
  for (int s = 0; s < STEPS_PER_THREAD; ++s) {
    KERNELGEN_UNROLL
    for (int word = 0; word < WORDS_PER_STEP; ++word) {
      const bool is_there = s < step_count && Column::has_source(first_step, s, word);
      copy_async_word(ring_word(ring, stage, s, word), column.source(first_step, s, word), is_there);
    }
  }
  copy_async_commit();
}

KERNELGEN_DEVICE void take(Word* ring, int stage, Word (&words)[STEPS_PER_THREAD][WORDS_PER_STEP]) {
  KERNELGEN_UNROLL
  for (int s = 0; s < STEPS_PER_THREAD; ++s) {
    KERNELGEN_UNROLL
    for (int word = 0; word < WORDS_PER_STEP; ++word) words[s][word] = *ring_word(ring, stage, s, word);
  }
}
`;
