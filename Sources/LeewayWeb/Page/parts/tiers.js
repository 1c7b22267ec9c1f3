// Tiers: a symbol and a word beside the colour, since colour by itself tells nothing to some.

import { h } from "./elements.js";

// [symbol, word, class, rank]
const TIERS = {
  critical: ["◆", "critical", "critical", 4],
  warning: ["▲", "warning", "warning", 3],
  info: ["●", "info", "info", 2],
  ok: ["✓", "ok", "ok", 1],
  insufficient_data: ["○", "insufficient data", "none", 0],
};
export const tierOf = (name) => TIERS[name] || ["○", "no verdict yet", "none", -1];
export function tier(name, text) {
  const [symbol, word, style] = tierOf(name);
  return h("span", { class: "tier " + style }, h("span", { "aria-hidden": "true" }, symbol), text || word);
}
export const worst = (names) => names.reduce((a, b) => tierOf(b)[3] > tierOf(a)[3] ? b : a, null);
