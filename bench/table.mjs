// Text for people: aligned columns, and numbers with the digits that mean something.

/** Three significant digits, without exponents. */
export function digits(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(6, places));
}

export const percent = (value) => (Number.isFinite(value) ? `${Math.round(100 * value)}%` : "–");

/**
 * Rows of cells → lines; a column starts at the left if its title says so with a leading "<".
 *
 * @param {string[]} titles
 * @param {string[][]} rows
 */
export function table(titles, rows) {
  const left = titles.map((title) => title.startsWith("<"));
  const head = titles.map((title) => title.replace("<", ""));
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c].length)));
  const line = (cells) =>
    cells
      .map((cell, c) => (left[c] ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** The same as a Markdown table. */
export function markdown(titles, rows) {
  const head = titles.map((title) => title.replace("<", ""));
  const rule = titles.map((title) => (title.startsWith("<") ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
