/** A source of pseudo-random numbers, the same for a seed (Mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer in 0 … count − 1. */
  below(count: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** A language to fuzz: its words, and valid texts to change. */
export interface FuzzedLanguage {
  readonly name: "ConstrINT" | "FlatZinc";
  readonly words: readonly string[];
  readonly seeds: readonly string[];
}

const NUMBERS = [
  "0",
  "1",
  "-1",
  "2",
  "7",
  "53",
  "4096",
  "9007199254740991",
  "-9007199254740991",
  "9007199254740992",
  "1e9",
];

export const CONSTRINT: FuzzedLanguage = {
  name: "ConstrINT",
  words: [
    ...'A B C == != <= < >= > + - * // % ^ ( ) [ ] , .. ; : | => # \n \t " \\ é 𝟙 = & / ! minimize maximize'.split(" "),
    ..."min( max( abs( div( mod( allDifferent( element( table( inverse( circuit( regular( globalCardinality(".split(
      " ",
    ),
    ..."globalCardinalityClosed( lexLess( lexLessEqual( binPacking( cumulative( [[ ]] name:".split(" "),
    ...NUMBERS,
  ],
  seeds: [
    "A * B * C == 360; A <= B; B <= C; A + B + C <= 31 | C == [40, 60]; 2 * (A + B) % 4 == 0; minimize A * B + B * C",
    'A == [1..64]; B == [8, 16, 32]; "fits": A ^ 2 // B >= 3 => A - B < 7; A % B == 0; max(A, B, 3) != abs(A - 40)',
    "X == [0..3]; Y == [0..3]; Z == [0..5]; allDifferent(X, Y, Z); element([4, 2, 7, Z], X, Y + 2); circuit(X, Y, 0)",
    "S == [0..9]; T == [0..9]; cumulative([[S, 3, 2], [T, 4, 1]], 2); table([S, T], [[1, 2], [4, 5]]); lexLess([S], [T])",
    "P == [0..2]; Q == [0..2]; regular([P, Q], 2, 0, [1], [[0, 1, 1], [1, 2, 0], [0, 2, 0]]); binPacking([P, Q], [2, 3], [Q, 3, 2])",
    "N == [0..5]; inverse([N, 1], [M, 0]); globalCardinality([N, M], [1, 2], [K, 1]); maximize div(N * 7, M) - mod(N, 3)",
  ],
};

export const FLATZINC: FuzzedLanguage = {
  name: "FlatZinc",
  words: [
    ..."var int bool float set of array predicate constraint solve satisfy minimize maximize true false".split(" "),
    ...'x y z : :: .. , ; = ( ) [ ] { } [1..2] 1..9 -3..3 {1,3,5} " % \n é 1.5 0x1F 0o17 output_var output_array'.split(
      " ",
    ),
    ..."int_lin_eq int_lin_le int_le int_eq_reif int_times int_div int_mod int_max int_pow int_abs bool_clause".split(
      " ",
    ),
    ..."array_int_element array_var_int_element set_in fzn_all_different_int fzn_table_int fzn_cumulative".split(" "),
    ..."int_search bool_search seq_search input_order first_fail indomain_min complete".split(" "),
    ...NUMBERS,
  ],
  seeds: [
    "var 1..9: x :: output_var; var 1..9: y :: output_var; constraint int_times(x, y, 24); constraint int_le(x, y); solve satisfy;",
    `array [1..3] of int: a = [1, -2, 3]; var 0..5: x; var {1,3,5}: y; var bool: b; var -4..4: z;
array [1..3] of var int: xs :: output_array([1..3]) = [x, y, z];
constraint int_lin_eq(a, xs, 4) :: domain; constraint int_lin_le_reif(a, xs, 2, b); constraint set_in(z, {-4, 0, 2});
constraint bool_clause([b], []); solve :: int_search(xs, first_fail, indomain_max, complete) maximize x;`,
    `var 1..3: i; var 0..9: v; array [1..3] of var int: q = [i, v, 3]; constraint array_int_element(i, [4, 5, 6], v);
constraint fzn_all_different_int(q); constraint int_div(v, i, 2); constraint int_mod(v, i, 1); solve minimize v;`,
    `predicate fzn_cumulative(array [int] of var int: s, array [int] of var int: d, array [int] of var int: r, var int: b);
var 0..9: s; var 0..9: t; var bool: p :: var_is_introduced; constraint fzn_cumulative([s, t], [3, 4], [1, 2], 2);
constraint int_lt_reif(s, t, p); constraint int_pow(s, 2, t); constraint fzn_table_int([s, t], [2, 4, 3, 9]); solve satisfy;`,
  ],
};

/** A text to give to a parser: random characters, random words, or a valid text with a few changes, small or large. */
export function fuzzText(language: FuzzedLanguage, random: Random): string {
  switch (random.below(10)) {
    case 0:
      return randomCharacters(random);
    case 1:
    case 2:
      return randomWords(language, random);
    case 3:
      return random.below(20) === 0 ? oversized(language, random) : mutated(language, random);
    case 4:
    case 5:
      return mutated(language, random);
    default:
      return exchanged(language, random);
  }
}

function randomCharacters(random: Random): string {
  const limit = random.pick([0x20, 0x80, 0x80, 0x100, 0x10000]);
  return String.fromCharCode(...Array.from({ length: random.below(200) }, () => random.below(limit)));
}

function randomWords({ words }: FuzzedLanguage, random: Random): string {
  const separator = random.pick(["", " ", " "]);
  return Array.from({ length: 1 + random.below(60) }, () => random.pick(words)).join(separator);
}

/** A valid text in which up to five times something is removed, doubled, replaced, inserted or exchanged. */
function mutated({ words, seeds }: FuzzedLanguage, random: Random): string {
  let text = random.pick(seeds);
  for (let changes = 1 + random.below(5); changes > 0; changes--) {
    const parts = text.split(/(\s+|\b)/);
    const at = random.below(parts.length);
    switch (random.below(6)) {
      case 0:
        parts.splice(at, 1 + random.below(3));
        break;
      case 1:
        parts.splice(at, 0, ...parts.slice(at, at + 1 + random.below(8)));
        break;
      case 2:
        parts[at] = random.pick(words);
        break;
      case 3:
        parts.splice(at, 0, random.pick(words));
        break;
      case 4:
        parts[at] = parts[random.below(parts.length)]!;
        break;
      case 5: {
        const other = random.pick(seeds);
        parts.splice(at, parts.length, other.slice(random.below(other.length)));
        break;
      }
    }
    text = parts.join("");
  }
  return text;
}

const SMALL_NUMBERS = ["0", "1", "2", "3", "5", "8", "12", "40"];
const OPERATORS = [
  ["==", "!=", "<=", "<", ">=", ">"],
  ["+", "-", "*", "//", "%"],
  ["|", "=>", ";"],
];

/** A valid text in which up to four numbers, names or operators are others of their kind: most of these are valid, too. */
function exchanged({ seeds }: FuzzedLanguage, random: Random): string {
  const words = random.pick(seeds).match(/\s+|\w+|[<>=!]=?|\/\/|./gs)!;
  const names = words.filter((word) => /^[A-Za-z]/.test(word));
  const kindOf = (word: string): readonly string[] | undefined => {
    if (/^\d/.test(word)) return random.below(8) === 0 ? NUMBERS : SMALL_NUMBERS;
    return /^[A-Za-z]/.test(word) ? names : OPERATORS.find((kind) => kind.includes(word));
  };
  const places = words.flatMap((word, place) => (kindOf(word) === undefined ? [] : [place]));
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const place = random.pick(places);
    words[place] = random.pick(kindOf(words[place]!) ?? names);
  }
  return words.join("");
}

