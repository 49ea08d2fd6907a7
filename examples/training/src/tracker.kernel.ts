import { defineKernel } from "kernelgen/build";

// An input says which two of three cups are swapped; the network is trained on 32 games at once.
export default defineKernel({ cell: "lstm", inputDim: 3, headDim: 16, batch: 32, steps: 12, training: true });
