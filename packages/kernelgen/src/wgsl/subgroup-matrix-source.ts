import { gatePlaces } from "../cell/definition.js";
import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { cellSource } from "./cell-source.js";
import { elementType, entryPoint, moduleSource } from "./module-source.js";
import { indexed, type SlotCounts, slotDeclarations, slotSource } from "./slot-source.js";
import { finalStates, finishSlots, initialiseSlots, prefetch, type SlotSteps } from "./slot-steps.js";
import { indented, range, unroll } from "./unroll.js";

/** The tiles of R of a subgroup, and of sequences. */
interface MatrixTiles {
  readonly rowTiles: number;
  readonly columnTiles: number;
  readonly innerTiles: number;
  readonly innerTilesInRegisters: number;
}

function matrixTiles({ parameters, derived }: Plan): MatrixTiles {
  return {
    rowTiles: parameters.rowTilesPerSubgroup!,
    columnTiles: parameters.columnTiles!,
    innerTiles: derived.innerTiles!,
    innerTilesInRegisters: parameters.innerTilesInRegisters!,
  };
}

/** WGSL of the matrices, where they lie, and the sums of a slot. */
function matrixSource(plan: Plan, counts: SlotCounts): string {
  const { scalar } = elementType(plan.problem.dataType);
  const places = gatePlaces(plan.problem.cell);
  const sums = range(counts.gateVectors).map((v) => {
    const components = range(4).map((i) => {
      const gate = places[4 * v + i]?.recurrent;
      return gate === undefined ? "0.0" : `sums[sum_index(slot.tile_sequence, ${gate}u) + slot.tile_unit]`;
    });
    return `fn ${indexed(counts, "gate_sums", v)}(slot: Slot) -> vec4f {
  return vec4f(${components.join(", ")});
}`;
  });
  return `// Matrices that the invocations of a subgroup hold together; WGSL names the columns first.
alias RecurrentMatrix = subgroup_matrix_left<${scalar}, MATRIX_INNER, MATRIX_ROWS>;
alias StateMatrix = subgroup_matrix_right<${scalar}, MATRIX_COLUMNS, MATRIX_INNER>;
alias SumMatrix = subgroup_matrix_result<f32, MATRIX_COLUMNS, MATRIX_ROWS>;

// h before a step of the tile's sequences, a column of a matrix each: [BATCH_TILE][STATE_STRIDE]. What no unit writes stays zero.
var<workgroup> state_tile: array<${scalar}, STATE_ELEMENTS>;

// R h of a step, gates as R counts them: [gate][BATCH_TILE][SUM_STRIDE].
var<workgroup> sums: array<f32, SUM_ELEMENTS>;

fn sum_index(tile_sequence: u32, gate: u32) -> u32 {
  return (gate * BATCH_TILE + tile_sequence) * SUM_STRIDE;
}

// A matrix of R [G,N,D,D]. Tiles of rows are counted gate by gate.
fn load_recurrent(head: u32, row_tile: u32, inner_tile: u32) -> RecurrentMatrix {
  let row = row_tile * MATRIX_ROWS;
  let first = ((row / HEAD_DIM * HEAD_COUNT + head) * HEAD_DIM + row % HEAD_DIM) * HEAD_DIM + inner_tile * MATRIX_INNER;
  return subgroupMatrixLoad<RecurrentMatrix, row_major>(&recurrent, first, HEAD_DIM);
}

fn load_state(inner_tile: u32, column_tile: u32) -> StateMatrix {
  let first = column_tile * MATRIX_COLUMNS * STATE_STRIDE + inner_tile * MATRIX_INNER;
  return subgroupMatrixLoad<StateMatrix, col_major>(&state_tile, first, STATE_STRIDE);
}

fn store_sums(row_tile: u32, column_tile: u32, matrix: SumMatrix) {
  let row = row_tile * MATRIX_ROWS;
  let first = sum_index(column_tile * MATRIX_COLUMNS, row / HEAD_DIM) + row % HEAD_DIM;
  subgroupMatrixStore<col_major>(&sums, first, matrix, SUM_STRIDE);
}

// The sums of a slot's gates.
${sums.join("\n\n")}`;
}

function loadMatrices({ rowTiles, innerTilesInRegisters }: MatrixTiles): string[] {
  return unroll(
    [rowTiles, innerTilesInRegisters],
    (r, k) => `let matrix_${r}_${k} = load_recurrent(head, first_row_tile + ${r}u, ${k}u);`,
  );
}

