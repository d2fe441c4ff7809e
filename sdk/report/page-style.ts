// The style sheet of the pages: light and dark, on paper and on a telephone.

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --sheet: #f6f7f9; --ink: #1b1f24; --faint: #5b6570; --rule: #dde1e6;
  --accent: #0b5cad; --nmf: #0b6bcb; --hardened: #c2571a; --paper: #6b7280; --third: #1a8a5a; --fourth: #7a4fc0;
  --bad-ground: #fde7e7; --bad: #b3141d; --good: #1a7f4b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --sheet: #1d2127; --ink: #e8eaed; --faint: #a3acb7; --rule: #343a42;
    --accent: #7cb7f5; --nmf: #64b0ff; --hardened: #ff9d5c; --paper: #a9b1bc; --third: #4fd19a; --fourth: #bb9cff;
    --bad-ground: #4a1a1e; --bad: #ff9a9f; --good: #5fd699;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 72rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { font-size: clamp(1.6rem, 4vw, 2.2rem); line-height: 1.2; margin: 0 0 0.3rem; letter-spacing: -0.01em; }
h2 { font-size: 1.45rem; line-height: 1.25; margin: 3.2rem 0 0.6rem; padding-top: 1.2rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.12rem; margin: 2rem 0 0.4rem; }
h4, h5 { font-size: 0.95rem; margin: 0 0 0.4rem; font-weight: 600; }
p, ul, ol { margin: 0.5rem 0 0.9rem; max-width: 46rem; }
a { color: var(--accent); }
code { font: 0.9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.faint, .source, figcaption, .legend { color: var(--faint); }
.source { margin: 0 0 1.4rem; }
.verdict { background: var(--sheet); border-left: 4px solid var(--accent); border-radius: 0 8px 8px 0; padding: 1rem 1.3rem; margin: 1.2rem 0 1.6rem; }
.verdict p { font-size: 1.1rem; line-height: 1.5; max-width: none; margin: 0.35rem 0; }
.notice { border: 1px solid var(--rule); border-radius: 8px; padding: 0.7rem 1rem; margin: 1rem 0; }
.scroll { overflow-x: auto; margin: 0.6rem 0 0.4rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; min-width: 100%; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.5rem; }
th, td { padding: 0.45rem 0.7rem; text-align: right; border-bottom: 1px solid var(--rule); vertical-align: top; white-space: nowrap; }
thead th { border-bottom: 2px solid var(--rule); vertical-align: bottom; font-weight: 600; }
tbody th, thead tr:first-child th:first-child { text-align: left; }
th { font-weight: 600; }
th[scope=colgroup] { text-align: center; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { padding-left: 0.4rem; }
.scroll tr > th:first-child { position: sticky; left: 0; background: var(--ground); }
td small, tbody th small { display: block; color: var(--faint); font-size: 0.82rem; line-height: 1.4; font-weight: 400; }
td b.best { text-decoration: underline; text-underline-offset: 3px; text-decoration-thickness: 2px; }
td.bad { background: var(--bad-ground); }
td.bad b, td.bad small.difference, .bad-text { color: var(--bad); }
.notes { font-size: 0.92rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.2rem 2rem; margin: 0.6rem 0 1rem; }
.pair > div { min-width: 0; }
svg.chart { display: block; width: 100%; height: auto; max-width: 34rem; overflow: visible; font-family: inherit; color: var(--ink); }
svg.chart text { white-space: pre; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0 0 0.3rem; padding: 0; font-size: 0.86rem; }
.legend li { display: flex; align-items: center; gap: 0.45rem; }
.legend span { display: inline-block; width: 1.5rem; border-top: 2.5px solid var(--sign); }
.legend .dash { border-top-style: dashed; }
.legend .dots { border-top-style: dotted; }
.legend .ring { width: 0.8rem; height: 0.8rem; border: 2px solid var(--sign); border-radius: 50%; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem; margin: 0.8rem 0 1.4rem; }
.tiles h5 { grid-column: 1 / -1; margin: 0; }
.parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.2rem; }
.sheets { display: grid; gap: 0.6rem; margin: 0.4rem 0 1.2rem; }
figure.tile { margin: 0; }
figure.tile img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 3px; background: var(--sheet); }
figcaption { font-size: 0.85rem; line-height: 1.35; margin-top: 0.35rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.2rem; font-size: 0.92rem; margin: 0.6rem 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 44rem) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 32rem) {
  body { padding-top: 1.2rem; }
  th, td { padding: 0.4rem 0.55rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #fff; --sheet: #f4f4f4; --ink: #000; --faint: #444; --rule: #bbb;
    --accent: #0b5cad; --nmf: #0b6bcb; --hardened: #c2571a; --paper: #6b7280; --third: #1a8a5a; --fourth: #7a4fc0;
    --bad-ground: #fde7e7; --bad: #b3141d; --good: #1a7f4b;
  }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3, h4 { break-after: avoid; }
  table, .pair > div, figure.tile, .verdict { break-inside: avoid; }
  .scroll { overflow: visible; }
  th, td { padding: 0.25rem 0.4rem; }
}
`;
