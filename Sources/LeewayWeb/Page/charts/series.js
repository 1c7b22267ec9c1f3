// A metric over time.

import { h, s, table } from "../parts/elements.js";
import { againstOf, inWords } from "../parts/lines.js";
import { tierOf } from "../parts/tiers.js";
import { count, isNumber, time } from "../parts/words.js";
import { cursor } from "./cursor.js";
import { axisBottom, axisLeft, line, max, scaleLinear, scaleUtc, utcFormat } from "./d3.js";
import { axis, chart, drawing, drawingWidth, roomFor } from "./figure.js";

const HEIGHT = 290, TOP = 14, RIGHT = 24, BOTTOM = 28;
const NAME = "series";
const WORSE = { above: "Higher is worse.", below: "Lower is worse.", either: "Far from 0 on either side is worse." };
const timeOf = (point) => time(new Date(point.at).toISOString());

// points: [{at, value, final, stage}] ascending; limits: [{tier, value}]; onLook(at): a point was chosen; marks: [{at, text,
// style}], moments that stand in the chart. Early and final values are two curves.
export function seriesChart(
  title,
  metric,
  points,
  limits,
  subject,
  onLook,
  { marks = [], width = drawingWidth() } = {},
) {
  const drawn = points.filter((point) => isNumber(point.value));
  const said = metric ? metric.description + " " + WORSE[metric.direction] + " " : "";
  if (drawn.length === 0) {
    const why = points.length > 0
      ? "The windows of this slice" + (subject ? " and subject" : "") + " have no such value."
      : "No window of this slice has it yet.";
    return chart(NAME, title, said + why, null);
  }
  const stages = ["early", "final"].filter((stage) => points.some((point) => point.stage === stage));
  const visible = limits.filter((limit) => isNumber(limit.value));
  const summary = summaryOf(metric, drawn, stages);

  const y = scaleLinear(rangeOf([...drawn, ...visible].map((one) => one.value)), [HEIGHT - BOTTOM, TOP]).nice(5);
  const left = roomFor(y.ticks(5).map((value) => inWords(metric, value)));
  const right = width - RIGHT;
  const first = drawn[0].at, last = drawn[drawn.length - 1].at;
  // One point stands in the middle.
  const x = scaleUtc(last === first ? [first - 1800000, last + 1800000] : [first, last], [left, right]);

  const placed = drawn.map((point) => ({ ...point, x: x(point.at), y: y(point.value), key: point.at + point.stage }));
  const box = { left, right, top: TOP, bottom: HEIGHT - BOTTOM };
  const { marks: hand, readout } = cursor(
    NAME,
    title + " by window",
    placed,
    box,
    (point) => pointText(metric, point, stages),
    (point) => onLook(point.at),
  );
  const svg = drawing(
    width,
    HEIGHT,
    title + " over time",
    axis(axisLeft(y).ticks(5).tickSize(left - right).tickFormat((value) => inWords(metric, value)), left, 0, "grid"),
    axis(timeAxis(x), 0, HEIGHT - BOTTOM, "ground"),
    s(
      "g",
      { role: "img", "aria-label": summary },
      momentMarks(marks.filter((mark) => mark.at >= first && mark.at <= last), x),
      limitMarks(visible, metric, y, left, right),
      stages.map((stage) => curve(points.filter((point) => point.stage === stage), stage, x, y)),
      placed.map((point) => dot(point, placed.length > 60 ? 1.5 : 3)),
    ),
    hand,
  );
  return chart(NAME, title, said + summary, svg, { readout, numbers: numbersOf(title, metric, drawn, stages) });
}

// What is drawn from the least to the largest value, with some air; from 0 where that is near.
function rangeOf(values) {
  const low = Math.min(...values), high = Math.max(...values);
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 && low - margin < 0 ? 0 : low - margin, high + margin];
}

