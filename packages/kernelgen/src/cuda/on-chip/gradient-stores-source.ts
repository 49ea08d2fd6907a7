import { gatePlaces } from "../../cell/definition.js";
import type { Problem } from "../../plan/problem.js";
import { gradientName } from "../../plan/tensors.js";

/** Whether a gate has no input: its du is a tensor of its own, not a part of that of the inputs. */
export const hasOwnGradients = ({ cell }: Problem): boolean =>
  gatePlaces(cell).some(({ input }) => input === undefined);

/**
 * C++ statements that store du of slot i of a backward kernel, at `writes[i]` (gates with an input) and `gate_writes[i]` (those without).
 *
 * @param word the packed values of a gate
 * @param stepsAfter how many steps after the one that is computed; that step itself if left out
 */
export function gateStores({ cell }: Problem, word: (gate: number) => string, stepsAfter?: string): string {
  const row = "HEAD_COUNT * HEAD_DIM";
  const after = (elements: string): string => (stepsAfter === undefined ? "" : ` + ${stepsAfter} * ${elements}`);
  return gatePlaces(cell)
    .map(({ input }, gate) => {
      const target =
        input === undefined
          ? `${gradientName(`u_${cell.gates[gate]!.name}`)} + gate_writes[i]${after(row)}`
          : `${gradientName("wx")} + writes[i]${after(`INPUT_GATE_COUNT * ${row}`)} + ${input} * ${row}`;
      return `          store_streaming(reinterpret_cast<Packed*>(${target}), ${word(gate)});`;
    })
    .join("\n");
}

/** C++ that stores du of the steps which no sequence of the block has: zeros. */
export const zeroGradientsSource = (problem: Problem): string => `
  // The steps beyond the end of all sequences.
  for (int time = computed_steps; time < steps; ++time) {
    const int64_t steps_after = time - computed_steps + 1;
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      if (valid[i]) {
${gateStores(problem, () => "Packed{}", "steps_after")}
      }
    }
  }`;

/**
 * C++ with which a backward kernel ends: the gradients of the initial states from the adjoints that remain.
 *
 * @param throughRecurrent what the initial h gets through R beside its adjoint, as a further term
 */
export function initialGradientsSource({ cell }: Problem, throughRecurrent: string): string {
  const stores = cell.states.map(({ name }, index) => {
    const target = `${gradientName(`${name}_initial`)} + singles[i]`;
    return `
    KERNELGEN_UNROLL
    for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) values[unit] = adjoints[i][unit][${index}]${index === 0 ? throughRecurrent : ""};
    ${index === 0 ? `store_streaming(reinterpret_cast<Packed*>(${target}), pack(values));` : `store_floats(${target}, values);`}`;
  });
  return `  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    if (!valid[i]) continue;
    float values[UNITS_PER_THREAD];${stores.join("")}
  }
`;
}
