// Labels of the columns, from a text file.

import { readFile } from "node:fs/promises";
import Papa from "papaparse";
import { AdvnmfError } from "../index.js";
import { EXIT, Failure } from "./failure.js";

/**
 * One label a line; or one line of them with commas or tabs; or lines of a column's name and its label, in any order,
 * where the columns of V have names.
 *
 * @throws Failure with exit code 3 when the file cannot be read; AdvnmfError `FORMAT` when it is none of these.
 */
export async function readLabels(path: string, colNames: readonly string[] | undefined): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new Failure(EXIT.badInput, "IO", `cannot read the labels ${path}: ${(cause as Error).message}`, {
      cause,
      details: { path },
    });
  }
  const { data } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ""), { skipEmptyLines: true });
  const rows = data.map((row) => row.map((cell) => cell.trim()));
  if (rows.length === 1) return rows[0] as string[];
  if (rows.every(({ length }) => length === 1)) return rows.map(([label]) => label as string);
  if (colNames === undefined || !rows.every(({ length }) => length === 2)) {
    throw new AdvnmfError(
      "FORMAT",
      `the labels ${path} must be one a line, or one line of them, or lines of a column's name and its label where columns have names`,
      { path, rows: rows.length },
    );
  }
  const known = new Map(rows.map(([name, label]) => [name as string, label as string]));
  return colNames.map((name) => {
    const label = known.get(name);
    if (label !== undefined) return label;
    throw new AdvnmfError("FORMAT", `the labels ${path} have none for the column "${name}"`, {
      path,
      column: name,
    });
  });
}
