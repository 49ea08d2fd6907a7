/** C++ of the tiles in shared memory that a step's product reads, at namespace scope, before the product and the exchange. */
export const stateTileSource = `
/** The tile of the product's operand (h forward, du backward) that a step reads: [BATCH_TILE][STATE_STRIDE]. */
KERNELGEN_DEVICE Element* state_tile(Element* shared_state, int step) {
  return shared_state + step % STATE_BUFFERS * BATCH_TILE * STATE_STRIDE;
}
`;
