// advnmf/inline: the WebAssembly module as a string inside the JavaScript, for bundlers and hosts that
// have no file to point to.

/** Set by the build to the module's bytes in base64. */
declare const ADVNMF_WASM_BASE64: string;

/** The bytes of the WebAssembly module: `createEngine({ wasm: wasmBytes() })`. */
export function wasmBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(ADVNMF_WASM_BASE64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
