/**
 * `advnmf/io`: matrices from files, URLs and blobs, and back. {@link readMatrix} and {@link writeMatrix} find
 * the format out; each format's own reader and writer is here too.
 */
export {
  type CsvReadOptions,
  type CsvWriteOptions,
  decodeCsv,
  encodeCsv,
  formatCsv,
  parseCsv,
} from "./csv.js";
export { detectFormat } from "./detect.js";
export { type FormatInfo, formatOfName, formats } from "./formats.js";
export type { ImageReadOptions, QuantizeOptions } from "./grey.js";
export { decodeIdx, type IdxReadOptions } from "./idx.js";
export { encodeImageSheet, type ImageSheetOptions } from "./image-sheet.js";
export { compareNatural, type NamedBytes, type StackOptions, stackImages } from "./images.js";
export { decodeMat, encodeMat, listMat, type MatReadOptions, type MatWriteOptions } from "./mat.js";
export {
  decodeMatrixMarket,
  encodeMatrixMarket,
  type MatrixMarketReadOptions,
  type MatrixMarketWriteOptions,
} from "./matrix-market.js";
export { decodeNpy, encodeNpy, type NpyReadOptions, type NpyWriteOptions } from "./npy.js";
export { decodeNpz, encodeNpz, listNpz, type NpzReadOptions, type NpzWriteOptions } from "./npz.js";
export { decodePng, encodePng, type PngWriteOptions } from "./png.js";
export { decodePgm, encodePgm, type PgmWriteOptions } from "./pnm.js";
export { type DecodeOptions, decodeMatrix, type ReadOptions, readMatrix } from "./read.js";
export type { ImageSource, MatrixSource } from "./source.js";
export {
  type Dtype,
  type DtypeOption,
  defaultMaxBytes,
  type FileMatrix,
  type FormatName,
  type ImageFacts,
  type MatrixSet,
  type MaxBytesOption,
  type NamedMatrixLike,
  type Stacking,
  type VariableInfo,
} from "./types.js";
export type { VariableOption } from "./variables.js";
export { type EncodeOptions, encodeMatrix, type WriteOptions, writeMatrix } from "./write.js";