// How many times at most stand below a chart, save those whose words would be cut off at its right.
export const timesBelow = (scale, most, edge) => scale.ticks(most).filter((tick) => scale(tick) < edge - 38);
// The day stands with the first time and where it changes; without hours where all are midnight.
export function timeWords(ticks) {
  const hour = utcFormat("%H:%M"), date = utcFormat("%-d %b");
  const isOfDays = ticks.every((one) => hour(one) === "00:00");
  return (one, index) => {
    if (isOfDays) return date(one);
    return index > 0 && date(one) === date(ticks[index - 1]) ? hour(one) : date(one) + " " + hour(one);
  };
}
function timeAxis(x) {
  const ticks = timesBelow(x, 4, x.range()[1] + RIGHT);
  return axisBottom(x).tickValues(ticks).tickSizeOuter(0).tickFormat(timeWords(ticks));
}

const curve = (points, stage, x, y) =>
  s("path", {
    class: "curve " + stage,
    d: line().defined((point) => isNumber(point.value)).x((point) => x(point.at)).y((point) => y(point.value))(points),
  });

// Solid is what will not change any more.
const dot = (point, radius) =>
  s("circle", {
    cx: point.x,
    cy: point.y,
    r: radius,
    class: "point " + point.stage + (point.final && point.stage === "final" ? "" : " open"),
  });

// Each with its name, which are kept apart where limits are close together.
function limitMarks(limits, metric, y, left, right) {
  let free = Infinity;
  return [...limits].sort((a, b) => a.value - b.value).map((limit) => {
    const [symbol, , style] = tierOf(limit.tier);
    const text = Math.min(y(limit.value) - 4, free);
    free = text - 12;
    return [
      s("line", { x1: left, x2: right, y1: y(limit.value), y2: y(limit.value), class: "limit " + style }),
      s("text", { x: left + 4, y: text, class: style }, symbol + " " + limit.tier + " " + inWords(metric, limit.value)),
    ];
  });
}

// Each with its word, unless that would stand on the one before.
function momentMarks(marks, x) {
  let free = -Infinity;
  return [...marks].sort((a, b) => a.at - b.at).map((mark) => {
    const place = x(mark.at), isLast = place > x.range()[1] - 80;
    const hasRoom = place > free;
    if (hasRoom) free = place + 60;
    return [
      s("line", { class: "moment " + mark.style, x1: place, x2: place, y1: TOP, y2: HEIGHT - BOTTOM }),
      hasRoom && s("text", {
        class: mark.style,
        x: place + (isLast ? -4 : 4),
        y: TOP + 8,
        "text-anchor": isLast ? "end" : "start",
      }, mark.text),
    ];
  });
}

// The newest values in a sentence.
function summaryOf(metric, drawn, stages) {
  const newest = stages.map((stage) => drawn.filter((point) => point.stage === stage).pop()).filter((one) => one);
  const against = newest.map((point) => point.line && point.line.against ? againstOf(point.line) : "").find((one) =>
    one
  );
  const values = newest.map((point) =>
    (stages.length > 1 ? point.stage + " " : "Newest ") + inWords(metric, point.value) + ", window to " + timeOf(point)
  );
  const hollow = stages.length > 1
    ? "; hollow points and the broken line are early"
    : drawn.some((point) => !point.final)
    ? "; hollow points are not final"
    : "";
  return values.join("; ") + (against ? "; against " + against : "") + hollow + ".";
}

function pointText(metric, point, stages) {
  const revision = point.line ? point.line.revision : 0;
  return timeOf(point) + (stages.length > 1 ? ", " + point.stage : "") + ": " + inWords(metric, point.value) +
    (inWords(metric, point.value) === String(point.value) ? "" : " (" + point.value + ")") +
    (point.final ? "" : ", not final") +
    (revision > 0 ? ", revised " + (revision === 1 ? "once" : revision + " times") : "");
}

function numbersOf(title, metric, drawn, stages) {
  const staged = stages.length > 1;
  const revised = max(drawn, (point) => point.line ? point.line.revision : 0) > 0;
  const columns = [["to"], staged && ["stage"], ["value", "number"], ["final"], revised && ["revisions", "number"]];
  const cells = (point) => [
    timeOf(point),
    staged && point.stage,
    h("span", { title: String(point.value) }, inWords(metric, point.value)),
    point.final ? "yes" : "not yet",
    revised && count(point.line.revision),
  ];
  const kept = (list) => list.filter((one) => one !== false);
  return table(title + ", the newest first", kept(columns), [...drawn].reverse().map((point) => kept(cells(point))));
}
