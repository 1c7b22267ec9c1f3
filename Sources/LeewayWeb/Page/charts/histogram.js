// A distribution beside the baseline's: columns by bin, or rows by category.

import { s, table } from "../parts/elements.js";
import { againstOf } from "../parts/lines.js";
import { count, isNumber, number, plain, share, short, time } from "../parts/words.js";
import { axisBottom, axisLeft, max, scaleBand, scaleLinear, sum } from "./d3.js";
import { axis, chart, drawing, drawingWidth, key, roomFor } from "./figure.js";

const NAME = "histogram";
// Among categories, the rest in one row.
const MOST_ROWS = 16;
const SIDES = ["baseline", "window"];

export function histogramChart(histogram) {
  const isNumeric = histogram.bins.some((bin) => isNumber(bin.lower) || isNumber(bin.upper));
  const summary = "Window " + histogram.window + " to " + time(histogram.end) + ", " + count(histogram.window_rows) +
    " rows, beside " + againstOf(histogram) + ", " + count(histogram.baseline_rows) + " rows.";
  const title = "Distribution of " + histogram.subject;
  return chart(NAME, title, summary, isNumeric ? columnsOf(histogram.bins) : rowsOf(histogram.bins), {
    legend: SIDES.map((side) => key(side, side)),
    numbers: table(
      title,
      [[isNumeric ? "values" : "category", "name"], ["baseline", "number"], ["window", "number"]],
      histogram.bins.map((bin) => [bin.label, share(bin.baseline), share(bin.window)]),
    ),
  });
}

// From 0 up, never to 0 itself.
const upTo = (bins) => [0, Math.max(0.01, max(bins, (bin) => Math.max(bin.baseline, bin.window)))];

// Two bars of one bin, with their numbers on hover.
const bars = (bin, rects) =>
  s(
    "g",
    null,
    s("title", null, bin.label + ": baseline " + share(bin.baseline) + ", window " + share(bin.window)),
    SIDES.map((side) => s("rect", { ...rects(side), class: "bar-" + side })),
  );

function columnsOf(bins) {
  const places = bins.map((_, index) => index);
  const unbounded = places.filter((index) => !isNumber(bins[index].upper) && !isNumber(bins[index].lower));
  // The last of them may be wider than its columns.
  const right = drawingWidth() - (unbounded.length > 0 ? 26 : 8);
  const width = drawingWidth(), height = 290, bottom = height - 38, top = 12;
  const y = scaleLinear(upTo(bins), [bottom, top]).nice(4);
  const left = roomFor(y.ticks(4).map(share));
  const x = scaleBand(places, [left, right]).paddingInner(0.2).paddingOuter(0.1);
  const beside = scaleBand(SIDES, [0, x.bandwidth()]).paddingInner(0.1);

  // Between two bins stands the value that divides them: as many as there is room for.
  const edges = places.filter((index) => isNumber(bins[index].upper));
  const room = 8 + 6.8 * max(edges, (index) => number(bins[index].upper).length);
  const every = Math.ceil(room / x.step());
  const between = scaleLinear([-0.5, bins.length - 0.5], [left, right]);
  return drawing(
    width,
    height,
    "Shares by bin, baseline beside window",
    axis(axisLeft(y).ticks(4).tickSize(left - right).tickFormat(share), left, 0, "grid"),
    axis(
      axisBottom(between).tickValues(edges.filter((_, place) => place % every === 0).map((index) => index + 0.5))
        .tickSizeOuter(0).tickFormat((value) => number(bins[value - 0.5].upper)),
      0,
      bottom,
      "ground",
    ),
    // Missing, invalid and the like, below.
    axis(
      axisBottom(x).tickValues(unbounded).tickSize(0).tickPadding(24)
        .tickFormat((index) => short(plain(bins[index].label).replaceAll("__", ""), 12)),
      0,
      bottom,
      "bare",
    ),
    bins.map((bin, index) =>
      bars(bin, (side) => ({
        x: x(index) + beside(side),
        y: y(bin[side]),
        width: beside.bandwidth(),
        height: bottom - y(bin[side]),
      }))
    ),
  );
}

// The largest categories, and what is left over as one.
function largest(bins) {
  if (bins.length <= MOST_ROWS) return bins;
  const order = [...bins].sort((a, b) => Math.max(b.baseline, b.window) - Math.max(a.baseline, a.window));
  const kept = new Set(order.slice(0, MOST_ROWS - 1));
  const rest = bins.filter((bin) => !kept.has(bin));
  return [...bins.filter((bin) => kept.has(bin)), {
    label: rest.length + " more",
    baseline: sum(rest, (bin) => bin.baseline),
    window: sum(rest, (bin) => bin.window),
  }];
}

function rowsOf(bins) {
  const shown = largest(bins);
  const width = drawingWidth(), left = 128, right = width - 96, height = shown.length * 30 + 8;
  const x = scaleLinear(upTo(shown), [0, right - left]);
  const y = scaleBand(shown.map((_, index) => index), [4, height - 4]).paddingInner(0.2);
  const beside = scaleBand(SIDES, [0, y.bandwidth()]).paddingInner(0.08);
  return drawing(
    width,
    height,
    "Shares by category, baseline beside window",
    axis(
      axisLeft(y).tickSize(0).tickPadding(8).tickFormat((index) => short(plain(shown[index].label), 18)),
      left,
      0,
      "bare",
    ),
    shown.map((bin, index) => [
      bars(bin, (side) => ({
        x: left,
        y: y(index) + beside(side),
        width: x(bin[side]),
        height: beside.bandwidth(),
      })),
      s(
        "text",
        { x: right + 8, y: y(index) + y.bandwidth() / 2, dy: "0.32em" },
        share(bin.baseline) + " → " + share(bin.window),
      ),
    ]),
  );
}
