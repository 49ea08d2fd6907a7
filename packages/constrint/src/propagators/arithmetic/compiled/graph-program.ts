import {
  answer,
  type Code,
  call,
  demand,
  type Func,
  f64,
  forEach,
  i32,
  type Local,
  ModuleBuilder,
  repeatWhile,
  sequence,
  when,
} from "./assembler.js";
import { Answer, Kind, nodeLayout, operandLayout } from "./graph-layout.js";

const low = ({ get }: Local): Code => f64.load(get, nodeLayout.low);
const high = ({ get }: Local): Code => f64.load(get, nodeLayout.high);
const begin = ({ get }: Local): Code => i32.load(get, nodeLayout.begin);
const end = ({ get }: Local): Code => i32.load(get, nodeLayout.end);
const isOfKind = ({ get }: Local, kind: Kind): Code => i32.isEqual(i32.load(get, nodeLayout.kind), i32.constant(kind));
const nodeOf = (operand: Code, offset = 0): Code => i32.load(operand, offset + operandLayout.node);
const [no, yes] = [i32.constant(0), i32.constant(1)];

/** Does the body for each operand of a node, with `other` the node that it is. */
const forOperands = (node: Local, operand: Local, other: Local, body: Code): Code =>
  forEach(operand, begin(node), end(node), operandLayout.bytes, sequence(other.set(nodeOf(operand.get)), body));

/** Functions over an address of a node, which answer 0 where something must be and cannot. */
type ByKind = Readonly<Record<Exclude<keyof typeof Kind, "variable">, Func>>;

/**
 * The program of an `ExpressionGraph`'s propagation in WebAssembly, the same for any graph, with the results of the one in JavaScript. It has its
 * full speed from the first run on, where JavaScript is interpreted, and allocates each number, until it has run a thousand times.
 *
 * `propagate(boundBytes, leafBytes, nodesBegin, nodesEnd, rounds)`: memory begins with V doubles, the least value of each variable, those of leaves
 * first; then V with the largest ones; then V addresses of their nodes, of 4 bytes. From `nodesBegin` to `nodesEnd` lie the nodes, each after its
 * operands' nodes. `boundBytes` = 8·V, `leafBytes` = 8·leaves. It goes forward and back until nothing changes, at most so many rounds.
 *
 * @internal
 */
export function graphProgram(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const raise = module.add({ node: "i32", bound: "f64" }, {}, ({ node, bound }) =>
    sequence(
      when(f64.isAtMost(bound.get, low(node)), answer(yes)),
      f64.store(node.get, nodeLayout.low, bound.get),
      i32.store(node.get, nodeLayout.isNarrowed, yes),
      f64.isAtMost(bound.get, high(node)),
    ),
  );
  const lower = module.add({ node: "i32", bound: "f64" }, {}, ({ node, bound }) =>
    sequence(
      when(f64.isAtLeast(bound.get, high(node)), answer(yes)),
      f64.store(node.get, nodeLayout.high, bound.get),
      i32.store(node.get, nodeLayout.isNarrowed, yes),
      f64.isAtLeast(bound.get, low(node)),
    ),
  );
  // Gives a node the interval that it has of its operands, met with the required bounds.
  const meet = module.add(
    { node: "i32", lowest: "f64", highest: "f64" },
    { least: "f64", most: "f64" },
    ({ node, lowest, highest, least, most }) =>
      sequence(
        least.set(f64.max(lowest.get, f64.load(node.get, nodeLayout.requiredLow))),
        most.set(f64.min(highest.get, f64.load(node.get, nodeLayout.requiredHigh))),
        f64.store(node.get, nodeLayout.low, least.get),
        f64.store(node.get, nodeLayout.high, most.get),
        i32.store(
          node.get,
          nodeLayout.isNarrowed,
          i32.or(f64.isGreater(least.get, lowest.get), f64.isLess(most.get, highest.get)),
        ),
        f64.isAtMost(least.get, most.get),
      ),
  );
  const evaluate = addChoice(module, addEvaluations(module, meet));
  const narrow = addChoice(module, addNarrowings(module, raise, lower));
  addPropagate(module, { raise, lower, meet, evaluate, narrow });
  return module.bytes();
}

