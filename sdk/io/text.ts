/** Text of the textual formats: from bytes, to numbers and back. */
import { AdvnmfError } from "../errors.js";

/** V8 and others hold no longer string. */
const longestText = 0x1fff_ffe8;

/**
 * Decodes UTF-8, or UTF-16 when there is a byte-order mark; the mark is dropped.
 *
 * @throws AdvnmfError `FORMAT` when the bytes are not text, `MEMORY` when the text is too long for a
 *   JavaScript string.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length > longestText) {
    throw new AdvnmfError(
      "MEMORY",
      `text of ${bytes.length} bytes is longer than a string may be (${longestText}); convert the matrix to NPY first`,
      { got: bytes.length, expected: longestText },
    );
  }
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AdvnmfError(
      "FORMAT",
      `the file is not ${encoding.toUpperCase()} text; save it as UTF-8, or name its format with the option format`,
      {},
      { cause },
    );
  }
  if (text.includes("\0")) {
    throw new AdvnmfError(
      "FORMAT",
      "the file holds NUL characters, so it is no text; name its format with the option format",
      {},
    );
  }
  return text;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinite = /^([+-]?)inf(?:inity)?$/i;
const missing = /^(?:|na|n\/a|nan)$/i;

/** Whether a cell says that its value is missing: empty, NA, N/A or NaN in any case. */
export function isMissing(cell: string): boolean {
  return missing.test(cell.trim());
}

/** The number in `cell`; NaN when it is missing, undefined when it is something else. */
export function parseNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (decimal.test(text)) return Number(text);
  if (missing.test(text)) return Number.NaN;
  const sign = infinite.exec(text);
  if (sign === null) return undefined;
  return sign[1] === "-" ? -Infinity : Infinity;
}

/** The shortest text that reads back as exactly `value`. */
export function formatNumber(value: number): string {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
