/** Fragments that a thread loads at once: their words, addresses and halves fit in what the rest of R leaves of the registers. */
const fragmentsAtOnce = 4;

/**
 * C++ that loads the part of R that stays in registers.
 *
 * Were the loop over a thread's fragments unrolled, the compiler would send for all of them before it takes the first, with addresses and
 * halves of words in more registers than there are, and spill (LSTM backward, 768 units: 352 B). Registers have no addresses, though, so
 * a loop that is not unrolled can only write the same ones in each round: what came before moves up.
 */
export const registerLoadSource = `
KERNELGEN_DEVICE void take_bits(uint32_t bits, uint32_t& value) { value = bits; }
KERNELGEN_DEVICE void take_bits(uint32_t bits, float& value) { value = float_of(bits); }

/** Fills COUNT fragments of four registers each with the words of \`load(index)\`, ${fragmentsAtOnce} fragments a round. */
template <int COUNT, typename Register, typename Load>
KERNELGEN_DEVICE void load_registers(Register (&registers)[COUNT][4], const Load& load) {
  constexpr int LOADED_AT_ONCE = COUNT < ${fragmentsAtOnce} ? COUNT : ${fragmentsAtOnce};
  constexpr int FIRST = COUNT % LOADED_AT_ONCE == 0 ? 0 : COUNT % LOADED_AT_ONCE - LOADED_AT_ONCE;  // what is before the first fragment moves out
  KERNELGEN_UNROLL
  for (int i = 0; i < COUNT; ++i) {
    KERNELGEN_UNROLL
    for (int word = 0; word < 4; ++word) registers[i][word] = Register{};
  }
  KERNELGEN_NO_UNROLL
  for (int first = FIRST; first < COUNT; first += LOADED_AT_ONCE) {
    KERNELGEN_UNROLL
    for (int i = 0; i < COUNT - LOADED_AT_ONCE; ++i) {
      KERNELGEN_UNROLL
      for (int word = 0; word < 4; ++word) registers[i][word] = registers[i + LOADED_AT_ONCE][word];
    }
    KERNELGEN_UNROLL
    for (int i = 0; i < LOADED_AT_ONCE; ++i) {
      const Words4 words = load(first + i < 0 ? 0 : first + i);
      KERNELGEN_UNROLL
      for (int word = 0; word < 4; ++word) take_bits(words.w[word], registers[COUNT - LOADED_AT_ONCE + i][word]);
    }
  }
}
`;
