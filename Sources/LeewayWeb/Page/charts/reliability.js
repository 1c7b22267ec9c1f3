// A reliability diagram.

import { s } from "../parts/elements.js";
import { count, isNumber, number, share, time } from "../parts/words.js";
import { chart } from "./figure.js";

// bins: [[count, mean score, positive share], …]
export function reliabilityChart(line) {
  const bins = (line.reliability || (line.metrics || {}).reliability || []).filter((bin) =>
    Array.isArray(bin) &&
    bin.length >= 3 && bin.every(isNumber)
  );
  if (bins.length === 0) return null;
  const size = 280, left = 44, bottom = 34, top = 8;
  const x = (value) => left + (size - left - 8) * value;
  const y = (value) => size - bottom - (size - bottom - top) * value;
  const most = Math.max(...bins.map((bin) => bin[0]));
  const marks = [];
  for (const value of [0, 0.5, 1]) {
    marks.push(
      s("line", { x1: x(0), x2: x(1), y1: y(value), y2: y(value), class: "axis" }),
      s("line", { x1: x(value), x2: x(value), y1: y(0), y2: y(1), class: "axis" }),
      s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value),
      s("text", { x: x(value), y: y(0) + 15, "text-anchor": "middle" }, value),
    );
  }
  marks.push(s("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "diagonal" }));
  marks.push(
    s("path", {
      class: "curve",
      d: bins.map((bin, index) => (index ? "L" : "M") + x(bin[1]).toFixed(1) + " " + y(bin[2]).toFixed(1)).join(""),
    }),
  );
  for (const bin of bins) {
    marks.push(
      s(
        "circle",
        { cx: x(bin[1]), cy: y(bin[2]), r: 3 + 9 * Math.sqrt(bin[0] / most), class: "bubble" },
        s("title", null, count(bin[0]) + " predictions, mean score " + number(bin[1]) + ", positive " + share(bin[2])),
      ),
    );
  }
  marks.push(s("text", { x: x(0.5), y: size - 4, "text-anchor": "middle" }, "mean score"));
  return chart(
    "Reliability",
    "Share of positives by mean score, window " + line.window + " to " + time(line.end) +
      "; on the diagonal the score is a probability. Circles grow with the count.",
    s("svg", { viewBox: "0 0 " + size + " " + size, role: "img", "aria-label": "Reliability diagram" }, marks),
  );
}
