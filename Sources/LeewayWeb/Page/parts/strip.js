// A week of a monitor in a line: when incidents were open, and how bad they were. The worse, the higher.

import { s } from "./elements.js";
import { tierOf } from "./tiers.js";
import { clock } from "./words.js";

const WIDTH = 142, HEIGHT = 22;
const HEIGHTS = { critical: 18, warning: 13, info: 8 };

export function strip(week) {
  const from = Date.parse(week.from), to = Date.parse(week.to);
  const x = (at) => Math.max(0, Math.min(WIDTH, (Date.parse(at) - from) / (to - from) * WIDTH));
  const ordered = [...week.spans].sort((a, b) => tierOf(a.tier)[3] - tierOf(b.tier)[3]);
  return s(
    "svg",
    {
      class: "strip",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      preserveAspectRatio: "none",
      height: HEIGHT,
      role: "img",
      "aria-label": said(week),
    },
    s("title", null, said(week)),
    [1, 2, 3, 4, 5, 6].map((day) =>
      s("line", { class: "day", x1: WIDTH * day / 7, x2: WIDTH * day / 7, y1: 3, y2: HEIGHT - 2 })
    ),
    s("line", { class: "ground", x1: 0, x2: WIDTH, y1: HEIGHT - 1.5, y2: HEIGHT - 1.5 }),
    ordered.map((span) => {
      const left = x(span.from), right = span.to ? x(span.to) : WIDTH;
      const height = HEIGHTS[span.tier] || 5;
      return s("rect", {
        class: "bar " + tierOf(span.tier)[2] + (span.to ? " over" : ""),
        x: left,
        y: HEIGHT - 2 - height,
        width: Math.max(2, right - left),
        height,
        rx: 1,
      });
    }),
  );
}

function said(week) {
  if (week.spans.length === 0) return "No incident in the seven days to " + clock(week.to);
  const open = week.spans.filter((span) => !span.to).length;
  return week.spans.length + (week.spans.length === 1 ? " incident" : " incidents") + " in the seven days to " +
    clock(week.to) + ", " + (open === 0 ? "none of them open" : open + " of them open");
}
