// A metric over time.

import { s } from "../parts/elements.js";
import { againstOf, inWords } from "../parts/lines.js";
import { tierOf } from "../parts/tiers.js";
import { isNumber, number, time } from "../parts/words.js";
import { chart, roomFor } from "./figure.js";

// points: [{at, value, final, stage}] ascending; limits: [{tier, value}]; onLook(at): a point was clicked. Early and final values are two curves.
export function seriesChart(title, metric, points, limits, subject, onLook) {
  const drawn = points.filter((point) => isNumber(point.value));
  const said = metric
    ? metric.description + " " +
      {
        above: "Higher is worse.",
        below: "Lower is worse.",
        either: "Far from 0 on either side is worse.",
      }[metric.direction] + " "
    : "";
  if (drawn.length === 0) {
    return chart(
      title,
      said + (points.length > 0
        ? "The windows of this slice" + (subject ? " and subject" : "") +
          " have no such value."
        : "No window of this slice has it yet."),
      null,
    );
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
    marks.push(
      s("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "axis" }),
      s("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, inWords(metric, value)),
    );
  }
  for (const limit of visible) {
    marks.push(
      s("line", {
        x1: left,
        x2: width - right,
        y1: y(limit.value),
        y2: y(limit.value),
        class: "limit " + tierOf(limit.tier)[2],
      }),
      s(
        "text",
        { x: left + 4, y: y(limit.value) - 4, class: tierOf(limit.tier)[2] },
        tierOf(limit.tier)[0] + " " + limit.tier + " " + number(limit.value),
      ),
    );
  }
  const stages = ["early", "final"].filter((stage) => points.some((point) => point.stage === stage));
  for (const stage of stages) {
    let path = "", joined = false;
    for (const point of points.filter((one) => one.stage === stage)) {
      if (!isNumber(point.value)) {
        joined = false;
        continue;
      }
      path += (joined ? "L" : "M") + x(point.at).toFixed(1) + " " + y(point.value).toFixed(1);
      joined = true;
    }
    marks.push(s("path", { d: path, class: "curve " + stage }));
  }
  for (const point of drawn) {
    marks.push(
      s(
        "circle",
        {
          cx: x(point.at),
          cy: y(point.value),
          r: drawn.length > 60 ? 1.5 : 3,
          class: "point " + point.stage + (point.final && point.stage === "final" ? "" : " open"),
          onclick: () => onLook(point.at),
        },
        s(
          "title",
          null,
          time(new Date(point.at).toISOString()) + (stages.length > 1 ? ", " + point.stage : "") + ": " +
            String(point.value) + (point.line && point.line.against ? ", against " + againstOf(point.line) : "") +
            (point.line && point.line.revision > 0 ? ", revised " + point.line.revision + " times" : ""),
        ),
      ),
    );
  }
  const label = (at, anchor) =>
    s("text", { x: x(at), y: height - 8, "text-anchor": anchor }, time(new Date(at).toISOString()));
  marks.push(label(first, drawn.length > 1 ? "start" : "middle"));
  if (drawn.length > 1) marks.push(label(last, "end"));
  const newest = stages.map((stage) => drawn.filter((point) => point.stage === stage).pop()).filter((one) => one);
  const against = newest.map((point) => point.line && point.line.against ? againstOf(point.line) : "").find((one) =>
    one
  );
  return chart(
    title,
    said + newest.map((point) =>
      (stages.length > 1 ? point.stage + " " : "Newest ") +
      inWords(metric, point.value) + ", window to " + time(new Date(point.at).toISOString())
    ).join("; ") +
      (against ? "; against " + against : "") +
      (stages.length > 1
        ? "; hollow points and the broken line are early"
        : drawn.some((point) => !point.final)
        ? "; hollow points are not final"
        : "") +
      ".",
    s("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": title + " over time" }, marks),
  );
}
