import type { ProblemOptions } from "kernelgen";

/** What the form asks: a device by its id and a problem. Sizes are kept as typed, so that a wrong one can be shown and explained. */
export interface Question {
  readonly device: string;
  readonly cell: string;
  /** "forward", "training" for a forward pass that saves what the backward pass reads, or "backward". */
  readonly pass: string;
  readonly dataType: string;
  readonly headDim: string;
  readonly heads: string;
  readonly batch: string;
  readonly steps: string;
}

/** The device id that stands for the GPU of the visitor's browser. */
export const thisBrowser = "this-browser";

export const firstQuestion: Question = {
  device: "h200",
  cell: "lstm",
  pass: "forward",
  dataType: "bf16",
  headDim: "768",
  heads: "1",
  batch: "16",
  steps: "1024",
};

/** The passes to ask for. */
export const passes = [
  { name: "forward", text: "Forward" },
  { name: "training", text: "Forward in training" },
  { name: "backward", text: "Backward" },
] as const;

/** Questions worth asking. */
export const examples: readonly { readonly name: string; readonly question: Question }[] = [
  { name: "One large head on an H200", question: firstQuestion },
  {
    name: "Twelve small heads on an H200",
    question: { ...firstQuestion, headDim: "64", heads: "12" },
  },
  {
    name: "A GRU for any WebGPU adapter",
    question: {
      ...firstQuestion,
      device: "webgpu-default",
      cell: "gru",
      dataType: "fp32",
      headDim: "128",
      batch: "2",
      steps: "64",
    },
  },
  {
    name: "A tensor that does not fit",
    question: { ...firstQuestion, device: "webgpu-default", dataType: "fp32", headDim: "2048" },
  },
];

export const sizes = ["headDim", "heads", "batch", "steps"] as const;
export type Size = (typeof sizes)[number];

const toNumber = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

/** The problem that a question states, as `defineProblem` takes it. */
export const problemOptions = ({ cell, dataType, pass, ...question }: Question): ProblemOptions => ({
  cell,
  ...(pass === "training" ? { training: true } : { pass }),
  dataType,
  headDim: toNumber(question.headDim),
  heads: toNumber(question.heads),
  batch: toNumber(question.batch),
  steps: toNumber(question.steps),
});

/** A question as the part of an address after #. */
export const toHash = (question: Question): string => `#${new URLSearchParams({ ...question })}`;

/** The question of an address; what it leaves out is that of the first question. */
export function fromHash(hash: string): Question {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const entries = Object.entries(firstQuestion).map(([name, value]) => [name, given.get(name) ?? value]);
  return Object.fromEntries(entries) as unknown as Question;
}
