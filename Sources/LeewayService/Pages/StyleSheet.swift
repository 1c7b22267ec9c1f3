enum StyleSheet {
  static let css = #"""
    :root {
      color-scheme: light dark;
      --page: #f6f7f8; --panel: #fff; --ink: #1b2429; --soft: #56656e; --line: #d5dce0; --accent: #14607c;
      --baseline: #9aa8b0; --ok: #1d7a46; --info: #1f62b4; --warning: #8f5b00; --critical: #b3201f; --none: #5d6870;
      --critical-wash: #fdeceb; --warning-wash: #fff5e0; --info-wash: #e9f1fc; --ok-wash: #e8f5ed; --none-wash: #eef1f3;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #12181c; --panel: #1b2328; --ink: #e5ebee; --soft: #a0afb8; --line: #34414a; --accent: #6cc3e0;
        --baseline: #6e7f89; --ok: #66cf92; --info: #82b5f6; --warning: #f0b74f; --critical: #ff8a80; --none: #a3b0b8;
        --critical-wash: #3a1e1e; --warning-wash: #362b15; --info-wash: #1b2a3f; --ok-wash: #17301f; --none-wash: #242d33;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    figure { margin: 0; }
    body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
    header { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: center; padding: .7rem 1.2rem;
      background: var(--panel); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 1; }
    h1 { font-size: 1.25rem; margin: 0; display: flex; gap: .5rem; align-items: center; }
    h2 { font-size: 1.05rem; margin: 1.4rem 0 .5rem; }
    h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
    h4 { font-size: .85rem; margin: .9rem 0 .25rem; color: var(--soft); font-weight: 600; }
    p { margin: .2rem 0; }
    main { padding: 0 1.2rem 1rem; max-width: 1500px; margin: 0 auto; }
    footer { padding: 1rem 1.2rem 2rem; max-width: 1500px; margin: 0 auto; display: flex; flex-wrap: wrap; gap: 1rem; }
    a { color: var(--accent); }
    .why { display: block; color: var(--soft); font-size: .82rem; white-space: normal; }
    .quiet, .empty { color: var(--soft); font-size: .88rem; }
    .skip { position: absolute; left: -999px; }
    .skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .3rem .6rem; z-index: 2; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
    .overall { font-weight: 600; min-width: 0; }
    .overall .tier { white-space: normal; border-radius: 12px; }
    #fresh { margin-left: auto; }
    .trouble { background: var(--critical-wash); color: var(--critical); border-left: 5px solid var(--critical);
      padding: .6rem 1.2rem; margin: 0; font-weight: 600; }
    .token { padding: .7rem 1.2rem; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center;
      background: var(--info-wash); }
    .tier { display: inline-flex; gap: .35em; align-items: baseline; padding: .05rem .5rem; border-radius: 999px;
      font-size: .84rem; font-weight: 600; white-space: nowrap; border: 1px solid currentColor; }
    .tier.ok { color: var(--ok); background: var(--ok-wash); }
    .tier.info { color: var(--info); background: var(--info-wash); }
    .tier.warning { color: var(--warning); background: var(--warning-wash); }
    .tier.critical { color: var(--critical); background: var(--critical-wash); }
    .tier.none { color: var(--none); background: var(--none-wash); }
    .cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
    .card, .incident, .chart { background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
      padding: .8rem .95rem; min-width: 0; }
    .card.chosen { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
    .card > .row { display: flex; gap: .6rem; justify-content: space-between; align-items: center; flex-wrap: wrap; }
    .facts { display: grid; grid-template-columns: auto 1fr; gap: .05rem .8rem; margin: .5rem 0; font-size: .9rem; }
    .facts dt { color: var(--soft); }
    .facts dd { margin: 0; overflow-wrap: anywhere; }
    .incident { padding: 0; margin-bottom: .55rem; border-left-width: 5px; }
    .incident.critical { border-left-color: var(--critical); }
    .incident.warning { border-left-color: var(--warning); }
    .incident.info { border-left-color: var(--info); }
    .incident.resolved { border-left-color: var(--line); }
    .incident > summary { cursor: pointer; padding: .55rem .9rem; display: flex; flex-wrap: wrap; gap: .3rem .8rem;
      align-items: center; list-style: none; }
    .incident > summary::-webkit-details-marker { display: none; }
    .incident > summary::before { content: "▸"; color: var(--soft); }
    .incident[open] > summary::before { content: "▾"; }
    .incident > summary strong { overflow-wrap: anywhere; }
    .incident > div { padding: 0 .95rem .9rem; }
    .timeline { margin: 0; padding-left: 1.1rem; border-left: 2px solid var(--line); list-style: none; }
    .timeline li { margin: .3rem 0; position: relative; overflow-wrap: anywhere; }
    .timeline li::before { content: ""; position: absolute; left: -1.45rem; top: .42em; width: .55rem; height: .55rem;
      border-radius: 50%; background: var(--soft); }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; min-width: 100%; }
    th, td { text-align: left; padding: .28rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
    td.name { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; max-width: 22rem; }
    th { color: var(--soft); font-weight: 600; }
    .card th, .card td { padding: .25rem .35rem; }
    .card th, .card .tier { white-space: normal; }
    .card td.name { min-width: 5.4rem; overflow-wrap: anywhere; }
    .card { display: flex; flex-direction: column; }
    .card > p:last-child { margin-top: auto; padding-top: .6rem; }
    th.number, td.number { text-align: right; }
    tr.chosen td { background: var(--info-wash); }
    caption { text-align: left; color: var(--soft); padding: .3rem 0; }
    button, select, input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line);
      border-radius: 6px; padding: .28rem .55rem; max-width: 100%; }
    button { cursor: pointer; }
    button:hover { border-color: var(--accent); }
    button.link { border: 0; background: none; padding: 0; color: var(--accent); text-decoration: underline;
      text-align: left; overflow-wrap: anywhere; }
    .choices { display: flex; flex-wrap: wrap; gap: .6rem 1rem; margin-bottom: .7rem; }
    .choices label { display: grid; font-size: .8rem; color: var(--soft); gap: .15rem; min-width: 0; }
    .choices select, .choices input { color: var(--ink); font-size: .95rem; max-width: 16rem; }
    .charts { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
      margin-bottom: .8rem; }
    .chart svg { display: block; width: 100%; height: auto; max-height: 21rem; margin-top: .4rem; }
    .chart text { fill: var(--soft); font-size: 11px; }
    .chart .strong { fill: var(--ink); }
    .axis { stroke: var(--line); }
    .bar-baseline, .key-baseline { fill: var(--baseline); background: var(--baseline); }
    .bar-window, .key-window { fill: var(--accent); background: var(--accent); }
    .curve { fill: none; stroke: var(--accent); stroke-width: 2; }
    .curve.early { stroke-dasharray: 5 4; }
    .point { fill: var(--accent); stroke: var(--accent); stroke-width: 1.5; }
    .point.open { fill: var(--panel); }
    .limit { stroke-dasharray: 6 4; stroke-width: 1.5; }
    .limit.info { stroke: var(--info); } .limit.warning { stroke: var(--warning); }
    .limit.critical { stroke: var(--critical); }
    .chart text.info { fill: var(--info); } .chart text.warning { fill: var(--warning); }
    .chart text.critical { fill: var(--critical); }
    .diagonal { stroke: var(--baseline); stroke-dasharray: 4 4; }
    .bubble { fill: var(--accent); fill-opacity: .35; stroke: var(--accent); }
    .key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .3rem 0 .8rem;
      vertical-align: -1px; }
    .conditions { margin: 0; padding-left: 1.2rem; }
    @media (max-width: 40rem) {
      header, main, footer, .trouble, .token { padding-left: .8rem; padding-right: .8rem; }
      header { position: static; }
      #fresh { margin-left: 0; }
    }
    @media (prefers-reduced-motion: no-preference) { .card, .incident { transition: border-color .15s; } }

    """#
}
