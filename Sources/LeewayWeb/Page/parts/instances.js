// Who reads what. A single instance is shown too: its lag is what one looks for.

import { byId, show, table } from "./elements.js";
import { state } from "./state.js";
import { clock, count } from "./words.js";

export function renderInstances() {
  const { instances, unowned } = state.instances;
  const rows = [];
  for (const one of instances) {
    const place = one.host + " (" + one.process + ")" + (one.answering ? ", this one" : "");
    for (const partition of one.partitions) rows.push([place, ...partitionCells(partition)]);
    if (one.partitions.length === 0) rows.push([place, "none", "–", "–", "–", "–"]);
  }
  for (const partition of unowned) rows.push(["no instance", ...partitionCells(partition)]);
  byId("instances-section").hidden = rows.length === 0;
  show(
    byId("instances"),
    table(rows.length > 200 ? "200 of " + count(rows.length) + " partitions" : "Partitions", [
      ["instance", "name"],
      ["partition", "name"],
      ["monitor", "name"],
      ["position", "number"],
      ["lag", "number"],
      ["read up to"],
    ], rows.slice(0, 200)),
  );
}
const partitionCells = (
  one,
) => [
  one.topic + "[" + one.partition + "]",
  one.monitor,
  count(one.position),
  count(one.lag),
  (one.watermark ? clock(one.watermark) : "–") + (one.idle ? ", idle" : ""),
];