/** Adds a function that does to a node what is done to its kind. */
const addChoice = (module: ModuleBuilder, byKind: ByKind): Func =>
  module.add({ node: "i32" }, {}, ({ node }) =>
    sequence(
      ...(["linear", "product", "quotient", "max", "min"] as const).map((kind) =>
        when(isOfKind(node, Kind[kind]), answer(call(byKind[kind], node.get))),
      ),
      yes,
    ),
  );

/** Adds the functions that evaluate a node. */
function addEvaluations(module: ModuleBuilder, meet: Func): ByKind {
  const linear = module.add(
    { node: "i32" },
    { operand: "i32", other: "i32", factor: "f64", lowest: "f64", highest: "f64" },
    ({ node, operand, other, factor, lowest, highest }) =>
      sequence(
        sumOfTerms({ node, operand, other, factor, lowest, highest }),
        call(meet, node.get, lowest.get, highest.get),
      ),
  );
  const quotient = module.add({ node: "i32" }, { dividend: "i32", divisor: "i32" }, ({ node, dividend, divisor }) =>
    sequence(
      dividend.set(nodeOf(begin(node))),
      divisor.set(nodeOf(begin(node), operandLayout.bytes)),
      call(
        meet,
        node.get,
        f64.floor(f64.divide(low(dividend), high(divisor))),
        f64.floor(f64.divide(high(dividend), low(divisor))),
      ),
    ),
  );
  const folded = (first: number, combine: (left: Code, right: Code) => Code): Func =>
    module.add(
      { node: "i32" },
      { operand: "i32", other: "i32", lowest: "f64", highest: "f64" },
      ({ node, operand, other, lowest, highest }) =>
        sequence(
          lowest.set(f64.constant(first)),
          highest.set(f64.constant(first)),
          forOperands(
            node,
            operand,
            other,
            sequence(lowest.set(combine(lowest.get, low(other))), highest.set(combine(highest.get, high(other)))),
          ),
          call(meet, node.get, lowest.get, highest.get),
        ),
    );
  return {
    linear,
    product: folded(1, f64.multiply),
    quotient,
    max: folded(-Infinity, f64.max),
    min: folded(Infinity, f64.min),
  };
}

/** Sets `lowest` and `highest` to the ends of a linear node's terms together. */
function sumOfTerms(
  variables: Readonly<Record<"node" | "operand" | "other" | "factor" | "lowest" | "highest", Local>>,
): Code {
  const { node, operand, other, factor, lowest, highest } = variables;
  const addTerm = (least: Code, most: Code): Code =>
    sequence(
      lowest.set(f64.add(lowest.get, f64.multiply(factor.get, least))),
      highest.set(f64.add(highest.get, f64.multiply(factor.get, most))),
    );
  return sequence(
    lowest.set(f64.load(node.get, nodeLayout.constant)),
    highest.set(lowest.get),
    forOperands(
      node,
      operand,
      other,
      sequence(
        factor.set(f64.load(operand.get, operandLayout.coefficient)),
        when(
          f64.isGreater(factor.get, f64.constant(0)),
          addTerm(low(other), high(other)),
          addTerm(high(other), low(other)),
        ),
      ),
    ),
  );
}

