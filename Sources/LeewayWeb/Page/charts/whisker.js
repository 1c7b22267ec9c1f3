// How far apart two values are, and how sure that is: the interval of a difference beside 0, small enough for a table's cell.

import { s } from "../parts/elements.js";
import { scaleLinear } from "./d3.js";

const WIDTH = 150, HEIGHT = 18, SIDE = 6;

// text: what it shows, in words. Every row has a scale of its own, for metrics differ in size; 0 stands in the middle of all.
export function whisker({ difference, lower, upper }, style, text) {
  const reach = Math.max(Math.abs(lower), Math.abs(upper), Math.abs(difference)) || 1;
  const x = scaleLinear([-reach, reach], [SIDE, WIDTH - SIDE]);
  const middle = HEIGHT / 2;
  return s(
    "svg",
    {
      class: "whisker",
      width: WIDTH,
      height: HEIGHT,
      viewBox: "0 0 " + WIDTH + " " + HEIGHT,
      role: "img",
      "aria-label": text,
    },
    s("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: HEIGHT }),
    s("line", { class: "reach " + style, x1: x(lower), x2: x(upper), y1: middle, y2: middle }),
    s("circle", { class: "middle " + style, cx: x(difference), cy: middle, r: 4 }),
  );
}
