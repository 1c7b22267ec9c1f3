extension Script {
  /// Drawings in SVG: two distributions, a metric over time, a reliability diagram.
  static let charts = #"""
    const short = (text, length) => text.length > length ? text.slice(0, length - 1) + "…" : text;

    function chart(title, summary, drawing, legend) {
      return h("figure", { class: "chart" }, h("figcaption", null, h("h3", null, title),
        h("p", { class: "quiet" }, summary, legend || null)), drawing);
    }
    const key = (name, text) => [h("span", { class: "key key-" + name, "aria-hidden": "true" }), text];

    function histogramChart(histogram) {
      const isNumeric = histogram.bins.some((bin) => isNumber(bin.lower) || isNumber(bin.upper));
      const drawing = isNumeric ? columnsOf(histogram.bins) : rowsOf(histogram.bins);
      return chart("Distribution of " + histogram.subject,
        "Window " + histogram.window + " to " + time(histogram.end) + ", " + count(histogram.window_rows) + " rows, beside "
          + againstOf(histogram) + ", " + count(histogram.baseline_rows) + " rows.", drawing, [key("baseline", "baseline"), key("window", "window")]);
    }

    function barTitle(bin) {
      return s("title", null, bin.label + ": baseline " + share(bin.baseline) + ", window " + share(bin.window));
    }

    // Room for the longest label of the axis at the left, of which nothing may be cut off.
    const roomFor = (labels) => Math.max(46, 10 + 6.8 * Math.max(...labels.map((label) => label.length)));

    function columnsOf(bins) {
      const width = 430, height = 290, bottom = 36, top = 12;
      const most = Math.max(0.01, ...bins.map((bin) => Math.max(bin.baseline, bin.window))) * 1.05;
      const left = roomFor([0, most / 2, most].map(share));
      const step = (width - left - 8) / bins.length;
      const y = (value) => height - bottom - (height - bottom - top) * value / most;
      const marks = [];
      for (const part of [0, 0.5, 1]) {
        const value = most * part;
        marks.push(s("line", { x1: left, x2: width - 8, y1: y(value), y2: y(value), class: "axis" }),
          s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, share(value)));
      }
      bins.forEach((bin, index) => {
        const x = left + index * step;
        marks.push(s("g", null, barTitle(bin),
          s("rect", { x: x + step * 0.12, y: y(bin.baseline), width: step * 0.36,
            height: y(0) - y(bin.baseline), class: "bar-baseline" }),
          s("rect", { x: x + step * 0.52, y: y(bin.window), width: step * 0.36,
            height: y(0) - y(bin.window), class: "bar-window" })));
        if (isNumber(bin.upper)) {
          marks.push(s("line", { x1: x + step, x2: x + step, y1: y(0), y2: y(0) + 5, class: "axis" }),
            s("text", { x: x + step, y: y(0) + 17, "text-anchor": "middle" }, number(bin.upper)));
        } else if (!isNumber(bin.lower)) {
          marks.push(s("text", { x: x + step / 2, y: y(0) + 30, "text-anchor": "middle" },
            short(bin.label.replaceAll("__", ""), 12)));
        }
      });
      return s("svg", { viewBox: "0 0 " + width + " " + height, role: "img",
        "aria-label": "Shares by bin, baseline beside window" }, marks);
    }

    function rowsOf(bins) {
      const most = 16;
      let shown = bins;
      if (bins.length > most) {
        const order = bins.map((bin, index) => [Math.max(bin.baseline, bin.window), index]).sort((a, b) => b[0] - a[0]);
        const kept = new Set(order.slice(0, most - 1).map(([, index]) => index));
        const rest = bins.filter((_, index) => !kept.has(index));
        const sum = (name) => rest.reduce((total, bin) => total + bin[name], 0);
        shown = bins.filter((_, index) => kept.has(index));
        shown.push({ label: rest.length + " more", baseline: sum("baseline"), window: sum("window") });
      }
      const width = 430, left = 128, right = 92, step = 30;
      const largest = Math.max(0.01, ...shown.map((bin) => Math.max(bin.baseline, bin.window)));
      const length = (value) => (width - left - right) * value / largest;
      const marks = shown.map((bin, index) => {
        const y = 4 + index * step;
        return s("g", null, barTitle(bin),
          s("text", { x: left - 8, y: y + 17, "text-anchor": "end", class: "strong" }, short(bin.label, 18)),
          s("rect", { x: left, y: y + 1, width: length(bin.baseline), height: 11, class: "bar-baseline" }),
          s("rect", { x: left, y: y + 13, width: length(bin.window), height: 11, class: "bar-window" }),
          s("text", { x: width - right + 8, y: y + 17 }, share(bin.baseline) + " → " + share(bin.window)));
      });
      return s("svg", { viewBox: "0 0 " + width + " " + (shown.length * step + 8), role: "img",
        "aria-label": "Shares by category, baseline beside window" }, marks);
    }

    // points: [{at, value, final, stage}] ascending; limits: [{tier, value}]. Early and final values are two curves.
    function seriesChart(title, metric, points, limits, subject) {
      const drawn = points.filter((point) => isNumber(point.value));
      const said = metric ? metric.description + " " + { above: "Higher is worse.", below: "Lower is worse.",
        either: "Far from 0 on either side is worse." }[metric.direction] + " " : "";
      if (drawn.length === 0) {
        return chart(title, said + (points.length > 0 ? "The windows of this slice" + (subject ? " and subject" : "")
          + " have no such value." : "No window of this slice has it yet."), null);
      }
      const width = 430, height = 290, right = 12, bottom = 26, top = 16;
      const values = drawn.map((point) => point.value);
      const visible = limits.filter((limit) => isNumber(limit.value));
      let low = Math.min(...values, ...visible.map((limit) => limit.value));
      let high = Math.max(...values, ...visible.map((limit) => limit.value));
      const margin = (high - low || Math.abs(high) || 1) * 0.08;
      low = low >= 0 && low - margin < 0 ? 0 : low - margin;
      high += margin;
      const left = roomFor([low, (low + high) / 2, high].map((value) => inWords(metric, value)));
      const first = drawn[0].at, last = drawn[drawn.length - 1].at;
      const x = (at) => left + (width - left - right) * (last === first ? 0.5 : (at - first) / (last - first));
      const y = (value) => height - bottom - (height - bottom - top) * (value - low) / (high - low);
      const marks = [];
      for (const value of [low, (low + high) / 2, high]) {
        marks.push(s("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "axis" }),
          s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, inWords(metric, value)));
      }
      for (const limit of visible) {
        marks.push(s("line", { x1: left, x2: width - right, y1: y(limit.value), y2: y(limit.value),
          class: "limit " + tierOf(limit.tier)[2] }),
          s("text", { x: left + 4, y: y(limit.value) - 4, class: tierOf(limit.tier)[2] },
            tierOf(limit.tier)[0] + " " + limit.tier + " " + number(limit.value)));
      }
      const stages = ["early", "final"].filter((stage) => points.some((point) => point.stage === stage));
      for (const stage of stages) {
        let path = "", joined = false;
        for (const point of points.filter((one) => one.stage === stage)) {
          if (!isNumber(point.value)) { joined = false; continue; }
          path += (joined ? "L" : "M") + x(point.at).toFixed(1) + " " + y(point.value).toFixed(1);
          joined = true;
        }
        marks.push(s("path", { d: path, class: "curve " + stage }));
      }
      for (const point of drawn) {
        marks.push(s("circle", { cx: x(point.at), cy: y(point.value), r: drawn.length > 60 ? 1.5 : 3,
          class: "point " + point.stage + (point.final && point.stage === "final" ? "" : " open"), onclick: () => { state.looked = point.at; renderExplore(); } },
          s("title", null, time(new Date(point.at).toISOString()) + (stages.length > 1 ? ", " + point.stage : "") + ": "
            + String(point.value) + (point.line && point.line.against ? ", against " + againstOf(point.line) : "")
            + (point.line && point.line.revision > 0 ? ", revised " + point.line.revision + " times" : ""))));
      }
      const label = (at, anchor) => s("text", { x: x(at), y: height - 8, "text-anchor": anchor },
        time(new Date(at).toISOString()));
      marks.push(label(first, drawn.length > 1 ? "start" : "middle"));
      if (drawn.length > 1) marks.push(label(last, "end"));
      const newest = stages.map((stage) => drawn.filter((point) => point.stage === stage).pop()).filter((one) => one);
      const against = newest.map((point) => point.line && point.line.against ? againstOf(point.line) : "").find((one) => one);
      return chart(title, said + newest.map((point) => (stages.length > 1 ? point.stage + " " : "Newest ")
        + inWords(metric, point.value) + ", window to " + time(new Date(point.at).toISOString())).join("; ")
        + (against ? "; against " + against : "")
        + (stages.length > 1 ? "; hollow points and the broken line are early"
          : drawn.some((point) => !point.final) ? "; hollow points are not final" : "") + ".",
        s("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": title + " over time" }, marks));
    }

    // bins: [[count, mean score, positive share], …]
    function reliabilityChart(line) {
      const bins = (line.reliability || (line.metrics || {}).reliability || []).filter((bin) => Array.isArray(bin)
        && bin.length >= 3 && bin.every(isNumber));
      if (bins.length === 0) return null;
      const size = 280, left = 44, bottom = 34, top = 8;
      const x = (value) => left + (size - left - 8) * value;
      const y = (value) => size - bottom - (size - bottom - top) * value;
      const most = Math.max(...bins.map((bin) => bin[0]));
      const marks = [];
      for (const value of [0, 0.5, 1]) {
        marks.push(s("line", { x1: x(0), x2: x(1), y1: y(value), y2: y(value), class: "axis" }),
          s("line", { x1: x(value), x2: x(value), y1: y(0), y2: y(1), class: "axis" }),
          s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value),
          s("text", { x: x(value), y: y(0) + 15, "text-anchor": "middle" }, value));
      }
      marks.push(s("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "diagonal" }));
      marks.push(s("path", { class: "curve",
        d: bins.map((bin, index) => (index ? "L" : "M") + x(bin[1]).toFixed(1) + " " + y(bin[2]).toFixed(1)).join("") }));
      for (const bin of bins) {
        marks.push(s("circle", { cx: x(bin[1]), cy: y(bin[2]), r: 3 + 9 * Math.sqrt(bin[0] / most), class: "bubble" },
          s("title", null, count(bin[0]) + " predictions, mean score " + number(bin[1]) + ", positive " + share(bin[2]))));
      }
      marks.push(s("text", { x: x(0.5), y: size - 4, "text-anchor": "middle" }, "mean score"));
      return chart("Reliability", "Share of positives by mean score, window " + line.window + " to " + time(line.end)
        + "; on the diagonal the score is a probability. Circles grow with the count.",
        s("svg", { viewBox: "0 0 " + size + " " + size, role: "img", "aria-label": "Reliability diagram" }, marks));
    }

    """#
}