/** Adds the functions that narrow a node's operands to what its interval allows. */
function addNarrowings(module: ModuleBuilder, raise: Func, lower: Func): ByKind {
  // A term may exceed its low end by as much as the sum may, when all others are at theirs.
  const linear = module.add(
    { node: "i32" },
    {
      ...({ operand: "i32", other: "i32" } as const),
      ...({ factor: "f64", lowest: "f64", highest: "f64", above: "f64", below: "f64" } as const),
      ...({ least: "f64", most: "f64", up: "f64", down: "f64" } as const),
    },
    ({ node, operand, other, factor, lowest, highest, above, below, least, most, up, down }) => {
      const steps = (room: Local): Code => f64.floor(f64.divide(room.get, f64.abs(factor.get)));
      const width = f64.subtract(most.get, least.get);
      return sequence(
        sumOfTerms({ node, operand, other, factor, lowest, highest }),
        above.set(f64.subtract(high(node), lowest.get)),
        below.set(f64.subtract(highest.get, low(node))),
        demand(f64.isAtLeast(above.get, f64.constant(0))),
        demand(f64.isAtLeast(below.get, f64.constant(0))),
        forOperands(
          node,
          operand,
          other,
          sequence(
            least.set(low(other)),
            most.set(high(other)),
            when(
              f64.isLess(least.get, most.get),
              sequence(
                factor.set(f64.load(operand.get, operandLayout.coefficient)),
                when(
                  f64.isGreater(factor.get, f64.constant(0)),
                  sequence(up.set(steps(above)), down.set(steps(below))),
                  sequence(up.set(steps(below)), down.set(steps(above))),
                ),
                when(f64.isGreater(width, up.get), demand(call(lower, other.get, f64.add(least.get, up.get)))),
                when(f64.isGreater(width, down.get), demand(call(raise, other.get, f64.subtract(most.get, down.get)))),
              ),
            ),
          ),
        ),
        yes,
      );
    },
  );
  // A factor is the product over the product of the others.
  const product = module.add(
    { node: "i32" },
    {
      ...({ operand: "i32", other: "i32", second: "i32", rest: "i32" } as const),
      ...({ restLow: "f64", restHigh: "f64" } as const),
    },
    ({ node, operand, other, second, rest, restLow, restHigh }) =>
      sequence(
        forOperands(
          node,
          operand,
          other,
          when(
            f64.isLess(low(other), high(other)),
            sequence(
              restLow.set(f64.constant(1)),
              restHigh.set(f64.constant(1)),
              forOperands(
                node,
                second,
                rest,
                when(
                  i32.isNotEqual(second.get, operand.get),
                  sequence(
                    restLow.set(f64.multiply(restLow.get, low(rest))),
                    restHigh.set(f64.multiply(restHigh.get, high(rest))),
                  ),
                ),
              ),
              when(
                f64.isGreater(low(node), f64.constant(0)),
                sequence(
                  demand(f64.isGreater(restHigh.get, f64.constant(0))),
                  demand(call(raise, other.get, f64.ceil(f64.divide(low(node), restHigh.get)))),
                ),
              ),
              when(
                f64.isGreater(restLow.get, f64.constant(0)),
                demand(call(lower, other.get, f64.floor(f64.divide(high(node), restLow.get)))),
              ),
            ),
          ),
        ),
        yes,
      ),
  );
  // q = ⌊n / d⌋: q·d ≤ n < (q + 1)·d.
  const quotient = module.add(
    { node: "i32" },
    { dividend: "i32", divisor: "i32", next: "f64" },
    ({ node, dividend, divisor, next }) =>
      sequence(
        dividend.set(nodeOf(begin(node))),
        divisor.set(nodeOf(begin(node), operandLayout.bytes)),
        next.set(f64.add(high(node), f64.constant(1))),
        demand(call(raise, dividend.get, f64.multiply(low(node), low(divisor)))),
        demand(call(lower, dividend.get, f64.subtract(f64.multiply(next.get, high(divisor)), f64.constant(1)))),
        when(
          f64.isGreater(low(node), f64.constant(0)),
          demand(call(lower, divisor.get, f64.floor(f64.divide(high(dividend), low(node))))),
        ),
        call(raise, divisor.get, f64.add(f64.floor(f64.divide(low(dividend), next.get)), f64.constant(1))),
      ),
  );
  // No operand is beyond the node, and the only one that reaches its other end does.
  const extremum = (
    bound: { readonly each: Func; readonly to: (node: Local) => Code },
    only: { readonly each: Func; readonly to: (node: Local) => Code },
    reaches: (other: Local, node: Local) => Code,
  ): Func =>
    module.add(
      { node: "i32" },
      { operand: "i32", other: "i32", reaching: "i32", last: "i32" },
      ({ node, operand, other, reaching, last }) =>
        sequence(
          forOperands(
            node,
            operand,
            other,
            sequence(
              demand(call(bound.each, other.get, bound.to(node))),
              when(reaches(other, node), sequence(last.set(other.get), reaching.set(i32.add(reaching.get, yes)))),
            ),
          ),
          demand(reaching.get),
          when(i32.isGreater(reaching.get, yes), answer(yes)),
          call(only.each, last.get, only.to(node)),
        ),
    );
  const [atMostHigh, atLeastLow] = [
    { each: lower, to: high },
    { each: raise, to: low },
  ];
  return {
    linear,
    product,
    quotient,
    max: extremum(atMostHigh, atLeastLow, (other, node) => f64.isAtLeast(high(other), low(node))),
    min: extremum(atLeastLow, atMostHigh, (other, node) => f64.isAtMost(low(other), high(node))),
  };
}

