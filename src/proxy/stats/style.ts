/** The look of the statistics page: colours per state, readable in light and dark, wide tables scroll by themselves. */
export const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--text:#1b2430;--back:#fbfcfe;--link:#0b57a4;
--up:#c8efcf;--backup:#cfe3fb;--warn:#ffe9b3;--rise:#ffd9a8;--down:#f8c0bd;--none:#e9e9ee;--maint:#dcc6ee;--agg:#e3ebf5}
@media (prefers-color-scheme:dark){:root{--text:#e4e8ee;--back:#14181e;--link:#7db7f5;
--up:#1c4a2a;--backup:#1d3a5e;--warn:#5b4a12;--rise:#6a4514;--down:#6b2320;--none:#2e3238;--maint:#46305c;--agg:#232c38}}
body{font:13px/1.45 system-ui,sans-serif;color:var(--text);background:var(--back);margin:0 auto;padding:1rem}
header{border-bottom:1px solid var(--line);margin-bottom:.75rem}
h1{font-size:1.35rem;margin:0}h2{font-size:1rem;font-weight:500;margin:.15rem 0 .6rem;opacity:.8}
h3{font-size:.95rem;margin:.4rem 0}h3 small{font-weight:400;opacity:.7;margin-left:.5rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
.overview{display:flex;flex-wrap:wrap;gap:0 3rem}.overview ul{margin:0;padding-left:1.1rem}.overview p{margin:0}
.legend{list-style:none;columns:2;padding:0!important}
.legend span{display:inline-block;width:1.6em;height:1em;margin-right:.5em;border:1px solid var(--line);vertical-align:-.15em}
.proxy{overflow-x:auto;margin-top:1rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap;font-size:11px}
th,td{border:1px solid var(--line);padding:.12rem .3rem;text-align:right}
thead th{background:var(--soft);font-weight:600;text-align:center}
th.name{text-align:left;font-weight:600;min-width:6rem}
td[title],th[title]{text-decoration:underline dotted;text-underline-offset:3px}
.frontend>*,.socket>*{background:var(--soft)}.backend>*{background:var(--agg);font-weight:600}
.active-up,.active-up>*{background:var(--up)}.backup-up,.backup-up>*{background:var(--backup)}
.going-down,.going-down>*{background:var(--warn)}.going-up,.going-up>*{background:var(--rise)}
.down,.down>*{background:var(--down)}.no-check,.no-check>*{background:var(--none)}.maint,.maint>*{background:var(--maint)}
`.trim();
