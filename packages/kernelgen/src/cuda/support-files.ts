import { readFileSync } from "node:fs";

const preludeNames = [
  "prelude.cuh",
  "prelude_device.cuh",
  "prelude_device_cluster.cuh",
  "prelude_device_launch.cuh",
] as const;
const hostNames = [
  "prelude_host.cpp",
  "prelude_host.hpp",
  "prelude_host_fiber.hpp",
  "prelude_host_scheduler.hpp",
] as const;
/** What the check programs of a kind of kernel share. */
const checkNames = { recurrent: ["check.hpp", "check.cpp"], scan: ["scan_check.hpp", "scan_check.cpp"] } as const;

type SupportFile = { readonly name: string; readonly content: string };

const read = (name: string): SupportFile => ({
  name,
  content: readFileSync(new URL(`../../assets/cuda/${name}`, import.meta.url), "utf8"),
});

/** The files that generated CUDA kernels include. */
export const preludeFiles = (): readonly SupportFile[] => preludeNames.map(read);

/** The prelude's other side, with which kernels run on a CPU. */
export const hostPreludeFiles = (): readonly SupportFile[] => hostNames.map(read);

/** The files that generated CUDA sources include: the prelude, and what the check program shares. */
export const supportFiles = (kind: keyof typeof checkNames = "recurrent"): readonly SupportFile[] => [
  ...preludeFiles(),
  ...checkNames[kind].map(read),
];
