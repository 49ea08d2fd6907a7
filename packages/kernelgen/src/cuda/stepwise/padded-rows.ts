import { dataTypeBytes } from "../../plan/data-type.js";
import type { Problem } from "../../plan/problem.js";
import { wordBytes } from "../word-bytes.js";

/**
 * Whether a kernel may have to multiply rows that are no whole words of 16 bytes: those of a planned head dimension are or are not, those of any
 * size may be. Each launch then copies R to scratch memory once, with zeros at the end of each row, and steps leave the next one's operand there too,
 * beside where the user has it: what is multiplied always comes in whole words.
 */
export const mayPadRows = ({ headDim, dataType }: Problem, hasAnySizes: boolean): boolean =>
  hasAnySizes || headDim % (wordBytes / dataTypeBytes[dataType]) !== 0;

/** C++ of the length of such rows, and where the copies lie in scratch memory. */
export const paddedRowsSource = `
/** Elements from one row of a copy to the next: whole words. */
KERNELGEN_HOST_DEVICE constexpr int row_pitch(int head_dim) { return Tile::parts(head_dim, WORD_ELEMENTS) * WORD_ELEMENTS; }
KERNELGEN_HOST_DEVICE constexpr bool is_padded(int head_dim) { return row_pitch(head_dim) != head_dim; }
/** Elements of a copy of R [G,N,D,pitch]. */
KERNELGEN_HOST_DEVICE constexpr int64_t matrix_elements(int64_t heads, int64_t head_dim) {
  return RECURRENT_GATE_COUNT * heads * head_dim * row_pitch(static_cast<int>(head_dim));
}
/** Elements of the operands [2,B,P,N,pitch] of two steps in turn, of INNER_PARTS parts; none where rows are whole words. */
KERNELGEN_HOST_DEVICE constexpr int64_t operand_elements(int64_t batch, int64_t heads, int64_t head_dim) {
  return is_padded(static_cast<int>(head_dim)) ? 2 * batch * INNER_PARTS * heads * row_pitch(static_cast<int>(head_dim)) : 0;
}
`;

const padThreads = 256;

/** C++ of the kernel that copies rows to rows of whole words, once a launch. */
export const padSource = (kernelName: string): string => `
constexpr int PAD_THREADS = ${padThreads};

/** target[r] = source[r mod source_rows] with zeros at its end, or zeros alone where there is no source; a warp for each row. */
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(PAD_THREADS, 1)
${kernelName}(const Element* source, int64_t source_rows, Element* target, int64_t rows, int head_dim) {
  const int pitch = row_pitch(head_dim);
  const int64_t row = static_cast<int64_t>(block_index()) * (PAD_THREADS / 32) + warp_index();
  if (row >= rows) return;
  for (int i = lane_index(); i < pitch; i += 32) {
    target[row * pitch + i] = source != nullptr && i < head_dim ? load_streaming(source + row % source_rows * head_dim + i) : Element{};
  }
}

inline std::string pad_rows(Stream stream, const Element* source, int64_t source_rows, Element* target, int64_t rows, int head_dim) {
  const int blocks = static_cast<int>((rows * 32 + PAD_THREADS - 1) / PAD_THREADS);
  return launch(${kernelName}, blocks, PAD_THREADS, 0, false, stream, source, source_rows, target, rows, head_dim);
}
`;
