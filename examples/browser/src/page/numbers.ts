// Numbers as people read them.

/** Three digits, without an exponent where that can be. */
export function short(x: number): string {
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4)
    return x
      .toExponential(2)
      .replace(/\.?0+e\+?/, "e")
      .replace("e+", "e");
  return String(Number(x.toPrecision(3)));
}

/** A feature error or another figure near 1. */
export function figure(x: number): string {
  if (x >= 100) return short(x);
  return x === 0 ? "0" : x < 0.0005 ? "< 0.001" : x.toFixed(x < 0.1 ? 3 : 2);
}

/** 0.0125 as 1.25%. */
export function percent(x: number): string {
  return `${Number((100 * x).toPrecision(3))}%`;
}

/** 12 ms, 3.4 s, 2 min. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 100) return `${seconds.toPrecision(2)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** One thing, or several. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;
}