/** R h of a subgroup's rows: each column of R's tiles with that row of the state's. */
function multiply({ rowTiles, columnTiles, innerTiles, innerTilesInRegisters }: MatrixTiles): string[] {
  const inner = (k: string, matrix: (r: number) => string): string[] => [
    ...range(columnTiles).map((c) => `  let state_${c} = load_state(${k}, ${c}u);`),
    ...range(rowTiles).flatMap((r) => [
      `  let matrix_${r} = ${matrix(r)};`,
      ...range(columnTiles).map(
        (c) => `  sums_${r}_${c} = subgroupMatrixMultiplyAccumulate(matrix_${r}, state_${c}, sums_${r}_${c});`,
      ),
    ]),
  ];
  return [
    ...unroll([rowTiles, columnTiles], (r, c) => `var sums_${r}_${c} = SumMatrix();`),
    ...range(innerTilesInRegisters).flatMap((k) => ["{", ...inner(`${k}u`, (r) => `matrix_${r}_${k}`), "}"]),
    ...(innerTilesInRegisters < innerTiles
      ? [
          "for (var inner_tile = INNER_TILES_IN_REGISTERS; inner_tile < INNER_TILES; inner_tile++) {",
          ...inner("inner_tile", (r) => `load_recurrent(head, first_row_tile + ${r}u, inner_tile)`),
          "}",
        ]
      : []),
    ...unroll([rowTiles, columnTiles], (r, c) => `store_sums(first_row_tile + ${r}u, ${c}u, sums_${r}_${c});`),
  ];
}

/** The own slots of a workgroup: h goes to the tile that all of it multiplies, in the type in which it is stored. */
function slotsOf(plan: Plan, counts: SlotCounts): SlotSteps {
  const { store } = elementType(plan.problem.dataType);
  const keep = (slot: string, value: string): string =>
    `state_tile[${slot}.tile_sequence * STATE_STRIDE + ${slot}.tile_unit] = ${store(value)};`;
  return { sums: (o, v) => `${indexed(counts, "gate_sums", v)}(slot_${o})`, keepInitial: keep, keep };
}

/** The module of a plan of the family of subgroup matrices. */
export function emitSubgroupMatrix(plan: Plan, name?: string): readonly [SourceFile] {
  const { problem } = plan;
  const counts: SlotCounts = {
    unitsPerInvocation: 1,
    batchTile: plan.derived.batchTile!,
    ownSlots: plan.derived.ownSlots!,
    gateVectors: Math.ceil(problem.cell.gates.length / 4),
    splitsInner: false,
    shuffleLanes: 1,
  };
  const tiles = matrixTiles(plan);
  const slots = slotsOf(plan, counts);
  const body = `${cellSource(problem)}

${slotSource(plan, counts)}

${matrixSource(plan, counts)}

// A workgroup computes all steps of one head for BATCH_TILE sequences.
@compute @workgroup_size(INVOCATIONS)
fn ${entryPoint(problem)}(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) invocation: u32, @builtin(subgroup_id) subgroup: u32) {
  let head = workgroup.x;
  let first_unit = 0u;
  let first_sequence = workgroup.y * BATCH_TILE;
  // Where subgroups are smaller than the largest, there are more of them than have a part of R.
  let multiplies = subgroup < SUBGROUPS;
  let first_row_tile = min(subgroup, SUBGROUPS - 1u) * ROW_TILES_PER_SUBGROUP;

  // R, for all steps.
${indented(loadMatrices(tiles), 1)}

  // Own slots: initial states, and the inputs of the first step.
${indented([...slotDeclarations(counts), ...initialiseSlots(plan, counts, slots)], 1)}
  workgroupBarrier();

  for (var step = 0u; step < run.steps; step++) {
    // Inputs of the next step are on their way while this one is computed.
    let next_step = min(step + 1u, run.steps - 1u);
${indented(prefetch(counts), 2)}

    // R h, the rows of each subgroup.
    if (multiplies) {
${indented(multiply(tiles), 3)}
    }
    workgroupBarrier();

    // Own slots: cell, states, outputs, and h for the next step.
${indented(finishSlots(plan, counts, slots), 2)}
    workgroupBarrier();
  }${finalStates(plan, counts)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
