/** C++ of the end of a step, where results are stored and inputs of a later step loaded, in the places of a kernel where parts of it stand. */
export interface StepEndText {
  /** Before the loop over time. */
  readonly beforeLoop: string;
  /** At the beginning of a step. */
  readonly atStepBegin: string;
  /** What a warp does in a step when all of its looks at the operand are out; undefined if nothing. */
  readonly afterLooks: string | undefined;
  /** Where the step's own words are declared. */
  readonly wordsInStep: string;
  /** At the end of a step. */
  readonly atStepEnd: string;
  /** The call for the last step. */
  readonly ofLastStep: string;
}

/** What the end of a step is made of: the declaration of words that the pointwise part leaves for it, and its statements. */
export interface StepEndParts {
  /** Declarations, a line each, without indentation. */
  readonly words: readonly string[];
  /** Statements for `step`, which load into `place`, indented by two. */
  statements(place: string): string;
  /** The parameter that `place` is in a function. */
  placeParameter(name: string): string;
  readonly stepCount: string;
}

const indented = (text: string, spaces: number): string => text.replaceAll(/^(?=.)/gm, " ".repeat(spaces));

/**
 * The end of a step where it belongs: after the step's send, or, `later`, in the next step when all of its looks are out. What a multiprocessor loads comes back in
 * order, so that looks behind these loads would take as long as they; what lies between would only delay the first look.
 */
export function stepEndText(
  later: boolean,
  { words, statements, placeParameter, stepCount }: StepEndParts,
): StepEndText {
  if (!later) {
    return {
      beforeLoop: "",
      atStepBegin: "",
      afterLooks: undefined,
      wordsInStep: `${indented(words.join("\n"), 6)}\n`,
      atStepEnd: `\n\n${indented(statements("prefetched[ahead]"), 4)}`,
      ofLastStep: "",
    };
  }
  return {
    beforeLoop: `
${indented(words.join("\n"), 2)}
  // The end of a step, in the next one when all of its looks are out.
  const auto end_step = [&](int step, ${placeParameter("later")}) {
${indented(statements("later"), 2)}
  };
`,
    // As a constant place here: one that a lambda finds for itself would put what is prefetched into local memory.
    atStepBegin: `      auto& read_before = prefetched[(ahead + PREFETCH_STEPS - 1) % PREFETCH_STEPS];\n`,
    afterLooks: "[&] { if (step > 0) end_step(step - 1, read_before); }",
    wordsInStep: "",
    atStepEnd: "",
    ofLastStep: `if (${stepCount} > 0) end_step(${stepCount} - 1, prefetched[0]);`,
  };
}
