/** Which format some bytes are in: by their first bytes where these are unmistakable, else by name. */
import { AdvnmfError } from "../errors.js";
import { startsWith } from "./bytes.js";
import { formatOfName } from "./formats.js";
import { idxLength, isIdx } from "./idx.js";
import { isHdf5, isMat5 } from "./mat.js";
import { npyLength, npyMagic, readNpyHeader } from "./npy.js";
import { isPng } from "./png.js";
import { isPnm, pgmLength } from "./pnm.js";
import type { FormatName } from "./types.js";
import { isZip } from "./zip.js";

/**
 * The format of `bytes`, which are called `name` (if they have a name) and are not compressed.
 *
 * @throws AdvnmfError `FORMAT` when there are no bytes or they are of no known format; `UNSUPPORTED` for
 *   formats that are recognized but not read.
 */
export function detectFormat(bytes: Uint8Array, name = ""): FormatName {
  if (bytes.length === 0) {
    throw new AdvnmfError("FORMAT", "the file is empty; expected a matrix or an image", { got: 0 });
  }
  const named = formatOfName(name);
  if (startsWith(bytes, npyMagic)) return "npy";
  if (isZip(bytes)) return "npz";
  if (isPng(bytes)) return "png";
  if (isMat5(bytes)) return "mat";
  if (isIdx(bytes)) return "idx";
  if (/^%%matrixmarket/i.test(String.fromCharCode(...bytes.subarray(0, 14)))) return "mtx";
  refuseKnown(bytes);
  if (named === "csv" || named === "tsv") return named;
  if (isPnm(bytes)) return "pgm";
  if (named !== undefined) return named;
  if (bytes.subarray(0, 4096).includes(0) && !isUtf16(bytes)) {
    throw new AdvnmfError(
      "FORMAT",
      "the bytes are of no known format; name it with the option format, or convert the file to NPY, MAT or CSV",
      { name },
    );
  }
  return "csv";
}

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function refuseKnown(bytes: Uint8Array): void {
  const found = isHdf5(bytes)
    ? "HDF5 (as in MAT version 7.3); in MATLAB, save it with -v7, elsewhere as NPY"
    : startsWith(bytes, "PAR1")
      ? "Parquet; convert it to NPY or CSV"
      : startsWith(bytes, "ARROW1") || startsWith(bytes, "FEA1")
        ? "Arrow or Feather; convert it to NPY or CSV"
        : startsWith(bytes, "\xff\xd8\xff")
          ? "JPEG; convert it to PGM or PNG"
          : undefined;
  if (found === undefined) return;
  throw new AdvnmfError("UNSUPPORTED", `the file is not read because it is ${found}`, { found });
}

/**
 * From the first bytes of a file, how many it has in all, for formats whose header says so.
 *
 * @throws AdvnmfError when the header is damaged.
 */
export function expectedLength(head: Uint8Array): number | undefined {
  if (startsWith(head, npyMagic)) return npyLength(readNpyHeader(head));
  if (isIdx(head)) return idxLength(head);
  return isPnm(head) ? pgmLength(head) : undefined;
}
