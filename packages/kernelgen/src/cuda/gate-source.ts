import { type CellDefinition, type Gate, type GateTerm, gatePlaces, gatesWith } from "../cell/definition.js";

/** The gates whose bias enters with the input, slot by slot, since they have no recurrent product to start from it. */
export const slotBiasGates = (cell: CellDefinition): readonly Gate[] =>
  gatesWith(cell, "bias").filter((gate) => gate.recurrent === false);

/** C++ of how the recurrent gates find their biases. */
export function biasGateSource(cell: CellDefinition): string {
  const places = gatePlaces(cell).filter(({ recurrent }) => recurrent !== undefined);
  const isIdentity = places.every(({ bias }, index) => bias === index);
  // Where lanes have different gates, a table would lie in local memory.
  const body = isIdentity
    ? "  return recurrent_gate;"
    : `  constexpr int places[RECURRENT_GATE_COUNT] = {${places.map(({ bias }) => bias ?? -1).join(", ")}};
  return places[recurrent_gate];`;
  return `
/** The place among the bias gates of a gate with a recurrent product; −1 if it has no bias. */
KERNELGEN_DEVICE constexpr int bias_gate(int recurrent_gate) {
${body}
}
`;
}

/**
 * C++ of the pre-activation of each gate: the sum of the terms that it has, each written by its place in the term's tensor; 0 without any.
 *
 * A term of which nothing is written is a part of another.
 */
export function gateSums(
  cell: CellDefinition,
  write: Readonly<Record<GateTerm, (place: number, gate: Gate) => string | undefined>>,
): readonly string[] {
  return gatePlaces(cell).map((places, g) => {
    const terms = (["recurrent", "input", "bias"] as const).flatMap((term) => {
      const place = places[term];
      return (place === undefined ? undefined : write[term](place, cell.gates[g]!)) ?? [];
    });
    return terms.length > 0 ? terms.join(" + ") : "0.0f";
  });
}

/** The pre-activations for one unit of slot i: of the sums `own` (bias included), the inputs and the slots' biases, what a gate has. */
export function preActivations(cell: CellDefinition): readonly string[] {
  const slotBiases = slotBiasGates(cell);
  return gateSums(cell, {
    recurrent: (place) => `own[i][${place}][unit]`,
    input: (place) => `input_values[${place}][unit]`,
    bias: (_, gate) => (slotBiases.includes(gate) ? `slot_bias[i][${slotBiases.indexOf(gate)}][unit]` : undefined),
  });
}

/** C++ that declares and loads the biases of this thread's slots; empty if no gate needs them. */
export function slotBiasSource(cell: CellDefinition): { readonly declaration: string; readonly load: string } {
  const gates = slotBiasGates(cell);
  if (gates.length === 0) return { declaration: "", load: "" };
  const biasGates = gatesWith(cell, "bias");
  const loads = gates.map(
    (gate, index) =>
      `        slot_bias[i][${index}][unit] = to_float(bias[(${biasGates.indexOf(gate)} * HEAD_COUNT + head) * HEAD_DIM + first_unit + units[i] + unit]);`,
  );
  return {
    declaration: `
  float slot_bias[OWN_SLOTS][${gates.length}][UNITS_PER_THREAD] = {};  // of ${gates.map(({ name }) => name).join(", ")}`,
    load: `\n${loads.join("\n")}`,
  };
}
