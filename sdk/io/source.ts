/** Where bytes come from: a path, a URL, a Blob, a buffer, or several images. */
import { AdvnmfError } from "../errors.js";
import { allocateBytes, concatBytes } from "./bytes.js";
import { type HostFiles, hostFiles, localPath } from "./host.js";
import type { NamedBytes } from "./images.js";

/** One image of several: a Blob (a File has a name) or bytes with a name. */
export type ImageSource = Blob | { readonly name: string; readonly bytes: Uint8Array | ArrayBuffer };

/**
 * What can be read: a path (of a file, or of a folder of images), a URL (http, https, file, data, blob) or
 * its text, a Blob or File, bytes, or an array of images. In browsers, text is a URL relative to the page.
 */
export type MatrixSource = string | URL | Blob | Uint8Array | ArrayBuffer | readonly ImageSource[];

/** What a source turned out to be. */
export type Loaded =
  | { readonly kind: "file"; readonly name: string | undefined; readonly bytes: Uint8Array }
  | { readonly kind: "images"; readonly name: string | undefined; readonly files: readonly NamedBytes[] };

interface LoadOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Fetches all bytes of `source`.
 *
 * @throws AdvnmfError `IO` when it cannot be read, with the path or URL; `MEMORY` beyond `maxBytes`;
 *   `ABORTED` when the signal says so; `OPTION` when it is no source.
 */
export async function loadSource(source: MatrixSource, options: LoadOptions): Promise<Loaded> {
  checkSignal(options.signal);
  if (source instanceof Uint8Array) return { kind: "file", name: undefined, bytes: source };
  if (source instanceof ArrayBuffer) return { kind: "file", name: undefined, bytes: new Uint8Array(source) };
  if (source instanceof Blob) {
    const { name, bytes } = await readBlob(source, "", options);
    return { kind: "file", name: name === "" ? undefined : name, bytes };
  }
  if (Array.isArray(source)) {
    const files: NamedBytes[] = [];
    for (const [index, item] of (source as readonly ImageSource[]).entries()) {
      files.push(await readImageSource(item, index, options));
    }
    return { kind: "images", name: undefined, files };
  }
  if (typeof source === "string" || source instanceof URL) return loadAddress(source, options);
  throw new AdvnmfError(
    "OPTION",
    `a source is a path, a URL, a Blob, bytes or an array of images, got ${source === null ? "null" : typeof source}`,
    { got: typeof source },
  );
}

async function readImageSource(item: ImageSource, index: number, options: LoadOptions): Promise<NamedBytes> {
  if (item instanceof Blob) return readBlob(item, `image ${index}`, options);
  const bytes = item?.bytes instanceof ArrayBuffer ? new Uint8Array(item.bytes) : item?.bytes;
  if (typeof item?.name === "string" && bytes instanceof Uint8Array) return { name: item.name, bytes };
  throw new AdvnmfError("OPTION", `image ${index} must be a Blob or { name, bytes }, got ${typeof item}`, {
    index,
  });
}

async function readBlob(
  blob: Blob,
  fallback: string,
  { maxBytes, signal }: LoadOptions,
): Promise<NamedBytes> {
  const given = (blob as { name?: unknown }).name;
  const name = typeof given === "string" ? given : fallback;
  checkSize(blob.size, maxBytes, name === "" ? "the blob" : name);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw cannotRead(name === "" ? "the blob" : name, cause);
  }
  checkSignal(signal);
  return { name, bytes };
}

async function loadAddress(source: string | URL, options: LoadOptions): Promise<Loaded> {
  const address = String(source);
  const host = hostFiles();
  if (/^file:/i.test(address) && host !== undefined) return loadPath(localPath(address, host), host, options);
  if (/^(?:https?|data|blob):/i.test(address)) return loadUrl(address, options);
  if (typeof source === "string" && host !== undefined) return loadPath(source, host, options);
  return loadUrl(address, options);
}

