// The modules that the bundler plugin provides: `"types": ["kernelgen/client"]` in tsconfig.json.
declare module "virtual:kernelgen/*" {
  const kernel: import("kernelgen/build").BuiltKernel;
  export default kernel;
}
