// A reliability diagram.

import { s } from "../parts/elements.js";
import { count, isNumber, number, share, time } from "../parts/words.js";
import { axisBottom, axisLeft, line, max, scaleLinear, scaleSqrt } from "./d3.js";
import { axis, chart, drawing } from "./figure.js";

const SIZE = 290, LEFT = 50, BOTTOM = 250, TOP = 12, RIGHT = 278;

// bins: [[count, mean score, positive share], …]
// said: numbers of calibration in a sentence; numbers: the table behind the drawing.
export function reliabilityChart(result, said, numbers) {
  const bins = (result.reliability || (result.metrics || {}).reliability || [])
    .filter((bin) => Array.isArray(bin) && bin.length >= 3 && bin.every(isNumber));
  if (bins.length === 0) return null;
  const x = scaleLinear([0, 1], [LEFT, RIGHT]);
  const y = scaleLinear([0, 1], [BOTTOM, TOP]);
  const radius = scaleSqrt([0, max(bins, (bin) => bin[0])], [3, 12]);
  const summary = "Share of positives by mean score, window " + result.window + " to " + time(result.end) +
    "; on the diagonal the score is a probability. Circles grow with the count. " + said;
  const svg = drawing(
    SIZE,
    SIZE,
    "Reliability diagram; its numbers are in the table behind it",
    axis(axisLeft(y).ticks(5).tickSize(LEFT - RIGHT), LEFT, 0, "grid"),
    axis(axisBottom(x).ticks(5).tickSize(TOP - BOTTOM), 0, BOTTOM, "grid"),
    s("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "diagonal" }),
    s("path", { class: "curve", d: line().x((bin) => x(bin[1])).y((bin) => y(bin[2]))(bins) }),
    bins.map((bin) =>
      s(
        "circle",
        { cx: x(bin[1]), cy: y(bin[2]), r: radius(bin[0]), class: "bubble" },
        s("title", null, count(bin[0]) + " predictions, mean score " + number(bin[1]) + ", positive " + share(bin[2])),
      )
    ),
    s("text", { x: x(0.5), y: SIZE - 6, "text-anchor": "middle" }, "mean score"),
    s("text", { transform: "translate(12 " + y(0.5) + ") rotate(-90)", "text-anchor": "middle" }, "share of positives"),
  );
  return chart("reliability", "Reliability", summary, svg, { numbers });
}
