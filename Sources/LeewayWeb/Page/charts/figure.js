// What every chart has around it.

import { byId, h, s } from "../parts/elements.js";
import { max, select } from "./d3.js";

// As charts.css and style.css have them: the least width of a card, what is between two, and what is left and right in one.
const CARD = 384, GAP = 13, PADDING = 34;

// The charts of which the reader has opened the table.
const opened = new Set();

// A figure: what it is, what it says, the drawing, and its numbers as a table for those who cannot see it. Both may be
// null. name: which chart of the page it is.
export function chart(name, title, summary, drawing, { legend = null, readout = null, numbers = null } = {}) {
  const table = numbers && h(
    "details",
    {
      class: "numbers",
      open: opened.has(name),
      ontoggle: (event) => event.target.open ? opened.add(name) : opened.delete(name),
    },
    h("summary", { "data-key": "numbers " + name }, "The same as a table"),
    numbers,
    // Browsers offer it where the page came by HTTPS or from this machine.
    navigator.clipboard && h("button", {
      type: "button",
      "data-key": "copy " + name,
      onclick: async (event) => {
        await navigator.clipboard.writeText(csvOf(numbers.querySelector("table")));
        event.target.textContent = "Copied";
      },
    }, "Copy as CSV"),
  );
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", null, h("h3", null, title), h("p", { class: "quiet" }, summary, legend && " ", legend)),
    drawing,
    readout,
    table,
  );
}
// The width that a chart over the whole page has for its drawing.
export const wholeWidth = (id) => Math.max(280, (byId(id).clientWidth || CARD) - PADDING);

// What a table shows, with all digits of what it has fewer of.
function csvOf(table) {
  const quoted = (text) => /[",\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  const said = (cell) => {
    const exact = cell.querySelector("span[title], time[datetime]");
    return exact ? exact.getAttribute("datetime") || exact.getAttribute("title") : cell.textContent;
  };
  return [...table.rows].map((row) => [...row.cells].map((cell) => quoted(said(cell))).join(",")).join("\n") + "\n";
}

export const key = (name, text) =>
  h("span", { class: "legend" }, h("span", { class: "key key-" + name, "aria-hidden": "true" }), text);

// The width of a drawing in pixels, which is that of its card within reason: letters are neither shrunk nor blown up.
export function drawingWidth() {
  const all = byId("charts").clientWidth;
  const columns = Math.max(1, Math.floor((all + GAP) / (CARD + GAP)));
  return all === 0 ? CARD : Math.max(260, Math.min(560, Math.floor((all + GAP) / columns) - GAP - PADDING));
}

// A drawing of these many units. The label is what it shows, in words.
export const drawing = (width, height, label, ...marks) =>
  s("svg", { width, viewBox: "0 0 " + width + " " + height, role: "group", "aria-label": label }, marks);

// Room for the longest label of the axis at the left, of which nothing may be cut off.
export const roomFor = (labels) => Math.max(46, 12 + 6.8 * max(labels, (label) => label.length));

// Draws an axis of d3's into a group, moved to the right and down.
export function axis(maker, x, y, style) {
  const group = s("g", { class: "axis " + style, transform: "translate(" + x + " " + y + ")", "aria-hidden": "true" });
  select(group).call(maker);
  return group;
}
