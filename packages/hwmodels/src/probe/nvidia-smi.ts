/** A GPU as `nvidia-smi` describes it. */
export interface NvidiaSmiGpu {
  readonly index: number;
  readonly name: string;
  /** E.g. `"9.0"`; `null` from drivers that do not say. */
  readonly computeCapability: string | null;
  readonly driver: string;
  /** The highest clock of the multiprocessors, in MHz; `null` where it is not reported, as on Jetson. */
  readonly clockMegahertz: number | null;
}

const columns = ["index", "name", "compute_cap", "driver_version", "clocks.max.sm"] as const;

/** The parameters with which `nvidia-smi` prints what {@link parseNvidiaSmi} reads. */
export const nvidiaSmiParameters: readonly string[] = [
  `--query-gpu=${columns.join(",")}`,
  "--format=csv,noheader,nounits",
];

/** `nvidia-smi` printed something else than the table that was asked for. */
export class ProbeError extends Error {
  readonly code = "probe";
  override readonly name = "ProbeError";
}

/**
 * The GPUs in the output of `nvidia-smi` with {@link nvidiaSmiParameters}, one a line.
 *
 * @throws {ProbeError} quoting the line that cannot be read.
 */
export function parseNvidiaSmi(output: string): readonly NvidiaSmiGpu[] {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [index, name, capability, driver, clock, ...rest] = line.split(",").map((cell) => cell.trim());
    if (clock === undefined || rest.length > 0 || !/^\d+$/.test(index!) || name === "") {
      throw new ProbeError(`nvidia-smi: cannot read ${JSON.stringify(line)} as ${columns.join(", ")}`);
    }
    return {
      index: Number(index),
      name: name!,
      computeCapability: /^\d+\.\d$/.test(capability!) ? capability! : null,
      driver: driver!,
      clockMegahertz: /^\d+$/.test(clock) ? Number(clock) : null,
    };
  });
}
