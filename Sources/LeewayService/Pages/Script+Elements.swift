extension Script {
  /// Elements, numbers, times and tiers.
  static let elements = #"""
    const SVG = "http://www.w3.org/2000/svg";

    function fill(element, attributes, children) {
      for (const [name, value] of Object.entries(attributes || {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : String(value));
      }
      for (const child of children.flat(Infinity)) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : String(child));
      }
      return element;
    }
    const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
    const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
    const byId = (id) => document.getElementById(id);

    // Replaces what is in an element, and gives the focus back to the control that had it.
    function show(element, ...children) {
      const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      const caret = focused && document.activeElement.selectionStart;
      element.replaceChildren(...children.flat(Infinity).filter((child) => child));
      if (!focused) return;
      const again = [...element.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused);
      if (!again) return;
      again.focus({ preventScroll: true });
      if (typeof caret === "number" && again.tagName === "INPUT") again.setSelectionRange(caret, caret);
    }

    const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
    function number(value) {
      if (!isNumber(value)) return "–";
      const size = Math.abs(value);
      if (size !== 0 && (size < 0.0001 || size >= 1e7)) return value.toExponential(2);
      if (size >= 100) return value.toLocaleString("en", { maximumFractionDigits: 0 });
      return String(Number(value.toPrecision(3)));
    }
    const count = (value) => isNumber(value) ? value.toLocaleString("en") : "–";
    function share(value) {
      if (!isNumber(value)) return "–";
      const percent = value * 100;
      return (percent !== 0 && percent < 0.1 ? percent.toPrecision(1) : percent.toFixed(percent < 10 ? 1 : 0)) + " %";
    }
    const probability = (value) => !isNumber(value) ? "–" : value < 0.0001 && value > 0 ? value.toExponential(1) : number(value);

    let clockOffset = 0;
    const now = () => Date.now() + clockOffset;
    function time(text) {
      const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(text || "");
      return match ? match[1] + " " + match[2] : "–";
    }
    // Without the year where it is this one's.
    const clock = (text) => text && text.startsWith(new Date(now()).getUTCFullYear() + "-") ? time(text).slice(5) : time(text);
    // 3 May 2026
    const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November", "December"];
    function day(text) {
      const match = /^(\d{4})-(\d\d)-(\d\d)/.exec(text || "");
      return match ? Number(match[3]) + " " + MONTHS[Number(match[2]) - 1] + " " + match[1] : "an unknown day";
    }
    function span(milliseconds) {
      const seconds = Math.max(0, Math.round(milliseconds / 1000));
      if (seconds < 120) return seconds + " s";
      if (seconds < 7200) return Math.round(seconds / 60) + " min";
      if (seconds < 172800) return Math.round(seconds / 3600) + " h";
      return Math.round(seconds / 86400) + " days";
    }
    const age = (text) => text ? span(now() - Date.parse(text)) : "";

    // A symbol and a word beside the colour, since colour alone tells nothing to some.
    const TIERS = {
      critical: ["◆", "critical", "critical", 4], warning: ["▲", "warning", "warning", 3], info: ["●", "info", "info", 2],
      ok: ["✓", "ok", "ok", 1], insufficient_data: ["○", "insufficient data", "none", 0],
    };
    const tierOf = (name) => TIERS[name] || ["–", "no verdict yet", "none", -1];
    function tier(name, text) {
      const [symbol, word, style] = tierOf(name);
      return h("span", { class: "tier " + style }, h("span", { "aria-hidden": "true" }, symbol), text || word);
    }
    const worst = (names) => names.reduce((a, b) => tierOf(b)[3] > tierOf(a)[3] ? b : a, null);

    function table(caption, columns, rows, chosen) {
      return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        h("table", null, h("caption", null, caption),
          h("thead", null, h("tr", null, columns.map(([name, style]) => h("th", { scope: "col", class: style }, name)))),
          h("tbody", null, rows.map((row, index) => h("tr", { class: chosen && chosen(index) ? "chosen" : null },
            row.map((cell, column) => h("td", { class: columns[column][1] }, cell)))))));
    }

    """#
}
