/**
 * WGSL as JavaScript, for the part of the language that the kernels are written in: every function becomes a generator, which yields where
 * invocations wait for one another, and every access to storage and workgroup memory goes through `R.load` and `R.store`.
 */
export interface TranslatedModule {
  /** Source of a function body with `R` (the runtime) in scope that returns the entry points by name. */
  readonly javascript: string;
  readonly globals: readonly GlobalVariable[];
  readonly workgroupSize: string;
}

export interface GlobalVariable {
  readonly name: string;
  readonly space: "storage" | "uniform" | "workgroup" | "private";
  readonly binding: number | undefined;
  readonly isArray: boolean;
  /** JavaScript of the initial value; of an array, of all elements. */
  readonly initial: string;
}

interface Token {
  readonly text: string;
  readonly line: number;
}

const tokenPattern =
  /(?<space>\s+|\/\/[^\n]*)|(?<number>0x[0-9a-fA-F]+p[+-]?\d+[fh]?|0x[0-9a-fA-F]+u?|\d+\.\d*(?:e[+-]?\d+)?[fh]?|\d+(?:e[+-]?\d+)[fh]?|\d+[uif]?)|(?<name>[A-Za-z_]\w*)|(?<sign>->|&&|\|\||[=!<>]=|[-+*/%&|^]=|\+\+|--|[-+*/%&|^~!<>=.,;:(){}[\]@])/y;

function tokens(source: string): Token[] {
  const found: Token[] = [];
  let line = 1;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < source.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    if (match === null) throw new SyntaxError(`line ${line}: ${source.slice(at, at + 20)}`);
    if (match.groups!.space === undefined) found.push({ text: match[0], line });
    line += match[0].split("\n").length - 1;
  }
  return found;
}

/** Binary operators from the loosest to the tightest. */
const precedence = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", ">", "<=", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];

const builtinFunctions = new Set(
  "abs exp log sign min max select transpose fma bitcast atomicLoad atomicStore atomicAdd subgroupMatrixMultiplyAccumulate subgroupShuffleXor workgroupBarrier workgroupUniformLoad".split(
    " ",
  ),
);