/** Something deep, long or large. */
function oversized({ name }: FuzzedLanguage, random: Random): string {
  const length = 10 ** (2 + random.below(3));
  const repeated = (text: string): string => text.repeat(length);
  const shapes: readonly string[] =
    name === "ConstrINT"
      ? [
          repeated("("),
          `A == ${repeated("(")}1${repeated(")")}`,
          `A == ${repeated("-")}1`,
          `A <= 5${repeated(" | A == 3")}`,
          `A <= 5${repeated("; A <= 4")}`,
          `A <= 5${repeated(" => A <= 4")}`,
          `A == 1${repeated(" + 1")}`,
          `A <= 1${repeated(" * B")}`,
          `A <= 1${repeated(" // B")}`,
          `A <= max(1${repeated(", B")})`,
          `allDifferent(A${repeated(", A")})`,
          `table([A], [[1]${repeated(", [2]")}])`,
          `A == [1${repeated(", 7")}]`,
          `element(${repeated("[")}`,
          repeated("9"),
          repeated("A"),
          `"${repeated("a")}`,
          `"${repeated("\\n")}" == 3`,
          repeated(" \n"),
          `#${repeated("#")}`,
          repeated("A == 1 | "),
          `A == 1; ${repeated("x")} `,
        ]
      : [
          repeated("["),
          `array [1..1] of int: a = ${repeated("[")}1${repeated("]")}; solve satisfy;`,
          `var 1..9: x ${repeated(":: a(")}; solve satisfy;`,
          `var 1..9: x${repeated(" :: a")}; solve satisfy;`,
          `var {1${repeated(", 7")}}: x; solve satisfy;`,
          `${repeated("var 1..2: x; ")} solve satisfy;`,
          `var bool: b; constraint array_bool_or([b${repeated(", b")}], true); solve satisfy;`,
          `var 0..9: x; constraint int_lin_le([1${repeated(", 1")}], [x${repeated(", x")}], 9); solve satisfy;`,
          `var 0..9: x; constraint fzn_all_different_int([x${repeated(", x")}]); solve satisfy;`,
          `var 0..9: x; constraint set_in(x, {1${repeated(", 3")}}); solve satisfy;`,
          `var 0..9: x; ${repeated("constraint int_le(x, 5); ")} solve satisfy;`,
          repeated("9"),
          repeated("x"),
          `"${repeated("a")}`,
          repeated(" \n"),
          `%${repeated("%")}`,
          `solve :: ${repeated("seq_search([")} satisfy;`,
        ];
  return random.pick(shapes);
}
