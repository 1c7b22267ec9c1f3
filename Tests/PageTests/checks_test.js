// What the header of the page says of checks. `make lint` runs it, in deno.

import { quietText, waiting } from "../../Sources/LeewayWeb/Page/parts/checks.js";

function expectEqual(found, expected) {
  if (found !== expected) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
}

const judged = { stage: "final", tier: "ok", judged_to: "2026-04-11T00:00:00Z", verdicts: 1, unjudged: 0 };
const auc = {
  check: "auc",
  name: "auc",
  on: "performance",
  window: "7d",
  tier: "ok",
  judged_to: judged.judged_to,
  stages: [judged],
  limits: [
    { tier: "warning", side: "below", value: 0.75, threshold: 0.75 },
    { tier: "critical", side: "below", value: 0.65, threshold: 0.65 },
  ],
};
const monitor = (end, value, check = auc) => ({
  monitor: "m",
  checks: [check],
  windows: [{ window: "7d", end, rows: 900, performance: { end, coverage: 0.91, metrics: { auc: value } } }],
});

Deno.test("newer labels that are beyond a limit keep the page from saying that all is quiet", () => {
  const m = monitor("2026-04-15T00:00:00Z", 0.612);
  expectEqual(waiting(auc, m).beyond, "critical");
  expectEqual(
    quietText([m]).join(": "),
    "No alarm yet, but newer values of auc are beyond a limit; they are judged when their labels are due: insufficient_data",
  );
});

Deno.test("newer windows without values are said to wait", () => {
  const m = monitor("2026-04-15T00:00:00Z", null);
  expectEqual(waiting(auc, m).beyond, null);
  const [text, tier] = quietText([m]);
  expectEqual(text.startsWith("All quiet, performance as far as labels are due ("), true);
  expectEqual(tier, "ok");
});

Deno.test("a change is one from where the API says that it begins", () => {
  const limits = [{ tier: "warning", side: "max_drop", share: 0.05, threshold: 0.631 }];
  const drop = { ...auc, limits };
  expectEqual(waiting(drop, monitor("2026-04-15T00:00:00Z", 0.505, drop)).beyond, "warning");
  expectEqual(waiting(drop, monitor("2026-04-15T00:00:00Z", 0.7, drop)).beyond, null);
  const rise = { ...auc, limits: [{ tier: "info", side: "max_rise", value: 0.1, threshold: 0.8 }] };
  expectEqual(waiting(rise, monitor("2026-04-15T00:00:00Z", 0.9, rise)).beyond, "info");
});

Deno.test("a change from what is not known here is not guessed", () => {
  const drop = { ...auc, limits: [{ tier: "warning", side: "max_drop", value: 0.05, threshold: null }] };
  expectEqual(waiting(drop, monitor("2026-04-15T00:00:00Z", 0.1, drop)).beyond, null);
});

Deno.test("nothing waits where the newest window was judged", () => {
  expectEqual(quietText([monitor(judged.judged_to, 0.612)]).join(": "), "All quiet: ok");
});
