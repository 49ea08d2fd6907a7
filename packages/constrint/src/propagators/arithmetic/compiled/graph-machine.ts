import { Outcome } from "../../../engine/propagator.js";
import type { Store } from "../../../engine/store.js";
import { Answer, type Kind, nodeLayout, operandLayout } from "./graph-layout.js";
import { graphProgram } from "./graph-program-bytes.js";

/** What a machine reads of an expression graph. @internal */
export interface GraphNodes {
  readonly kinds: readonly Kind[];
  /** A node's operands, their coefficients and the constant where it is linear. */
  readonly operands: readonly (readonly number[])[];
  readonly coefficients: readonly (readonly number[])[];
  readonly constants: readonly number[];
  readonly requiredLow: readonly number[];
  readonly requiredHigh: readonly number[];
  /** The nodes of variables: leaves, then those that equal another node. */
  readonly variableNodes: readonly number[];
  readonly leafCount: number;
  /** Those variables. */
  readonly scope: readonly number[];
}

/** The part of the platform's WebAssembly that is used here; it is no part of the language's library. */
interface WebAssemblyPlatform {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface GraphExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  propagate(boundBytes: number, leafBytes: number, nodesBegin: number, nodesEnd: number, rounds: number): number;
}

/** What base64 stands for. */
const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

const pageBytes = 1 << 16;
/** After so many rounds the engine decides what to do next, which may be to stop. */
const roundsAtOnce = 16;
const NO_BOUNDS = new Float64Array(0);

/**
 * Runs the propagation of expression graphs in WebAssembly. There is one for all graphs, as each memory would reserve gigabytes of addresses: a
 * graph that is not the one that ran last is copied in first.
 *
 * @internal
 */
export class GraphMachine {
  private loaded: GraphNodes | undefined;
  private scope: readonly number[] = [];
  /** Views of the machine's memory: the bounds of the loaded graph's variables. */
  private mins = NO_BOUNDS;
  private maxs = NO_BOUNDS;
  private boundBytes = 0;
  private leafBytes = 0;
  private nodesBegin = 0;
  private nodesEnd = 0;

  private constructor(private readonly program: GraphExports) {}

  private static created: GraphMachine | undefined | null;

  /** The machine; undefined where the platform has no WebAssembly or allows none. */
  static shared(): GraphMachine | undefined {
    if (GraphMachine.created === undefined) GraphMachine.created = create() ?? null;
    return GraphMachine.created ?? undefined;

    function create(): GraphMachine | undefined {
      const { WebAssembly: platform } = globalThis as { WebAssembly?: WebAssemblyPlatform };
      if (platform === undefined) return undefined;
      try {
        const { exports } = new platform.Instance(new platform.Module(bytesOf(graphProgram)));
        return new GraphMachine(exports as GraphExports);
      } catch {
        return undefined; // a page's security policy may forbid it
      }
    }
  }

  /** Forgets a graph, which has changed. */
  forget(graph: GraphNodes): void {
    if (this.loaded === graph) this.loaded = undefined;
  }

  /** Narrows the variables of a graph to its fixpoint, as far as bounds that are not rounded by domains go. */
  propagate(graph: GraphNodes, store: Store): Outcome {
    if (this.loaded !== graph) this.load(graph);
    const { scope, mins, maxs } = this;
    store.copyBounds(scope, mins, maxs);
    const { boundBytes, leafBytes, nodesBegin, nodesEnd } = this;
    const answer = this.program.propagate(boundBytes, leafBytes, nodesBegin, nodesEnd, roundsAtOnce);
    if (answer === 0) return Outcome.failed;
    let mayNarrowMore = (answer & Answer.unfinished) !== 0;
    if ((answer & Answer.changed) !== 0) {
      for (let i = 0; i < scope.length; i++) {
        const variable = scope[i]!;
        const min = mins[i]!;
        const max = maxs[i]!;
        if (!store.setMin(variable, min) || !store.setMax(variable, max)) return Outcome.failed;
        // A value that the variable's domain lacks may have moved its bound.
        mayNarrowMore ||= store.min(variable) !== min || store.max(variable) !== max;
      }
    }
    if (mayNarrowMore) return Outcome.changed;
    return (answer & Answer.fixed) === 0 ? Outcome.stable : Outcome.entailed;
  }

  private load(graph: GraphNodes): void {
    const { kinds, operands, coefficients, constants, requiredLow, requiredHigh, variableNodes } = graph;
    const scope = [...graph.scope];
    const operandCount = operands.reduce((count, { length }) => count + length, 0);
    // Least values, largest values, addresses of nodes; whole doubles.
    const addressesBegin = 2 * 8 * scope.length;
    const nodesBegin = Math.ceil((addressesBegin + 4 * scope.length) / 8) * 8;
    const nodesEnd = nodesBegin + kinds.length * nodeLayout.bytes;
    this.reserve(nodesEnd + operandCount * operandLayout.bytes);
    const { buffer } = this.program.memory;
    const numbers = new Float64Array(buffer);
    const integers = new Int32Array(buffer);
    let operandAt = nodesEnd;
    for (let node = 0; node < kinds.length; node++) {
      const address = nodesBegin + node * nodeLayout.bytes;
      const at = address / 8;
      numbers[at + nodeLayout.requiredLow / 8] = requiredLow[node]!;
      numbers[at + nodeLayout.requiredHigh / 8] = requiredHigh[node]!;
      numbers[at + nodeLayout.constant / 8] = constants[node]!;
      integers[(address + nodeLayout.kind) / 4] = kinds[node]!;
      integers[(address + nodeLayout.begin) / 4] = operandAt;
      for (let i = 0; i < operands[node]!.length; i++) {
        numbers[(operandAt + operandLayout.coefficient) / 8] = coefficients[node]![i] ?? 1;
        integers[(operandAt + operandLayout.node) / 4] = nodesBegin + operands[node]![i]! * nodeLayout.bytes;
        operandAt += operandLayout.bytes;
      }
      integers[(address + nodeLayout.end) / 4] = operandAt;
    }
    for (let i = 0; i < scope.length; i++) {
      integers[addressesBegin / 4 + i] = nodesBegin + variableNodes[i]! * nodeLayout.bytes;
    }
    this.mins = new Float64Array(buffer, 0, scope.length);
    this.maxs = new Float64Array(buffer, 8 * scope.length, scope.length);
    this.boundBytes = 8 * scope.length;
    this.leafBytes = 8 * graph.leafCount;
    this.nodesBegin = nodesBegin;
    this.nodesEnd = nodesEnd;
    this.scope = scope;
    this.loaded = graph;
  }

  private reserve(bytes: number): void {
    const { memory } = this.program;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  }
}
