/** The file system of the host, where there is one (Node, Deno, Bun). */
import { AdvnmfError } from "../errors.js";

/** Node's file modules. */
export interface HostFiles {
  readonly fs: typeof import("node:fs/promises");
  readonly path: typeof import("node:path");
  readonly url: typeof import("node:url");
}

/**
 * Node's file modules; undefined in browsers. They are looked up at run time, so that browsers and bundlers
 * meet no import of them.
 */
export function hostFiles(): HostFiles | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  const load = (id: string): unknown => process?.getBuiltinModule?.(id);
  const fs = load("node:fs/promises") as HostFiles["fs"] | undefined;
  const path = load("node:path") as HostFiles["path"] | undefined;
  const url = load("node:url") as HostFiles["url"] | undefined;
  return fs === undefined || path === undefined || url === undefined ? undefined : { fs, path, url };
}

/**
 * The path that a `file:` URL stands for; any other text is a path already.
 *
 * @throws AdvnmfError `IO` when it is a `file:` URL of another host, or no `file:` URL but a URL object.
 */
export function localPath(address: string | URL, { url }: HostFiles): string {
  if (typeof address === "string" && !/^file:/i.test(address)) return address;
  try {
    return url.fileURLToPath(address);
  } catch (cause) {
    throw new AdvnmfError(
      "IO",
      `${String(address)} is not the address of a local file; expected a path or a file: URL`,
      { path: String(address) },
      { cause },
    );
  }
}
