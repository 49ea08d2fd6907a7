/**
 * A value of YAML with its tag, such as `!Result` or `!!set`. Only what the test headers of MiniZinc use: block mappings and
 * sequences, flow sequences, mappings and sets, plain and quoted scalars, literal blocks, tags and comments.
 */
export interface Node {
  readonly tag: string | undefined;
  readonly value: Scalar | readonly Node[] | ReadonlyMap<string, Node>;
}

export type Scalar = string | number | boolean | null;

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Reads the documents of a text, which `---` separates. */
export function readDocuments(text: string): Node[] {
  const documents: string[][] = [[]];
  for (const line of text.split("\n")) {
    const start = /^---\s*(.*)$/.exec(line);
    if (start === null) documents.at(-1)!.push(line);
    else documents.push([start[1]!]);
  }
  return documents
    .filter((lines) => lines.some((line) => line.trim() !== "" && !line.trim().startsWith("#")))
    .map((lines) => new BlockReader(lines).document());
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'[\]{},:#!][^:#]*?|[^\s"'[\]{}:#]+)\s*:(?:\s+(.*))?$/;

class BlockReader {
  private readonly lines: Line[];
  private index = 0;

  constructor(lines: readonly string[]) {
    this.lines = lines.map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }));
  }

  document(): Node {
    this.skipBlanks();
    const { text } = this.lines[this.index]!;
    if (text.startsWith("!") && !KEY.test(text)) {
      this.index++;
      return this.tagged(text, -1);
    }
    return this.block(0);
  }

  private skipBlanks(): void {
    while (this.index < this.lines.length && /^(?:#.*)?$/.test(this.lines[this.index]!.text)) this.index++;
  }

  /** The block that begins at the next line, if it is indented at least this much. */
  private block(least: number): Node {
    this.skipBlanks();
    const line = this.lines[this.index];
    if (line === undefined || line.indent < least) return { tag: undefined, value: null };
    if (/^-(?:\s|$)/.test(line.text)) return this.sequence(line.indent);
    if (KEY.test(line.text)) return this.mapping(line.indent);
    this.index++;
    return this.inline(line.text, line.indent);
  }

  private sequence(indent: number): Node {
    const items: Node[] = [];
    for (this.skipBlanks(); this.index < this.lines.length; this.skipBlanks()) {
      const line = this.lines[this.index]!;
      if (line.indent !== indent || !/^-(?:\s|$)/.test(line.text)) break;
      const rest = line.text.slice(1).trimStart();
      const offset = line.text.length - rest.length;
      if (rest === "") {
        this.index++;
        items.push(this.block(indent + 1));
      } else if (KEY.test(rest) || /^-\s/.test(rest)) {
        // A block that begins on the line of its dash.
        this.lines[this.index] = { indent: indent + offset, text: rest };
        items.push(this.block(indent + 1));
      } else {
        this.index++;
        items.push(this.inline(rest, indent));
      }
    }
    return { tag: undefined, value: items };
  }

  private mapping(indent: number): Node {
    const entries = new Map<string, Node>();
    for (this.skipBlanks(); this.index < this.lines.length; this.skipBlanks()) {
      const line = this.lines[this.index]!;
      const match = line.indent === indent ? KEY.exec(line.text) : null;
      if (match === null) break;
      const [, key = "", rest = ""] = match;
      this.index++;
      const name = String(new FlowReader(key).value().value);
      entries.set(name, rest === "" || rest.startsWith("#") ? this.nested(indent) : this.inline(rest, indent));
    }
    return { tag: undefined, value: entries };
  }

  /** The value of a key: a deeper block, or a sequence that is not indented. */
  private nested(indent: number): Node {
    this.skipBlanks();
    const line = this.lines[this.index];
    const isSequence = line !== undefined && line.indent === indent && /^-(?:\s|$)/.test(line.text);
    return this.block(isSequence ? indent : indent + 1);
  }

  /** What follows a key or a dash on its line. */
  private inline(text: string, indent: number): Node {
    if (text.startsWith("!")) return this.tagged(text, indent);
    if (/^[|>][-+]?$/.test(text)) return { tag: undefined, value: this.literal(indent, text) };
    let flow = text;
    // Flow collections and quoted scalars may go on over lines.
    while (!FlowReader.isComplete(flow) && this.index < this.lines.length) flow += ` ${this.lines[this.index++]!.text}`;
    return new FlowReader(flow).value();
  }

  private tagged(text: string, indent: number): Node {
    const [, tag = "", rest = ""] = /^(!\S*)\s*(.*)$/.exec(text)!;
    const node = rest === "" || rest.startsWith("#") ? this.nested(indent) : this.inline(rest, indent);
    return { tag, value: node.value };
  }

  private literal(indent: number, style: string): string {
    const start = this.index;
    while (this.index < this.lines.length) {
      const { indent: own, text } = this.lines[this.index]!;
      if (text !== "" && own <= indent) break;
      this.index++;
    }
    const block = this.lines.slice(start, this.index);
    const margin = Math.min(...block.filter(({ text }) => text !== "").map((line) => line.indent));
    const content = block.map((line) => " ".repeat(Math.max(0, line.indent - margin)) + line.text).join("\n");
    return style.endsWith("-") ? content.replace(/\n+$/, "") : `${content.replace(/\n+$/, "")}\n`;
  }
}

/** Reads one value in flow style. */
class FlowReader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Whether every bracket and quote of a text is closed. */
  static isComplete(text: string): boolean {
    const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, "").replace(/(?:^|\s)#.*$/, "");
    const count = (pattern: RegExp): number => outside.match(pattern)?.length ?? 0;
    return count(/[[{]/g) <= count(/[\]}]/g) && !/^\s*"/.test(outside);
  }

  value(): Node {
    this.skipSpace();
    const { text } = this;
    if (text[this.at] === "!") {
      const tag = /^\S*/.exec(text.slice(this.at))![0];
      this.at += tag.length;
      return { tag, value: this.value().value };
    }
    if (text[this.at] === "[") return { tag: undefined, value: this.items("]").map(({ key }) => key) };
    if (text[this.at] === "{") return this.braces();
    return { tag: undefined, value: this.scalar() };
  }

  private braces(): Node {
    const items = this.items("}");
    if (items.every(({ value }) => value === undefined)) return { tag: undefined, value: items.map(({ key }) => key) };
    return {
      tag: undefined,
      value: new Map(items.map(({ key, value }) => [String(key.value), value ?? { tag: undefined, value: null }])),
    };
  }

  private items(close: string): { readonly key: Node; readonly value: Node | undefined }[] {
    const items: { readonly key: Node; readonly value: Node | undefined }[] = [];
    this.at++;
    for (this.skipSpace(); this.text[this.at] !== close; this.skipSpace()) {
      if (this.at >= this.text.length) throw new Error(`YAML: no ${close} in ${this.text}`);
      const key = this.value();
      this.skipSpace();
      let value: Node | undefined;
      if (this.text[this.at] === ":") {
        this.at++;
        value = this.value();
        this.skipSpace();
      }
      items.push({ key, value });
      if (this.text[this.at] === ",") this.at++;
    }
    this.at++;
    return items;
  }

  private scalar(): Scalar {
    const rest = this.text.slice(this.at);
    const quoted = /^"(?:[^"\\]|\\.)*"/.exec(rest) ?? /^'(?:[^']|'')*'/.exec(rest);
    if (quoted !== null) {
      this.at += quoted[0].length;
      if (rest.startsWith("'")) return quoted[0].slice(1, -1).replaceAll("''", "'");
      return JSON.parse(quoted[0].replaceAll("\t", "\\t")) as string;
    }
    // At the top level of a line a scalar goes on to its end, inside of brackets to a comma or a bracket.
    const isNested = this.at > 0 && /^[[{]/.test(this.text.trimStart().replace(/^!\S*\s*/, ""));
    const plain = (isNested ? /^[^,\]}]*?(?=\s*(?:[,\]}]|:\s|$))/ : /^.*?(?=\s+#|\s*$)/).exec(rest)![0];
    this.at += plain.length;
    return plainScalar(plain.trim());
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }
}

function plainScalar(text: string): Scalar {
  if (text === "" || text === "null" || text === "~") return null;
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
