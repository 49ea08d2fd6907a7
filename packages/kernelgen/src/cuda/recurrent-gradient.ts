import type { Problem } from "../plan/problem.js";
import { floatDialect } from "./float-dialect.js";

/** How a backward kernel clips what h gets through R. */
export interface RecurrentGradientText {
  /** C++ at namespace scope. */
  readonly source: string;
  /** What h gets, from the sum over the gates of R transposed and du. */
  value(sum: string): string;
}

/** The text for a problem; nothing where nothing is clipped. */
export function recurrentGradientText({ recurrentGradientClip: clip }: Problem): RecurrentGradientText {
  if (clip === undefined) return { source: "", value: (sum) => sum };
  return {
    source: `
constexpr float RECURRENT_GRADIENT_CLIP = ${floatDialect.literal(clip)};
/** What h gets through R, held within the clip. */
KERNELGEN_DEVICE float clipped_gradient(float gradient) {
  if (gradient >= RECURRENT_GRADIENT_CLIP) return RECURRENT_GRADIENT_CLIP;
  return -RECURRENT_GRADIENT_CLIP >= gradient ? -RECURRENT_GRADIENT_CLIP : gradient;
}
`,
    value: (sum) => `clipped_gradient(${sum})`,
  };
}
