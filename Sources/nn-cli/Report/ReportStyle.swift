enum ReportStyle {
    /// One colour per class: blue and orange, distinguishable with colour blindness. All else is ink on paper.
    static let css: HTML = """
        :root {
          --paper: #fdfdfb; --ink: #1d2126; --faint: #667079; --rule: #d9dde0; --panel: #f3f4f2;
          --class-0: #2b66a8; --class-1: #b3520a;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #15181b; --ink: #e4e6e8; --faint: #98a1a9; --rule: #343a40; --panel: #1e2226;
            --class-0: #7db2ec; --class-1: #f0a15e;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 2.5rem 1.25rem 3rem; max-width: 50rem; background: var(--paper); color: var(--ink);
          font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
          font-variant-numeric: tabular-nums; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
        }
        h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
        h2 { margin: 0 0 0.9rem; font-size: 1.2rem; font-weight: 650; }
        h3 { margin: 0 0 0.4rem; font-size: 0.95rem; font-weight: 600; color: var(--faint); }
        p { margin: 0.4rem 0; }
        section { margin-top: 2.25rem; padding-top: 1.5rem; border-top: 1px solid var(--rule); }
        section .pictures { margin: 0.6rem 0 1.5rem; }
        b.class-0 { color: var(--class-0); } b.class-1 { color: var(--class-1); }
        .note, footer { color: var(--faint); font-size: 0.875rem; }
        footer { margin-top: 2.5rem; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem 2.5rem; }
        .pair + h3, h2 ~ p + .pair { margin-top: 1.5rem; }
        .whole { white-space: nowrap; }
        .figure { margin: 0; font-size: 2.5rem; font-weight: 300; line-height: 1.2; letter-spacing: -0.02em; }
        svg { display: block; width: 100%; height: auto; overflow: visible; }
        svg text { fill: var(--faint); font-size: 13px; }
        svg.wide text { font-size: 8.5px; }
        svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
        svg text.class-0, rect.class-0 { fill: var(--class-0); } svg text.class-1, rect.class-1 { fill: var(--class-1); }
        .interval { max-width: 20rem; margin: 0.3rem 0 0.6rem; }
        .grid { stroke: var(--rule); } .axis, .guess { stroke: var(--faint); }
        .half { stroke: var(--faint); stroke-dasharray: 3 4; }
        .reach { stroke: var(--ink); stroke-width: 5; opacity: 0.35; }
        .line { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-linejoin: round; }
        .held-out { stroke: var(--faint); stroke-dasharray: 4 3; }
        .dot { fill: var(--ink); }
        table { border-collapse: collapse; width: 100%; }
        th, td { padding: 0.45rem 0.5rem; text-align: right; font-weight: 400; border-bottom: 1px solid var(--rule); }
        thead th { color: var(--faint); font-size: 0.875rem; line-height: 1.35; vertical-align: bottom; }
        th[scope=row] { text-align: left; padding-left: 0; }
        td { white-space: nowrap; }
        /* A table that is wider than a phone scrolls by itself. */
        .scroll { overflow-x: auto; overflow-wrap: normal; margin-top: 0.6rem; }
        .scroll thead th[scope=col].first { text-align: left; padding-left: 0; }
        .chosen td { font-weight: 650; background: var(--panel); }
        .confusion { table-layout: fixed; } .confusion th { hyphens: auto; }
        td.right { background: var(--panel); font-weight: 650; }
        .phases td:last-child { width: 40%; }
        .phases svg { height: 0.5rem; } .phases rect { fill: var(--faint); }
        .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); gap: 1rem; }
        .photos { grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
        .twins { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0 2rem; }
        .twins .pictures { grid-template-columns: 1fr 1fr; margin: 0.6rem 0; padding: 0.75rem; background: var(--panel); }
        figure { margin: 0; }
        figure img { display: block; width: 100%; height: auto; border-radius: 3px; background: var(--panel); }
        .weights img { image-rendering: pixelated; }
        figcaption { margin-top: 0.25rem; font-size: 0.875rem; line-height: 1.35; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1.5rem; margin: 0; }
        dt { color: var(--faint); } dd { margin: 0; }
        code { font: 0.9em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre { margin: 0; padding: 0.9rem 1rem; background: var(--panel); border-radius: 4px; white-space: pre-wrap; }
        @media (max-width: 34rem) {
          body { padding-top: 1.5rem; }
          /* The chart shrinks to half its width here, and its text must not. */
          svg.wide text { font-size: 15.5px; }
          dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.6rem; }
          .phases td:last-child { width: 20%; }
          .scroll table { font-size: 0.75rem; } .scroll thead th { font-size: 0.7rem; }
          .scroll td, .scroll thead th { padding: 0.45rem 0.2rem; white-space: normal; }
        }
        @media print { section { break-inside: avoid; } }
        """
}
