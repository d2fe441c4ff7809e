// Data on standard output, everything else on standard error.

import process from "node:process";

/** Lets a reader such as `head` close the pipe early: what is then printed is dropped, the work goes on. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

/** Prints one line of text on standard output. */
export function printLine(text: string): void {
  process.stdout.write(text + "\n");
}

/** Prints one JSON object on standard output. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** Prints bytes on standard output and resolves when they are through, or the pipe is closed. */
export function printBytes(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
}

/** Tells the user something on standard error. */
export function note(text: string): void {
  process.stderr.write(`advnmf: ${text}\n`);
}

/** Pairs as two aligned columns. */
export function printTable(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) printLine(`${name.padEnd(width)}  ${value}`.trimEnd());
}

/** Lines of cells in aligned columns, the first to the left, the others to the right. */
export function printColumns(lines: readonly (readonly string[])[]): void {
  const widths = lines.reduce<number[]>(
    (most, line) => line.map((cell, at) => Math.max(cell.length, most[at] ?? 0)),
    [],
  );
  for (const line of lines) {
    const cells = line.map((cell, at) =>
      at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number),
    );
    printLine(cells.join("  ").trimEnd());
  }
}

/** Bytes as people read them. */
export function readableBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
