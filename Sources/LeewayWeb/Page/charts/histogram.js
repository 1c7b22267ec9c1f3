// A distribution beside the baseline's: columns by bin, or rows by category.

import { s } from "../parts/elements.js";
import { againstOf } from "../parts/lines.js";
import { count, isNumber, number, share, short, time } from "../parts/words.js";
import { chart, key, roomFor } from "./figure.js";

export function histogramChart(histogram) {
  const isNumeric = histogram.bins.some((bin) => isNumber(bin.lower) || isNumber(bin.upper));
  const drawing = isNumeric ? columnsOf(histogram.bins) : rowsOf(histogram.bins);
  return chart(
    "Distribution of " + histogram.subject,
    "Window " + histogram.window + " to " + time(histogram.end) + ", " + count(histogram.window_rows) +
      " rows, beside " +
      againstOf(histogram) + ", " + count(histogram.baseline_rows) + " rows.",
    drawing,
    [key("baseline", "baseline"), key("window", "window")],
  );
}

function barTitle(bin) {
  return s("title", null, bin.label + ": baseline " + share(bin.baseline) + ", window " + share(bin.window));
}

function columnsOf(bins) {
  const width = 430, height = 290, bottom = 36, top = 12;
  const most = Math.max(0.01, ...bins.map((bin) => Math.max(bin.baseline, bin.window))) * 1.05;
  const left = roomFor([0, most / 2, most].map(share));
  const step = (width - left - 8) / bins.length;
  const y = (value) => height - bottom - (height - bottom - top) * value / most;
  const marks = [];
  for (const part of [0, 0.5, 1]) {
    const value = most * part;
    marks.push(
      s("line", { x1: left, x2: width - 8, y1: y(value), y2: y(value), class: "axis" }),
      s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, share(value)),
    );
  }
  bins.forEach((bin, index) => {
    const x = left + index * step;
    marks.push(
      s(
        "g",
        null,
        barTitle(bin),
        s("rect", {
          x: x + step * 0.12,
          y: y(bin.baseline),
          width: step * 0.36,
          height: y(0) - y(bin.baseline),
          class: "bar-baseline",
        }),
        s("rect", {
          x: x + step * 0.52,
          y: y(bin.window),
          width: step * 0.36,
          height: y(0) - y(bin.window),
          class: "bar-window",
        }),
      ),
    );
    if (isNumber(bin.upper)) {
      marks.push(
        s("line", { x1: x + step, x2: x + step, y1: y(0), y2: y(0) + 5, class: "axis" }),
        s("text", { x: x + step, y: y(0) + 17, "text-anchor": "middle" }, number(bin.upper)),
      );
    } else if (!isNumber(bin.lower)) {
      marks.push(
        s(
          "text",
          { x: x + step / 2, y: y(0) + 30, "text-anchor": "middle" },
          short(bin.label.replaceAll("__", ""), 12),
        ),
      );
    }
  });
  return s("svg", {
    viewBox: "0 0 " + width + " " + height,
    role: "img",
    "aria-label": "Shares by bin, baseline beside window",
  }, marks);
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
    return s(
      "g",
      null,
      barTitle(bin),
      s("text", { x: left - 8, y: y + 17, "text-anchor": "end", class: "strong" }, short(bin.label, 18)),
      s("rect", { x: left, y: y + 1, width: length(bin.baseline), height: 11, class: "bar-baseline" }),
      s("rect", { x: left, y: y + 13, width: length(bin.window), height: 11, class: "bar-window" }),
      s("text", { x: width - right + 8, y: y + 17 }, share(bin.baseline) + " → " + share(bin.window)),
    );
  });
  return s("svg", {
    viewBox: "0 0 " + width + " " + (shown.length * step + 8),
    role: "img",
    "aria-label": "Shares by category, baseline beside window",
  }, marks);
}
