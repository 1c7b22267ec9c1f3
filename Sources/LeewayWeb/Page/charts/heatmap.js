// A map of tiers: subjects down, time across. The worse, the darker and the higher its mark.

import { h, s, table, when } from "../parts/elements.js";
import { tier, tierOf, worst } from "../parts/tiers.js";
import { count, plain, share, short, time } from "../parts/words.js";
import { axisBottom, scaleUtc } from "./d3.js";
import { axis, chart } from "./figure.js";
import { timesBelow, timeWords } from "./series.js";

const NAME = "heatmap";
const ROW = 22, GAP = 3, TOP = 4, AXIS = 24, LEAST = 3;
const LEAST_COLUMNS = 48;
// How much of a row's height a tier takes.
const HEIGHTS = { critical: 1, warning: 0.78, info: 0.56, ok: 0.34, insufficient_data: 0.16 };

// Where the cursor is, so that it is there again when the map is drawn again.
let place = null;

// map: as the API gives it; chosen: {subject, end}; width: of the drawing; onPick(row, end): a cell was chosen.
export function heatmap(whole, chosen, width, onPick) {
  const map = trimmed(whole);
  const said = "Window " + map.window + ", " + count(map.columns) + " columns of " + stepOf(map.every_ms) + " from " +
    time(map.from) + " to " + time(map.to) + ". Each has the worst verdict of its windows, in any slice.";
  if (map.rows.length === 0) {
    return chart(NAME, "Subjects over time", "No check has judged window " + map.window + " in this time.", null);
  }
  const left = Math.min(190, Math.max(96, width * 0.24));
  const grid = merged(map, Math.max(1, Math.floor((width - left) / LEAST)));
  const height = TOP + grid.rows.length * (ROW + GAP) + AXIS;
  const step = (width - left) / grid.columns;
  const x = (column) => left + column * step;
  const y = (index) => TOP + index * (ROW + GAP);
  const bottom = height - AXIS;
  const scale = scaleUtc([Date.parse(map.from), Date.parse(map.to)], [left, width]);
  const ticks = timesBelow(scale, width < 500 ? 3 : 6, width).filter((tick) => scale(tick) > left);
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  const ring = s("rect", { class: "ring", width: Math.max(step, 4), height: ROW });
  const svg = s(
    "svg",
    {
      class: "heatmap",
      width,
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": "Tiers of subjects over time",
    },
    axis(
      axisBottom(scale).tickValues(ticks).tickSize(-(bottom - TOP)).tickFormat(
        timeWords(ticks),
      ),
      0,
      bottom,
      "ground",
    ),
    grid.rows.map((row, index) => [
      s(
        "text",
        {
          class: "name" + (row.subject && row.subject === chosen.subject ? " chosen" : ""),
          x: left - 8,
          y: y(index) + ROW / 2,
          dy: "0.32em",
          "text-anchor": "end",
        },
        s("title", null, row.name),
        short(plain(row.name), Math.floor((left - 12) / 7.7)),
      ),
      s("rect", { class: "bed", x: left, y: y(index), width: width - left, height: ROW }),
      runs(row.cells).map((run) => {
        const part = HEIGHTS[run.tier] * ROW;
        return s("rect", {
          class: "cell " + tierOf(run.tier)[2],
          x: x(run.from),
          y: y(index) + ROW - part,
          width: Math.max(1, x(run.to) - x(run.from)),
          height: part,
        });
      }),
    ]),
    moment(chosen.end, map, scale, bottom),
    ring,
    area(grid, { left, right: width, top: TOP, bottom, step }, map, ring, readout, onPick),
  );
  return chart(NAME, "Subjects over time", said, svg, {
    legend: legend(),
    readout,
    numbers: numbersOf(map),
  });
}

const moment = (end, map, scale, bottom) => {
  const at = Date.parse(end || "");
  if (!(at >= Date.parse(map.from) && at <= Date.parse(map.to))) return null;
  return s("line", { class: "moment", x1: scale(at), x2: scale(at), y1: TOP, y2: bottom });
};

const legend = () =>
  ["critical", "warning", "info", "ok", "insufficient_data"].map((name) =>
    h(
      "span",
      { class: "legend" },
      h("span", { class: "mark " + tierOf(name)[2], "aria-hidden": "true" }),
      tierOf(name)[0] + " " + tierOf(name)[1],
    )
  );

const stepOf = (milliseconds) => {
  const minutes = milliseconds / 60000;
  return minutes < 120 ? minutes + " min" : minutes < 2880 ? minutes / 60 + " h" : minutes / 1440 + " days";
};

