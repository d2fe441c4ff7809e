// Where the bytes of the WebAssembly module come from, in every runtime.

import { AdvnmfError } from "../errors.js";

/** What the engine can be made from: bytes, an address, a fetched response or a compiled module. */
export type WasmSource = BufferSource | string | URL | Response | WebAssembly.Module;

let provided: WebAssembly.Module | undefined;

/** Makes `module` the one that is used where none is named: for hosts that import it instead of reading a file. */
export function provideModule(module: WebAssembly.Module): void {
  provided = module;
}

/** The module beside the built files. A literal `new URL`, so that bundlers find and copy it. */
function besideThisFile(): URL {
  return new URL("./advnmf.wasm", import.meta.url);
}

/** `node:fs`, where there is one, without an import that browsers and bundlers would trip over. */
function fileSystem(): typeof import("node:fs") | undefined {
  return globalThis.process?.getBuiltinModule?.("node:fs");
}

function readFile(url: URL): Uint8Array<ArrayBuffer> {
  const fs = fileSystem();
  if (!fs) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `this runtime cannot read ${url.href}; hand the WebAssembly bytes or a compiled module to createEngine({ wasm })`,
      { url: url.href },
    );
  }
  return new Uint8Array(fs.readFileSync(url));
}

function notLoadable(cause: unknown, from: string): AdvnmfError {
  if (cause instanceof AdvnmfError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AdvnmfError(
    "IO",
    `the WebAssembly module could not be loaded from ${from}: ${reason}; serve advnmf.wasm there, or hand its bytes to createEngine({ wasm }) (advnmf/inline has them)`,
    { from },
    { cause },
  );
}

/** Compiles `source`, or the module beside the built files. @throws AdvnmfError `IO`, `UNSUPPORTED`. */
export async function compile(source: WasmSource | undefined = provided): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return WebAssembly.compile(source as BufferSource).catch((cause) => {
      throw notLoadable(cause, "the bytes given");
    });
  }
  // Asked last: Node takes 25 ms to load what stands behind that name.
  if (isObject(source) && !(source instanceof URL) && source instanceof Response) {
    return compileResponse(source);
  }
  const url = source === undefined ? besideThisFile() : address(source as string | URL);
  try {
    // On this thread: a module of this size is compiled sooner than handed to another and back.
    if (url.protocol === "file:") return new WebAssembly.Module(readFile(url));
    return await compileResponse(await fetch(url));
  } catch (cause) {
    throw notLoadable(cause, url.href);
  }
}

/** The same, on the calling thread: bytes, a module, or a file. @throws AdvnmfError `IO`, `UNSUPPORTED`. */
export function compileSync(source: WasmSource | undefined = provided): WebAssembly.Module {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
      return new WebAssembly.Module(source as BufferSource);
    }
    const url = source === undefined ? besideThisFile() : address(source as string | URL);
    if (url.protocol !== "file:") {
      throw new AdvnmfError(
        "UNSUPPORTED",
        `${url.href} cannot be fetched on the calling thread; hand over bytes or a compiled module: createEngineSync({ wasm })`,
        { url: url.href },
      );
    }
    return new WebAssembly.Module(readFile(url));
  } catch (cause) {
    throw notLoadable(cause, source === undefined ? besideThisFile().href : "what was given");
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function address(source: string | URL): URL {
  if (source instanceof URL) return source;
  if (typeof source === "string" && URL.canParse(source)) return new URL(source);
  throw new AdvnmfError(
    "OPTION",
    `wasm must be bytes, a URL, a Response or a WebAssembly.Module, got ${typeof source === "string" ? `"${source}"` : typeof source}`,
    { option: "wasm" },
  );
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) {
    throw new AdvnmfError("IO", `${response.url} answered ${response.status} ${response.statusText}`, {
      url: response.url,
      status: response.status,
    });
  }
  // Streaming compilation insists on the MIME type; a plain static host may not send it.
  return WebAssembly.compile(await response.arrayBuffer());
}
