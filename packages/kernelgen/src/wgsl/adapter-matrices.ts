import type { SubgroupMatrixComponent, SubgroupMatrixShape } from "hwmodels";

/** A product of subgroup matrices as Dawn reports it (`GPUSubgroupMatrixConfig`); WebGPU's own types do not have it. */
interface SubgroupMatrixConfig {
  readonly componentType: SubgroupMatrixComponent;
  readonly resultComponentType: SubgroupMatrixComponent;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What an adapter says of itself, where it has subgroup matrices. */
export interface AdapterMatrices {
  /** WebGPU's name of who made it. */
  readonly vendor?: string;
  readonly subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig>;
}

/** The products of subgroup matrices that an adapter reports. */
export const subgroupMatrixShapes = ({ subgroupMatrixConfigs = [] }: AdapterMatrices): readonly SubgroupMatrixShape[] =>
  Array.from(subgroupMatrixConfigs, ({ componentType, resultComponentType, M, N, K }) => ({
    component: componentType,
    result: resultComponentType,
    m: M,
    n: N,
    k: K,
  }));
