import { readdirSync, readFileSync } from "node:fs";
import type { GeneratedFile } from "../../generate.js";
import type { KernelSet } from "../kernel-set.js";
import { withLaunchInterface } from "../launch-interface.js";
import { withScanLaunchInterface } from "../scan/launch-interface.js";
import { preludeFiles } from "../support-files.js";
import { anySizeKernels } from "./any-size-kernels.js";
import { cellsSource } from "./cells-source.js";
import { linearCellsSource, packageLinearCells } from "./linear-cells-source.js";
import {
  manifest,
  pointwiseKernels,
  pointwisePath,
  sourceFolder,
  sourcePath,
  weightGradientKernels,
  weightGradientsPath,
} from "./manifest.js";
import { pointwiseSource } from "./pointwise-source.js";
import { checkPackageName } from "./python-name.js";
import { weightGradientsSource } from "./weight-gradients-source.js";

const assets = new URL("../../../assets/torch/", import.meta.url);
/** Stands for the package's name in the assets. */
const placeholder = "PACKAGE_NAME";

/**
 * All files of a Python package that runs a set of kernels in PyTorch, with paths below its directory:
 *
 *     setup.py  README.md  NAME/*.py  NAME/plans.json  NAME/cuda/DEVICE/*.cu
 *
 * The package is built by PyTorch alone. The same set gives the same bytes everywhere.
 *
 * @throws `KernelgenError` "invalid-name" if `name` is no name of a Python package
 */
export function torchPackageFiles(set: KernelSet, name: string): readonly GeneratedFile[] {
  checkPackageName(name);
  const inPackage = (path: string, content: string): GeneratedFile => ({ name: `${name}/${path}`, content });
  const anySize = anySizeKernels(set);
  const folders = new Set([...set.kernels, ...set.scans].map(({ device }) => sourceFolder(device)));
  return [
    ...assetFiles("project").map(([path, text]) => ({ name: path, content: text.replaceAll(placeholder, name) })),
    ...assetFiles("package").map(([path, text]) => inPackage(path, text.replaceAll(placeholder, name))),
    inPackage("cells.py", cellsSource()),
    inPackage("linear_cells.py", linearCellsSource(packageLinearCells(set))),
    inPackage("plans.json", manifest(set, anySize)),
    ...[...folders].flatMap((folder) =>
      preludeFiles().map((file) => inPackage(`${folder}/${file.name}`, file.content)),
    ),
    ...set.kernels.map((kernel) => inPackage(sourcePath(kernel), withLaunchInterface(kernel))),
    ...anySize.map((kernel) => inPackage(sourcePath(kernel), kernel.source)),
    ...set.scans.map((scan) => inPackage(sourcePath(scan), withScanLaunchInterface(scan.plan, scan.name, scan.source))),
    ...pointwiseKernels(set).map((row) => inPackage(pointwisePath(row), pointwiseSource(row.cell, row.dataType))),
    ...weightGradientKernels(set).map((row) =>
      inPackage(weightGradientsPath(row), weightGradientsSource(row.dataType, row.device.multiprocessorCount)),
    ),
  ];
}

/** The files of a folder of assets, by name in order. */
function assetFiles(folder: string): readonly (readonly [string, string])[] {
  const directory = new URL(`${folder}/`, assets);
  return readdirSync(directory)
    .filter((name) => !name.startsWith(".") && name !== "__pycache__")
    .toSorted()
    .map((name) => [name, readFileSync(new URL(name, directory), "utf8")] as const);
}
