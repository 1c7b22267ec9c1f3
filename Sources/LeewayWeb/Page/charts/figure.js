// What every chart has around it.

import { h } from "../parts/elements.js";

export function chart(title, summary, drawing, legend) {
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", null, h("h3", null, title), h("p", { class: "quiet" }, summary, legend || null)),
    drawing,
  );
}
export const key = (name, text) => [h("span", { class: "key key-" + name, "aria-hidden": "true" }), text];

// Room for the longest label of the axis at the left, of which nothing may be cut off.
export const roomFor = (labels) => Math.max(46, 10 + 6.8 * Math.max(...labels.map((label) => label.length)));
