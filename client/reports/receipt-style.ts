/** The style of a receipt page: light and dark by what the reader prefers, tables as cards on a phone, fit for print. */
export const RECEIPT_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5b6675; --paper: #f6f7f9; --card: #fff; --line: #d9dee6; --good: #1a7f4b; --bad: #c0362c; --wait: #9a6200; --weight: #2563c9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --dim: #9aa5b4; --paper: #12161c; --card: #1a2028; --line: #333d4a; --good: #4cc38a; --bad: #ff7b6e; --wait: #e5b454; --weight: #79a9ff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; } a { color: var(--weight); }
.dim { color: var(--dim); } .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
header { border-left: 5px solid currentColor; padding: .2rem 0 .2rem 1rem; } header > * { color: var(--ink); } header .dim { color: var(--dim); }
.outcome { display: inline-block; font-weight: 650; border: 1.5px solid; border-radius: 1rem; padding: 0 .75rem; }
.outcome.good { color: var(--good); } .outcome.bad { color: var(--bad); } .outcome.wait { color: var(--wait); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .1rem 2rem; margin: 1rem 0 0; }
dl div { border-bottom: 1px solid var(--line); padding: .35rem 0; } dt { color: var(--dim); font-size: .85rem; } dd { margin: 0; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; min-width: 0; }
figcaption { font-weight: 600; } figure p { font-size: .85rem; }
svg { width: 100%; height: auto; display: block; font-size: 12px; } svg text { fill: var(--dim); } svg text.end { font-weight: 650; }
svg .grid { stroke: var(--line); } svg .limit { stroke: var(--wait); stroke-dasharray: 6 4; } svg text.limit { fill: var(--wait); stroke: none; } svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; } .text { overflow-wrap: anywhere; } time, .whole { white-space: nowrap; font-variant-numeric: tabular-nums; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
ol { margin: 0; padding-left: 1.4rem; } summary { cursor: pointer; font-weight: 600; margin-top: 1rem; }
@media (max-width: 42rem) {
  thead { display: none; } table, tbody, tr, td { display: block; } tr { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .7rem; margin-bottom: .6rem; }
  td { border: 0; padding: .1rem 0; } td:empty { display: none; } td::before { content: attr(data-label) ": "; color: var(--dim); }
  svg { font-size: 15px; } .charts { gap: .7rem; } figure { padding: .5rem; }
}
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } }
`;
