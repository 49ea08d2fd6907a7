import { type IntExpr, type IntVar, type Model, max } from "constrint";
import type { CostTerm } from "../plan/cost-term.js";
import { dataTypeBytes } from "../plan/data-type.js";
import { plus, times } from "../plan/integer-expressions.js";
import type { Problem } from "../plan/problem.js";
import {
  invocationRegisters,
  lanesPerVector,
  matrixRegisters,
  vectorBytes,
  type WorkgroupProduct,
  type WorkgroupTiling,
} from "./workgroup-tiling.js";

/**
 * Where a workgroup that computes all steps keeps its part of R: an invocation's first chunks in its registers, further ones in workgroup
 * memory, and what fits in neither in storage.
 */
export interface StationaryMatrix {
  readonly unknowns: readonly [chunksInRegisters: IntVar, chunksInWorkgroup: IntVar];
  readonly chunksInStorage: IntExpr;
  /** Bytes of workgroup memory with what multiplies R, and the partial sums. */
  readonly workgroupBytes: IntExpr;
  /** Registers of an invocation. */
  readonly registers: IntExpr;
  /** Constants of the emitted source. */
  readonly derived: Readonly<Record<string, IntExpr>>;
  /** The predicted time of reading R and the operand from workgroup memory, and R from storage. */
  readonly readTerms: readonly CostTerm[];
}

/**
 * States where R lies.
 *
 * @param operandBytes the bytes in workgroup memory of what R is multiplied with
 * @param otherRegisters registers of an invocation beside R, the sums and the own slots
 */
export function stationaryMatrix(
  { dataType }: Problem,
  model: Model,
  tiling: WorkgroupTiling,
  { chunkCount, sumVectors }: WorkgroupProduct,
  operandBytes: IntExpr,
  otherRegisters: IntExpr,
): StationaryMatrix {
  const { innerChunks, invocations, batchTile, costs } = tiling;
  const chunksInRegisters = model.int("chunksInRegisters", 0, chunkCount);
  const chunksInWorkgroup = model.int("chunksInWorkgroup", 0, chunkCount);
  model.add(chunksInRegisters.plus(chunksInWorkgroup).le(innerChunks), "no more chunks of R than there are");
  // The constraint already says that it is not negative; so said, products and sums of it are known not to be.
  const chunksInStorage = max([innerChunks.minus(chunksInRegisters).minus(chunksInWorkgroup), 0]);

  const matricesPerChunk = tiling.unitsPerInvocation.times(sumVectors);
  const vectorsPerChunk = times(invocations, matricesPerChunk, lanesPerVector);
  const matrixVectors = chunksInWorkgroup.times(vectorsPerChunk);
  const matrixVectorBytes = lanesPerVector * dataTypeBytes[dataType];
  return {
    unknowns: [chunksInRegisters, chunksInWorkgroup],
    chunksInStorage,
    workgroupBytes: plus(matrixVectors.times(matrixVectorBytes), operandBytes, tiling.partialBytes),
    registers: invocationRegisters(tiling, otherRegisters, times(chunksInRegisters, matricesPerChunk, matrixRegisters)),
    derived: { matricesPerChunk, matrixVectors },
    readTerms: [
      {
        name: "workgroup memory",
        amount: times(innerChunks, invocations, batchTile, vectorBytes),
        price: costs.workgroupByte,
      },
      { name: "workgroup memory", amount: matrixVectors, price: matrixVectorBytes * costs.workgroupByte },
      {
        name: "storage",
        amount: times(chunksInStorage, vectorsPerChunk),
        price: matrixVectorBytes * costs.storageByte,
      },
      // Each chunk from storage is waited for.
      { name: "storage", amount: chunksInStorage, price: costs.storageLatency },
    ],
  };
}
