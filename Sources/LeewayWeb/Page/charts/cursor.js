// A cursor over the points of a chart. The pointer moves it, and so do the arrow keys; what it stands on is said below
// the drawing. A click or Enter looks at that point.

import { h, s } from "../parts/elements.js";
import { least } from "./d3.js";

// Where the cursor of each chart was, so that it is there again when the chart is drawn again.
const places = new Map();

// points: ascending, with their x and y in the drawing; say(point): its text; pick(point): it was chosen.
// Returns the marks to put on top of the drawing, and the line below it.
export function cursor(name, label, points, box, say, pick) {
  const known = places.get(name);
  let at = points.findLastIndex((point) => point.key === known);
  if (at < 0) at = points.length - 1;

  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  const rule = s("line", { class: "rule", y1: box.top, y2: box.bottom });
  const ring = s("circle", { class: "ring", r: 6 });
  // A slider is what screen readers know how to move along a row of values.
  const area = s("rect", {
    class: "cursor",
    x: box.left,
    y: box.top,
    width: box.right - box.left,
    height: box.bottom - box.top,
    tabindex: 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": 1,
    "aria-valuemax": points.length,
    "data-key": "cursor " + name,
  });

  function move(index) {
    at = Math.max(0, Math.min(points.length - 1, index));
    const point = points[at];
    // The newest is where it stands unless told, also when there is a newer one.
    if (at === points.length - 1) places.delete(name);
    else places.set(name, point.key);
    for (const side of ["x1", "x2"]) rule.setAttribute(side, point.x);
    ring.setAttribute("cx", point.x);
    ring.setAttribute("cy", point.y);
    area.setAttribute("aria-valuenow", at + 1);
    area.setAttribute("aria-valuetext", say(point));
    readout.textContent = say(point);
  }

  area.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    if (event.key in steps) move(at + steps[event.key]);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(points.length - 1);
    else if (event.key === "Enter" || event.key === " ") pick(points[at]);
    else return;
    event.preventDefault();
  });
  area.addEventListener("pointermove", (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(area.getScreenCTM().inverse());
    // How far to the side counts more than how far up.
    move(points.indexOf(least(points, (point) => Math.abs(point.x - place.x) + Math.abs(point.y - place.y) / 8)));
  });
  area.addEventListener("pointerleave", () => move(points.length - 1));
  area.addEventListener("click", () => pick(points[at]));
  move(at);
  return { marks: [rule, ring, area], readout };
}
