/** C++ of the exchange (`StateExchange.source`) of a head that lies in one block: its threads write the operand to where they read it. */
export const blockExchangeSource = `
struct Exchange {
  Element* state;
  KERNELGEN_DEVICE void receive(int /* step */) const { sync_block(); }
  template <typename Word, int COUNT>
  KERNELGEN_DEVICE void send(int step, int /* own_slot */, int inner, int sequence, const Word (&words)[COUNT]) const {
    if (inner >= INNER_DIM) return;
    Word* target = reinterpret_cast<Word*>(state_tile(state, step + 1) + sequence * STATE_STRIDE + inner);
    KERNELGEN_UNROLL
    for (int i = 0; i < COUNT; ++i) target[i] = words[i];
  }
};
`;