// Without the columns before the first verdict, of which a new monitor has many.
function trimmed(map) {
  const first = Math.min(
    ...map.rows.map((row) => row.cells.findIndex((one) => one !== null)).filter((one) => one >= 0),
  );
  const gone = Math.max(0, Math.min(first - 2, map.columns - LEAST_COLUMNS));
  if (!(gone > 0 && Number.isFinite(gone))) return map;
  return {
    ...map,
    from: new Date(Date.parse(map.from) + gone * map.every_ms).toISOString(),
    columns: map.columns - gone,
    rows: map.rows.map((row) => ({ ...row, cells: row.cells.slice(gone) })),
  };
}

// Rows with as many columns as there is room for: the worst of those that fall together.
function merged(map, room) {
  const together = Math.ceil(map.columns / room);
  const columns = Math.ceil(map.columns / together);
  const rows = map.rows.map((row) => {
    const cells = [];
    // From the newest back, so that the last column is whole.
    for (let end = map.columns; end > 0; end -= together) {
      const part = row.cells.slice(Math.max(0, end - together), end).filter((one) => one !== null);
      cells.unshift(part.length > 0 ? map.tiers[Math.max(...part)] : null);
    }
    return { ...row, name: row.subject || row.check, cells };
  });
  return { columns, rows, together };
}

// Neighbours of one tier as one.
function runs(cells) {
  const found = [];
  cells.forEach((name, index) => {
    const last = found[found.length - 1];
    if (name === null) return;
    if (last && last.tier === name && last.to === index) last.to = index + 1;
    else found.push({ tier: name, from: index, to: index + 1 });
  });
  return found;
}

// What the pointer and the keys move over.
function area(grid, box, map, ring, readout, onPick) {
  const rows = grid.rows.length;
  const at = place || { row: 0, column: grid.columns - 1 };
  const endOf = (column) =>
    new Date(Date.parse(map.to) - (grid.columns - 1 - column) * grid.together * map.every_ms).toISOString();
  const text = () => {
    const row = grid.rows[at.row], name = row.cells[at.column];
    return row.name + ", " + (grid.together > 1 ? "windows up to " : "window to ") + time(endOf(at.column)) + ": " +
      (name === null ? "no verdict" : tierOf(name)[1]);
  };
  const rect = s("rect", {
    class: "cursor",
    x: box.left,
    y: box.top,
    width: box.right - box.left,
    height: box.bottom - box.top,
    tabindex: 0,
    role: "slider",
    "aria-label": "Cell; left and right move in time, up and down between subjects, Enter looks at it",
    "aria-valuemin": 1,
    "aria-valuemax": grid.columns,
    "data-key": "cursor heatmap",
  });
  function move(row, column) {
    at.row = Math.max(0, Math.min(rows - 1, row));
    at.column = Math.max(0, Math.min(grid.columns - 1, column));
    ring.setAttribute("x", box.left + at.column * box.step);
    ring.setAttribute("y", box.top + at.row * (ROW + GAP));
    rect.setAttribute("aria-valuenow", at.column + 1);
    rect.setAttribute("aria-valuetext", text());
    readout.textContent = text();
  }
  const pick = () => onPick(grid.rows[at.row], endOf(at.column));
  rect.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key in steps) {
      move(at.row + steps[event.key][0], at.column + steps[event.key][1]);
      place = { ...at };
    } else if (event.key === "Home") move(at.row, 0);
    else if (event.key === "End") move(at.row, grid.columns - 1);
    else if (event.key === "Enter" || event.key === " ") pick();
    else return;
    event.preventDefault();
  });
  rect.addEventListener("pointermove", (event) => {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(rect.getScreenCTM().inverse());
    move(Math.floor((spot.y - box.top) / (ROW + GAP)), Math.floor((spot.x - box.left) / box.step));
  });
  rect.addEventListener("pointerleave", () => place ? move(place.row, place.column) : move(0, grid.columns - 1));
  rect.addEventListener("click", pick);
  move(Math.min(at.row, rows - 1), Math.min(at.column, grid.columns - 1));
  return rect;
}

function numbersOf(map) {
  const bad = (cells) => cells.map((one) => one !== null && one > 1);
  return table(
    "Verdicts of window " + map.window + " by subject",
    [["subject or check", "name"], ["newest"], ["worst"], ["not ok", "number"], ["judged", "number"], ["last not ok"]],
    map.rows.map((row) => {
      const named = row.cells.map((one) => one === null ? null : map.tiers[one]);
      const judged = row.cells.filter((one) => one !== null && one > 0).length;
      const firing = bad(row.cells);
      const last = firing.lastIndexOf(true);
      const newest = [...named].reverse().find((one) => one !== null);
      return [
        row.subject || row.check,
        tier(newest),
        tier(worst(named.filter((one) => one))),
        judged > 0 ? share(firing.filter((one) => one).length / judged) : "none judged",
        count(judged) + " of " + count(map.columns),
        last < 0 ? "never" : when(new Date(Date.parse(map.from) + (last + 1) * map.every_ms).toISOString(), "clock"),
      ];
    }),
  );
}