/** Adds the exported function. */
function addPropagate(
  module: ModuleBuilder,
  { raise, lower, meet, evaluate, narrow }: Readonly<Record<"raise" | "lower" | "meet" | "evaluate" | "narrow", Func>>,
): void {
  module.add(
    { boundBytes: "i32", leafBytes: "i32", nodesBegin: "i32", nodesEnd: "i32", rounds: "i32" },
    {
      ...({ bound: "i32", node: "i32", least: "f64", most: "f64" } as const),
      ...({ isChanged: "i32", wasChanged: "i32", isOpen: "i32" } as const),
    },
    (variables) => {
      const { boundBytes, leafBytes, nodesBegin, nodesEnd, rounds } = variables;
      const { bound, node, least, most, isChanged, wasChanged, isOpen } = variables;
      const forVariables = (from: Code, to: Code, body: Code): Code =>
        forEach(
          bound,
          from,
          to,
          8,
          sequence(
            node.set(i32.load(i32.add(i32.double(boundBytes.get), i32.half(bound.get)), 0)),
            least.set(f64.load(bound.get, 0)),
            most.set(f64.load(i32.add(bound.get, boundBytes.get), 0)),
            body,
          ),
        );
      const forward = sequence(
        forVariables(no, leafBytes.get, demand(call(meet, node.get, least.get, most.get))),
        forEach(
          node,
          nodesBegin.get,
          nodesEnd.get,
          nodeLayout.bytes,
          when(i32.load(node.get, nodeLayout.kind), demand(call(evaluate, node.get))),
        ),
        // After the nodes, of which other ones are evaluated without these bounds: that is sound.
        forVariables(
          leafBytes.get,
          boundBytes.get,
          sequence(demand(call(raise, node.get, least.get)), demand(call(lower, node.get, most.get))),
        ),
      );
      const back = forEach(
        node,
        nodesEnd.get,
        nodesBegin.get,
        -nodeLayout.bytes,
        when(i32.load(node.get, nodeLayout.isNarrowed), demand(call(narrow, node.get))),
      );
      const takeBounds = sequence(
        isChanged.set(no),
        isOpen.set(no),
        forVariables(
          no,
          boundBytes.get,
          sequence(
            when(
              i32.or(f64.isGreater(low(node), least.get), f64.isLess(high(node), most.get)),
              sequence(
                f64.store(bound.get, 0, low(node)),
                f64.store(i32.add(bound.get, boundBytes.get), 0, high(node)),
                isChanged.set(yes),
                wasChanged.set(yes),
              ),
            ),
            when(f64.isLess(low(node), high(node)), isOpen.set(yes)),
          ),
        ),
        rounds.set(i32.subtract(rounds.get, yes)),
      );
      const bit = (value: number, condition: Code): Code =>
        when(condition, wasChanged.set(i32.or(wasChanged.get, i32.constant(value))));
      return sequence(
        repeatWhile(sequence(forward, back, takeBounds), i32.and(isChanged.get, i32.isGreater(rounds.get, no))),
        wasChanged.set(i32.double(wasChanged.get)),
        bit(Answer.unfinished, isChanged.get),
        bit(Answer.fixed, i32.isZero(isOpen.get)),
        i32.or(wasChanged.get, i32.constant(Answer.possible)),
      );
    },
    "propagate",
  );
}