/** Translates a module. Throws `SyntaxError` on what it does not know. */
export function translate(source: string): TranslatedModule {
  const all = tokens(source);
  let at = 0;
  const structs = new Map<string, { name: string; type: string }[]>();
  const aliases = new Map<string, string>();
  const globals = new Map<string, GlobalVariable>();
  /** What the function declares that is translated: it hides globals of that name. */
  const locals = new Set<string>();
  const globalNamed = (name: string): GlobalVariable | undefined => (locals.has(name) ? undefined : globals.get(name));
  let workgroupSize = "1";
  const output: string[] = [];

  const peek = (): string => all[at]?.text ?? "";
  const next = (): string => all[at++]?.text ?? "";
  const expect = (text: string): void => {
    const { line } = all[at] ?? { line: 0 };
    const found = next();
    if (found !== text) throw new SyntaxError(`line ${line}: "${found}" where "${text}" is expected`);
  };
  const take = (text: string): boolean => {
    if (peek() !== text) return false;
    at++;
    return true;
  };

  /** The text of a type, for example "array<f32,N*M>". */
  function type(): string {
    let text = peek() === "<" ? "" : next();
    if (!take("<")) return text;
    text += "<";
    for (let depth = 1; depth > 0; ) {
      const token = next();
      depth += token === "<" ? 1 : token === ">" ? -1 : 0;
      text += token;
    }
    return text;
  }

  /** JavaScript of the zero value of a type. */
  function zero(text: string): string {
    const array = /^array<(.*?)(?:,(.*))?>$/.exec(text);
    if (array) return array[2] === undefined ? "[]" : `R.filled(${expression(array[2])}, () => ${zero(array[1]!)})`;
    if (structs.has(text))
      return `{${structs
        .get(text)!
        .map((member) => `${member.name}: ${zero(member.type)}`)
        .join(", ")}}`;
    if (text === "u32" || text === "atomic<u32>") return "0n";
    if (text === "bool") return "false";
    if (text === "vec4f") return "R.vec4()";
    if (text === "vec3u") return "[0n, 0n, 0n]";
    if (text === "f32" || text === "f16") return "0";
    throw new SyntaxError(`no zero of ${text}`);
  }

  /** JavaScript of the sides of a type of subgroup matrices, which WGSL gives as columns, rows. */
  function matrixSides(name: string): string {
    const [, columns, rows] = /^subgroup_matrix_\w+<\w+,(\w+),(\w+)>$/.exec(aliases.get(name) ?? name)!;
    return `{ rows: ${expression(rows!)}, columns: ${expression(columns!)} }`;
  }

  /** An expression that is given as text. */
  function expression(text: string): string {
    const [kept, position] = [all.splice(0), at];
    all.push(...tokens(text));
    at = 0;
    const result = binary(0);
    all.splice(0, all.length, ...kept);
    at = position;
    return result;
  }

  function binary(level: number): string {
    const operators = precedence[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    while (operators.includes(peek())) {
      const operator = next();
      const right = binary(level + 1);
      left = ["&&", "||"].includes(operator)
        ? `(${left} ${operator} ${right})`
        : `R.binary(${JSON.stringify(operator)}, ${left}, ${right})`;
    }
    return left;
  }

  function unary(): string {
    const operator = peek();
    if (operator === "&") {
      next();
      return address();
    }
    if (operator === "*") {
      next();
      return unary();
    }
    if (["-", "!", "~"].includes(operator)) {
      next();
      return `R.unary(${JSON.stringify(operator)}, ${unary()})`;
    }
    return place().value;
  }

  /** What `&` gives: of memory that is watched a reference, of a local variable the object itself. */
  function address(): string {
    const name = next();
    const global = globalNamed(name);
    if (global === undefined) return name;
    if (!global.isArray) return `R.reference(self, "${name}", 0)`;
    if (peek() !== "[") return JSON.stringify(name);
    expect("[");
    const index = binary(0);
    expect("]");
    return `R.reference(self, "${name}", ${index})`;
  }

  /** Something that can be read, and perhaps written. */
  function place(): { value: string; store?: (value: string) => string } {
    let value: string;
    let store: ((value: string) => string) | undefined;
    const token = next();
    if (token === "(") {
      const inner = take("*") ? next() : binary(0);
      expect(")");
      value = inner;
    } else if (/^[0-9]/.test(token)) {
      value = literal(token);
    } else if (token === "true" || token === "false") {
      value = token;
    } else if (token === "array" || token === "bitcast") {
      expect("<");
      let text = "";
      for (let depth = 1; depth > 0; ) {
        const part = next();
        depth += part === "<" ? 1 : part === ">" ? -1 : 0;
        if (depth > 0) text += part;
      }
      value = token === "array" ? `[${list("(", ")")}]` : `R.bitcast("${text}", ${list("(", ")")})`;
    } else if (token === "subgroupMatrixLoad" || token === "subgroupMatrixStore") {
      const text = type();
      const [, matrix, major] = /^<(?:(\w+),)?(\w+)>$/.exec(text)!;
      const given = [`"${major}"`, ...(matrix === undefined ? [] : [matrixSides(matrix)])].join(", ");
      value = `R.${token}(self, ${given}, ${list("(", ")")})`;
    } else if (aliases.has(token)) {
      list("(", ")");
      value = `R.zeroMatrix(${matrixSides(token)})`;
    } else if (peek() === "(") {
      value = call(token);
    } else if (globalNamed(token) !== undefined) {
      const { space, isArray } = globalNamed(token)!;
      if (space === "uniform") value = `R.uniforms.${token}`;
      else if (space === "private") {
        value = `self.privates.${token}`;
        store = (result) => `self.privates.${token} = ${result}`;
      } else {
        let index = "0";
        if (isArray) {
          expect("[");
          index = binary(0);
          expect("]");
        }
        value = `R.load(self, "${token}", ${index})`;
        store = (result) => `R.store(self, "${token}", ${index}, ${result})`;
      }
    } else {
      value = token;
      store = (result) => `${token} = R.copied(${result})`;
    }
    for (;;) {
      if (take(".")) {
        const member = next();
        const component = "xyzw".indexOf(member);
        const access: string =
          member.length === 1 && component >= 0
            ? `R.member(${value}, "${member}", ${component})`
            : `${value}.${member}`;
        const target = value;
        value = access;
        store = (result) => `${target}.${member} = ${result}`;
      } else if (take("[")) {
        const index = binary(0);
        expect("]");
        const access: string = `${value}[Number(${index})]`;
        value = access;
        store = (result) => `${access} = ${result}`;
      } else {
        return store === undefined ? { value } : { value, store };
      }
    }
  }

  function list(open: string, close: string): string {
    expect(open);
    const items: string[] = [];
    while (!take(close)) {
      items.push(binary(0));
      take(",");
    }
    return items.join(", ");
  }

  function call(name: string): string {
    const parameters = list("(", ")");
    if (structs.has(name)) {
      return `R.struct(${JSON.stringify(structs.get(name)!.map((member) => member.name))}, [${parameters}])`;
    }
    if (name === "vec4f") return `R.vec4(${parameters})`;
    if (name === "mat4x4f") return `[${parameters}]`;
    if (name === "f32" || name === "f16") return `Number(${parameters})`;
    if (name === "u32") return `BigInt(${parameters})`;
    if (!builtinFunctions.has(name)) return `(yield* ${name}(self${parameters === "" ? "" : `, ${parameters}`}))`;
    if (name.startsWith("subgroupShuffle") || name.startsWith("workgroup") || name === "atomicLoad") {
      return `(yield* R.${name}(self, ${all[at - 1]!.line}${parameters === "" ? "" : `, ${parameters}`}))`;
    }
    return `R.${name}(${parameters})`;
  }

  function block(): string {
    expect("{");
    const lines: string[] = [];
    while (!take("}")) lines.push(statement());
    return `{ ${lines.join("\n")} }`;
  }

  function declaration(): string {
    const keyword = next();
    const name = next();
    const declared = take(":") ? type() : undefined;
    const value = take("=") ? binary(0) : zero(declared!);
    locals.add(name);
    return `${keyword === "var" ? "let" : "const"} ${name} = R.copied(${value})`;
  }

  /** An assignment, an increment, a call or a declaration, without its semicolon. */
  function simpleStatement(): string {
    if (["let", "var", "const"].includes(peek())) return declaration();
    const { value, store } = place();
    if (take("++")) return store!(`R.binary("+", ${value}, 1n)`);
    const operator = peek();
    if (!/^[-+*/%&|^]?=$/.test(operator)) return value;
    next();
    const right = binary(0);
    return store!(operator === "=" ? right : `R.binary("${operator[0]}", ${value}, ${right})`);
  }

  function statement(): string {
    const keyword = peek();
    if (keyword === "{") return block();
    if (keyword === "if") {
      next();
      const condition = binary(0);
      const whenTrue = block();
      if (!take("else")) return `if (${condition}) ${whenTrue}`;
      return `if (${condition}) ${whenTrue} else ${peek() === "if" ? statement() : block()}`;
    }
    if (keyword === "for") {
      next();
      expect("(");
      const first = simpleStatement();
      expect(";");
      const condition = binary(0);
      expect(";");
      const step = simpleStatement();
      expect(")");
      return `for (${first}; ${condition}; ${step}) ${block()}`;
    }
    if (keyword === "return") {
      next();
      const value = peek() === ";" ? "" : binary(0);
      expect(";");
      return `return ${value};`;
    }
    const text = simpleStatement();
    expect(";");
    return `${text};`;
  }

  function struct(): void {
    const name = next();
    const members: { name: string; type: string }[] = [];
    expect("{");
    while (!take("}")) {
      const member = next();
      expect(":");
      members.push({ name: member, type: type() });
      take(",");
    }
    take(";");
    structs.set(name, members);
  }

  function globalVariable(binding: number | undefined): void {
    let space = "private";
    if (take("<")) {
      space = next();
      while (!take(">")) next();
    }
    const name = next();
    expect(":");
    const text = type();
    const isArray = text.startsWith("array<");
    const initial = take("=") ? binary(0) : space === "uniform" ? "undefined" : zero(text);
    expect(";");
    globals.set(name, { name, space: space as GlobalVariable["space"], binding, isArray, initial });
  }

  function fn(): void {
    const name = next();
    const parameters: string[] = [];
    locals.clear();
    expect("(");
    while (!take(")")) {
      let builtin: string | undefined;
      while (take("@")) {
        next();
        expect("(");
        builtin = next();
        expect(")");
      }
      const parameter = next();
      expect(":");
      type();
      locals.add(parameter);
      parameters.push(builtin === undefined ? parameter : `${parameter} = self.builtins.${builtin}`);
      take(",");
    }
    if (take("->")) type();
    output.push(`function* ${name}(${["self", ...parameters].join(", ")}) ${block()}`);
  }

  let binding: number | undefined;
  let entryPoint = "";
  while (at < all.length) {
    const token = next();
    if (token === "@") {
      const attribute = next();
      const argument = peek() === "(" ? list("(", ")") : "";
      if (attribute === "binding") binding = Number(argument.replace("n", ""));
      if (attribute === "workgroup_size") {
        workgroupSize = argument;
        entryPoint = all[at + 1]!.text;
      }
    } else if (["enable", "requires", "diagnostic"].includes(token)) {
      while (next() !== ";");
    } else if (token === "alias") {
      const name = next();
      expect("=");
      aliases.set(name, type());
      expect(";");
    } else if (token === "struct") struct();
    else if (token === "const") {
      at--;
      output.push(`${declaration()};`);
      expect(";");
    } else if (token === "var") {
      globalVariable(binding);
      binding = undefined;
    } else if (token === "fn") fn();
    else throw new SyntaxError(`"${token}" at the top of a module`);
  }
  const initials = [...globals.values()].map(({ name, initial }) => `${name}: () => (${initial})`);
  output.push(
    `return { entryPoint: ${entryPoint}, workgroupSize: ${workgroupSize}, initials: { ${initials.join(", ")} } };`,
  );
  return { javascript: output.join("\n"), globals: [...globals.values()], workgroupSize };
}

/** An integer is a bigint, so that its arithmetic is told from that of f32. */
function literal(token: string): string {
  if (/^0x.*p/.test(token)) {
    const [mantissa, exponent] = token.replace(/[fh]$/, "").split("p");
    return `(${Number(mantissa)} * 2 ** ${Number(exponent)})`;
  }
  if (/u$/.test(token)) return `${BigInt(token.slice(0, -1))}n`;
  return token.replace(/[fh]$/, "");
}
