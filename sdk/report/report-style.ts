// What the report's style sheet has beyond that of all pages.

export const REPORT_STYLE = `
:root { --before: #c9ced6; --after-1: #f0b23c; --after-2: #e0742a; --after-3: #b3141d; --warn-ground: #fdf0d8; --warn: #8a5200; }
@media (prefers-color-scheme: dark) {
  :root { --before: #4a525d; --after-1: #ffd27a; --after-2: #ff9d5c; --after-3: #ff6f78; --warn-ground: #46330f; --warn: #ffc872; }
}
.verdict h2 { font-size: 0.85rem; letter-spacing: 0.06em; text-transform: uppercase; margin: 0; padding: 0; border: 0; color: var(--accent); }
.verdict p { font-size: 1.2rem; }
.verdict.fragile { border-color: var(--bad); } .verdict.fragile h2 { color: var(--bad); }
.verdict.shaken { border-color: var(--warn); } .verdict.shaken h2 { color: var(--warn); }
.verdict.robust { border-color: var(--good); } .verdict.robust h2 { color: var(--good); }
.findings { padding-left: 1.2rem; }
.good-text { color: var(--good); }
.changed-text { color: var(--warn); }
td.changed { background: var(--warn-ground); }
td.changed b { color: var(--warn); }
td.bad small, td.changed small { color: inherit; }
.legend .block { border-top-width: 0.7rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem 1.6rem; margin: 0.6rem 0 1.4rem; }
.panel { margin: 0; min-width: 0; break-inside: avoid; }
.panel figcaption { margin: 0 0 0.2rem; color: var(--ink); }
.panel figcaption span { color: var(--faint); }
.panel svg { display: block; width: 100%; height: auto; }
.ends { display: flex; justify-content: space-between; gap: 1rem; color: var(--faint); font-size: 0.75rem; }
.ends span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 48%; }
.strip { max-width: calc(var(--across) * 5rem); margin: 0.4rem 0 1.4rem; break-inside: avoid; }
.strip ol { display: grid; grid-template-columns: repeat(var(--across), 1fr); list-style: none; margin: 0 0 0.1rem; padding: 0; max-width: none; text-align: center; font-size: 0.8rem; color: var(--faint); }
.strip figure { margin: 0 0 0.3rem; }
.strip figcaption { margin: 0; font-size: 0.8rem; }
.strip svg { display: block; width: 100%; height: auto; }
.strip image { image-rendering: pixelated; }
.strip rect { fill: none; stroke-width: 3px; }
.strip .replaced { stroke: var(--bad); }
.strip .changed { stroke: var(--warn); stroke-dasharray: 5 3; }
.heat { margin: 0; max-width: 30rem; }
.heat img { display: block; width: 100%; image-rendering: pixelated; border: 1px solid var(--rule); border-radius: 3px; }
details summary { cursor: pointer; color: var(--accent); }
@media print {
  :root { --before: #c9ced6; --after-1: #f0b23c; --after-2: #e0742a; --after-3: #b3141d; --warn-ground: #fdf0d8; --warn: #8a5200; }
  .panels { grid-template-columns: repeat(3, 1fr); }
}
`;