async function loadPath(path: string, host: HostFiles, options: LoadOptions): Promise<Loaded> {
  try {
    const facts = await host.fs.stat(path);
    if (facts.isDirectory()) {
      return { kind: "images", name: path, files: await readFolder(path, host, options) };
    }
    /* pipes and devices have no size: they are read to their end */
    const bytes = facts.isFile()
      ? await readFile(path, facts.size, host, options)
      : await host.fs.readFile(path, { signal: options.signal });
    checkSize(bytes.length, options.maxBytes, path);
    return { kind: "file", name: path, bytes };
  } catch (cause) {
    if (cause instanceof AdvnmfError) throw cause;
    checkSignal(options.signal);
    throw cannotRead(path, cause);
  }
}

const imageName = /\.(?:pgm|pnm|png)(?:\.gz)?$/i;

async function readFolder(path: string, host: HostFiles, options: LoadOptions): Promise<NamedBytes[]> {
  const names = (await host.fs.readdir(path)).filter((name) => imageName.test(name) && !name.startsWith("."));
  if (names.length === 0) {
    throw new AdvnmfError(
      "FORMAT",
      `the folder ${path} has no image; expected files ending in .pgm, .pnm or .png`,
      {
        path,
      },
    );
  }
  const files: NamedBytes[] = [];
  let left = options.maxBytes;
  for (const name of names) {
    const file = host.path.join(path, name);
    const { size } = await host.fs.stat(file);
    const bytes = await readFile(file, size, host, { ...options, maxBytes: left });
    left -= bytes.length;
    files.push({ name, bytes });
  }
  return files;
}

/** Reads a regular file piece by piece: the one-call form of Node stops at 2 GiB. */
async function readFile(
  path: string,
  size: number,
  host: HostFiles,
  { maxBytes, signal }: LoadOptions,
): Promise<Uint8Array> {
  checkSize(size, maxBytes, path);
  const bytes = allocateBytes(size);
  const handle = await host.fs.open(path, "r");
  try {
    let filled = 0;
    while (filled < size) {
      checkSignal(signal);
      const { bytesRead } = await handle.read(bytes, filled, Math.min(size - filled, 1 << 28), filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

async function loadUrl(address: string, { maxBytes, signal }: LoadOptions): Promise<Loaded> {
  const shown = address.length > 200 ? `${address.slice(0, 60)}…` : address;
  try {
    const response = await fetch(address, signal === undefined ? {} : { signal });
    if (!response.ok) {
      throw new AdvnmfError(
        "IO",
        `cannot read ${shown}: the server answered ${response.status}; check the address`,
        {
          url: shown,
          status: response.status,
        },
      );
    }
    checkSize(Number(response.headers.get("content-length") ?? 0), maxBytes, shown);
    const bytes = await readBody(response, maxBytes, shown);
    const name = /^https?:/i.test(response.url || address)
      ? new URL(response.url || address).pathname
      : undefined;
    return { kind: "file", name, bytes };
  } catch (cause) {
    if (cause instanceof AdvnmfError) throw cause;
    checkSignal(signal);
    throw cannotRead(shown, cause);
  }
}

async function readBody(response: Response, maxBytes: number, what: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      checkSize(length, maxBytes, what);
    }
    parts.push(value);
  }
}

function checkSize(size: number, maxBytes: number, what: string): void {
  if (size <= maxBytes) return;
  throw new AdvnmfError(
    "MEMORY",
    `${what} has at least ${size} bytes, more than maxBytes = ${maxBytes}; raise maxBytes`,
    { got: size, maxBytes },
  );
}

function cannotRead(what: string, cause: unknown): AdvnmfError {
  const code = (cause as { code?: unknown } | null)?.code;
  const inner = (cause as { cause?: unknown } | null)?.cause ?? cause;
  const why =
    code === "ENOENT"
      ? "there is no such file; check the path"
      : inner instanceof Error
        ? inner.message
        : String(inner);
  return new AdvnmfError("IO", `cannot read ${what}: ${why}`, { path: what, code }, { cause });
}

/**
 * Stops when the caller's signal says so.
 *
 * @throws AdvnmfError `ABORTED`.
 */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new AdvnmfError(
    "ABORTED",
    "reading was stopped by the caller's signal",
    {},
    { cause: signal.reason },
  );
}
