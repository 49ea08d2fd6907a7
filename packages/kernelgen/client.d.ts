// The modules that the bundler plugin provides: `"types": ["kernelgen/client"]` in tsconfig.json.
declare module "virtual:kernelgen/*" {
  /** What a definition without `inputDim` becomes. */
  export const kernel: import("kernelgen/build").BuiltKernel;
  /** What a definition with `inputDim` becomes. */
  export const network: import("kernelgen/build").BuiltNetwork;
}
