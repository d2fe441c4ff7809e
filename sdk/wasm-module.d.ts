// A WebAssembly module that is imported, as edge runtimes and their bundlers have it.

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
