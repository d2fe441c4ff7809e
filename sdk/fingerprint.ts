import { AdvnmfError } from "./errors.js";
import { type MatrixLike, toMatrix } from "./matrix.js";

/**
 * SHA-256 of a matrix's numbers (row-major, little-endian, in its own number type), as 64 hexadecimal
 * digits. Equal digests mean equal bits.
 *
 * @throws AdvnmfError `SHAPE`; `UNSUPPORTED` where the host has no WebCrypto (a page without HTTPS).
 */
export async function sha256(value: MatrixLike): Promise<string> {
  const { data } = toMatrix(value, "matrix");
  return digestOf(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
}

/** SHA-256 of bytes, as 64 hexadecimal digits. @throws AdvnmfError `UNSUPPORTED`, see {@link sha256}. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new AdvnmfError("UNSUPPORTED", "sha256 needs WebCrypto, which browsers give to secure pages only");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
