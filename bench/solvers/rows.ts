/** What is asked of a model: one solution, the number of all solutions, or the best objective. */
export type Question = "first" | "all" | "optimum";

/** One row of the table: an instance of a MiniZinc model, and what every solver must answer. */
export interface Row {
  readonly name: string;
  /** Short words to choose rows by. */
  readonly id: string;
  /** The model's file in models/, without .mzn. */
  readonly model: string;
  /** A data file in models/, without .dzn, or values for the model's parameters. */
  readonly data?: string | Readonly<Record<string, number | boolean>>;
  readonly question: Question;
  /** The number of solutions, or the optimum; 1 for a first solution. */
  readonly answer: number;
  /** Products, divisibility and tilings: where no solver may be faster. */
  readonly isProduct?: boolean;
  /** The limit of constrint's own runs where its goal is longer than the limit of the others. */
  readonly ownLimitSeconds?: number;
}

const tiling = { NUM_HEADS: 1, HEAD_DIM: 768, BATCH_DIM: 16, use_mod: true };

/** The rows in the order of the table. */
export const rows: readonly Row[] = [
  ...[100, 200, 400].map(
    (n): Row => ({
      name: `queens ${n}, first`,
      id: `queens-${n}`,
      model: "queens",
      data: { n },
      question: "first",
      answer: 1,
    }),
  ),
  ...[
    [10, 724],
    [11, 2680],
    [12, 14200],
  ].map(
    ([n, answer]): Row => ({
      name: `queens ${n}, all ${answer}`,
      id: `queens-all-${n}`,
      model: "queens_all",
      data: { n: n! },
      question: "all",
      answer: answer!,
    }),
  ),
  { name: "magic square 4, all 880", id: "magic-4", model: "magic", data: { n: 4 }, question: "all", answer: 880 },
  { name: "magic square 5, first", id: "magic-5", model: "magic", data: { n: 5 }, question: "first", answer: 1 },
  ...[
    [8, 34],
    [9, 44],
    [10, 55],
  ].map(
    ([m, answer]): Row => ({
      name: `Golomb ${m}, optimum ${answer}`,
      id: `golomb-${m}`,
      model: "golomb",
      data: { m: m! },
      question: "optimum",
      answer: answer!,
    }),
  ),
  { name: "Langford 8, all 300", id: "langford-8", model: "langford", data: { n: 8 }, question: "all", answer: 300 },
  { name: "Langford 9, none", id: "langford-9", model: "langford", data: { n: 9 }, question: "all", answer: 0 },
  ...[20, 25, 30].map(
    (n): Row => ({
      name: `quasigroup ${n}`,
      id: `qcp-${n}`,
      model: "qcp",
      data: `qcp${n}`,
      question: "first",
      answer: 1,
    }),
  ),
  { name: "knapsack 25", id: "knap-25", model: "knapsack", data: "knap25", question: "optimum", answer: 939 },
  { name: "knapsack 40", id: "knap-40", model: "knapsack", data: "knap40", question: "optimum", answer: 1263 },
  { name: "multi-knapsack 30×5", id: "mkp", model: "knapsack", data: "mkp30x5", question: "optimum", answer: 1157 },
  { name: "job shop ft06", id: "ft06", model: "jobshop", data: "ft06", question: "optimum", answer: 55 },
  {
    name: "job shop ft10",
    id: "ft10",
    model: "jobshop",
    data: "ft10",
    question: "optimum",
    answer: 930,
    ownLimitSeconds: 60,
  },
  ...[
    [200, 127],
    [500, 386],
    [1000, 881],
  ].map(
    ([n, answer]): Row => ({
      name: `Pythagorean triples to ${n}, all ${answer}`,
      id: `pythag-${n}`,
      model: "pythag",
      data: { n: n! },
      question: "all",
      answer: answer!,
      isProduct: true,
    }),
  ),
  ...[
    [5040, 176],
    [720720, 704],
  ].map(
    ([N, answer]): Row => ({
      name: `a·b·c·d = ${N}, all ${answer}`,
      id: `factor-${N}`,
      model: "factor4",
      data: { N: N! },
      question: "all",
      answer: answer!,
      isProduct: true,
    }),
  ),
  { name: "grocery ($7.11)", id: "grocery", model: "grocery", question: "first", answer: 1, isProduct: true },
  {
    name: "FlashRNN tiling, forward 768×1, first",
    id: "tiling-first",
    model: "tiling-forward",
    data: tiling,
    question: "first",
    answer: 1,
    isProduct: true,
  },
  {
    name: "the same, all 14787",
    id: "tiling-forward",
    model: "tiling-forward",
    data: tiling,
    question: "all",
    answer: 14787,
    isProduct: true,
  },
  {
    name: "backward 768×1, all 30027",
    id: "tiling-backward",
    model: "tiling-backward",
    data: tiling,
    question: "all",
    answer: 30027,
    isProduct: true,
  },
];
