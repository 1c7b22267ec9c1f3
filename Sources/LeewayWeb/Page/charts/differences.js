// The difference between two versions over time, with its interval.

import { h, s, table } from "../parts/elements.js";
import { gapInWords } from "../parts/lines.js";
import { time } from "../parts/words.js";
import { cursor } from "./cursor.js";
import { axisBottom, axisLeft, scaleLinear, scaleUtc } from "./d3.js";
import { axis, chart, drawing, roomFor } from "./figure.js";
import { timesBelow, timeWords } from "./series.js";

const HEIGHT = 250, TOP = 14, RIGHT = 24, BOTTOM = 28;
const NAME = "differences";
const timeOf = (point) => time(new Date(point.at).toISOString());

// points: [{at, difference, lower, upper, final}] ascending, at least one.
export function differencesChart(title, metric, points, width, onLook) {
  const values = points.flatMap((point) => [point.lower, point.upper, 0]);
  const y = scaleLinear([Math.min(...values), Math.max(...values)], [HEIGHT - BOTTOM, TOP]).nice(5);
  const left = roomFor(y.ticks(5).map((value) => gapInWords(metric, value)));
  const right = width - RIGHT;
  const first = points[0].at, last = points[points.length - 1].at;
  const x = scaleUtc(last === first ? [first - 1800000, last + 1800000] : [first, last], [left + 6, right - 6]);
  const ticks = timesBelow(x, 4, right);
  const placed = points.map((point) => ({ ...point, x: x(point.at), y: y(point.difference), key: point.at }));
  const say = (point) =>
    timeOf(point) + ": " + gapInWords(metric, point.difference) + ", 99 % interval " + gapInWords(metric, point.lower) +
    " to " +
    gapInWords(metric, point.upper) + (point.final ? "" : ", not final");
  const box = { left, right, top: TOP, bottom: HEIGHT - BOTTOM };
  const { marks: hand, readout } = cursor(NAME, title + " by window", placed, box, say, (point) => onLook(point.at));
  const svg = drawing(
    width,
    HEIGHT,
    title + " over time",
    axis(axisLeft(y).ticks(5).tickSize(left - right).tickFormat((value) => gapInWords(metric, value)), left, 0, "grid"),
    axis(
      axisBottom(x).tickValues(ticks).tickSizeOuter(0).tickFormat(timeWords(ticks)),
      0,
      HEIGHT - BOTTOM,
      "ground",
    ),
    s(
      "g",
      { role: "img", "aria-label": "Newest " + say(points[points.length - 1]) },
      s("line", { class: "zero", x1: left, x2: right, y1: y(0), y2: y(0) }),
      placed.map((point) =>
        s("line", { class: "reach", x1: point.x, x2: point.x, y1: y(point.lower), y2: y(point.upper) })
      ),
      placed.map((point) =>
        s("circle", {
          class: "point" + (point.final ? "" : " open"),
          cx: point.x,
          cy: point.y,
          r: points.length > 60 ? 1.5 : 3,
        })
      ),
    ),
    hand,
  );
  const numbers = table(
    title + ", the newest first",
    [["to"], ["difference", "number"], ["from", "number"], ["up to", "number"], ["final"]],
    [...points].reverse().map((point) => [
      timeOf(point),
      ...[point.difference, point.lower, point.upper].map((value) =>
        h("span", { title: String(value) }, gapInWords(metric, value))
      ),
      point.final ? "yes" : "not yet",
    ]),
  );
  const open = points.some((point) => !point.final) ? " Hollow points are not final." : "";
  return chart(NAME, title, "Newest " + say(points[points.length - 1]) + "." + open, svg, { readout, numbers });
}
