// Charts as SVG text, drawn ahead of time, so that a page needs neither a script nor a network.

import type { PlotOptions } from "@observablehq/plot";

/** Draws one chart. */
export type Draw = (options: PlotOptions & { readonly label: string }) => string;

/** The plotting library with its marks, and a way to get text out of it. Loaded when a page is written. */
export async function charting(): Promise<{ Plot: typeof import("@observablehq/plot"); draw: Draw }> {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const draw: Draw = ({ label, ...options }) => {
    const chart = Plot.plot({ ...options, document, ariaLabel: label, className: "chart" });
    // Plot's own style sheet says white; the page's has both schemes.
    for (const style of chart.querySelectorAll("style")) style.remove();
    chart.setAttribute("role", "img");
    return chart.outerHTML;
  };
  return { Plot, draw };
}
