/** The table of formats, for choosing one by extension, for the command line and for documentation. */
import { AdvnmfError } from "../errors.js";
import type { FormatName } from "./types.js";

/** One line of {@link formats}. */
export interface FormatInfo {
  /** The word for the `format` option. */
  readonly name: FormatName;
  /** What people call it. */
  readonly title: string;
  /** How file names end, lower case, with the dot or hyphen; each may be followed by `.gz`. */
  readonly extensions: readonly string[];
  /** Whether it can be read. */
  readonly read: boolean;
  /** Whether it can be written. */
  readonly write: boolean;
  /** Whether one file can hold several named matrices. */
  readonly several: boolean;
}

/** Every format that `advnmf/io` knows. */
export const formats: readonly FormatInfo[] = [
  {
    name: "csv",
    title: "Comma-separated values",
    extensions: [".csv", ".txt", ".dat"],
    read: true,
    write: true,
    several: false,
  },
  {
    name: "tsv",
    title: "Tab-separated values",
    extensions: [".tsv", ".tab"],
    read: true,
    write: true,
    several: false,
  },
  { name: "npy", title: "NumPy array", extensions: [".npy"], read: true, write: true, several: false },
  { name: "npz", title: "NumPy archive", extensions: [".npz"], read: true, write: true, several: true },
  { name: "mtx", title: "MatrixMarket", extensions: [".mtx"], read: true, write: true, several: false },
  { name: "mat", title: "MATLAB version 5", extensions: [".mat"], read: true, write: true, several: true },
  {
    name: "pgm",
    title: "Portable greymap",
    extensions: [".pgm", ".pnm"],
    read: true,
    write: true,
    several: false,
  },
  { name: "png", title: "PNG image", extensions: [".png"], read: true, write: true, several: false },
  {
    name: "idx",
    title: "IDX array, as MNIST",
    extensions: [".idx", "-idx1-ubyte", ".idx1-ubyte", "-idx3-ubyte", ".idx3-ubyte"],
    read: true,
    write: false,
    several: false,
  },
  {
    name: "images",
    title: "Folder of PGM or PNG images",
    extensions: [],
    read: true,
    write: false,
    several: false,
  },
];

/** The names of the formats that can be written. */
export const writableFormats: readonly FormatName[] = formats
  .filter((format) => format.write)
  .map((format) => format.name);

/** `name` without a final `.gz`. */
export function withoutGz(name: string): string {
  return name.replace(/\.gz$/i, "");
}

/** The format that the extension of `name` stands for, if any; a final `.gz` is looked through. */
export function formatOfName(name: string): FormatName | undefined {
  const plain = withoutGz(name).toLowerCase();
  return formats.find((format) => format.extensions.some((extension) => plain.endsWith(extension)))?.name;
}

/**
 * The format to write `name` in.
 *
 * @throws AdvnmfError `OPTION` when the extension is of no format that can be written.
 */
export function formatToWrite(name: string): FormatName {
  const format = formatOfName(name);
  if (format !== undefined && writableFormats.includes(format)) return format;
  const known = formats.flatMap((entry) => (entry.write ? entry.extensions : []));
  throw new AdvnmfError(
    "OPTION",
    `the name ${name} tells no format to write; use one of ${known.join(", ")}, or the option format`,
    { name, known },
  );
}
