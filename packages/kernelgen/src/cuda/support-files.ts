import { readFileSync } from "node:fs";

const names = ["prelude.cuh", "prelude_device.cuh", "prelude_device_launch.cuh", "check.hpp", "check.cpp"] as const;

/** The files that generated CUDA sources include: the prelude, and what the check program shares. */
export function supportFiles(): readonly { readonly name: string; readonly content: string }[] {
  return names.map((name) => ({
    name,
    content: readFileSync(new URL(`../../assets/cuda/${name}`, import.meta.url), "utf8"),
  }));
}
