// Who reads what. A single instance is shown too: its lag is what one looks for.

import { hrefOf } from "./address.js";
import { h, table, when } from "./elements.js";
import { tier } from "./tiers.js";
import { count, isNumber } from "./words.js";

export function instancesTable({ instances, unowned }) {
  const rows = [];
  for (const one of instances) {
    const place = one.host + " (" + one.process + ")" + (one.answering ? ", this one" : "");
    for (const partition of one.partitions) rows.push([place, ...partitionCells(partition)]);
    if (one.partitions.length === 0) rows.push([place, "none", "none", "0", "0", "nothing"]);
  }
  for (const partition of unowned) rows.push([tier("warning", "no instance"), ...partitionCells(partition)]);
  if (rows.length === 0) return h("p", { class: "empty" }, "No instance has said that it lives.");
  return table(rows.length > 200 ? "200 of " + count(rows.length) + " partitions" : "Partitions", [
    ["instance", "name"],
    ["partition", "name"],
    ["monitor", "name"],
    ["position", "number"],
    ["lag", "number"],
    ["read up to"],
  ], rows.slice(0, 200));
}
const partitionCells = (one) => [
  one.topic + "[" + one.partition + "]",
  h("a", { href: hrefOf("monitor", one.monitor) }, one.monitor),
  count(one.position),
  isNumber(one.lag) ? count(one.lag) : "not known",
  [one.watermark ? when(one.watermark, "clock") : "nothing", one.idle ? ", idle" : ""],
];
