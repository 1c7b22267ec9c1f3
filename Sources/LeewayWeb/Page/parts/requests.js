// The lines that the charts and tables of one choice are about.

import { ask, query } from "./api.js";
import { isOfLabels, subjectOf } from "./lines.js";

const OVER_TIME = 120;

// The newest lines: what ends within the last hundred or so steps of the window, or around a time that is looked at.
export async function seriesLines(choice, metric, detail, around = null) {
  const subject = subjectOf(detail, choice, metric);
  const known = (isOfLabels(metric) ? detail.performance : detail.drift).filter((line) =>
    line.window === choice.window
  );
  const here = known.filter((line) => line.slice === choice.slice && (isOfLabels(metric) || line.subject === subject));
  // A slice that has had no rows of late may have had some before.
  const newest = here.length > 0 ? here : known;
  if (newest.length === 0) return [];
  const ends = newest.map((line) => Date.parse(line.end));
  const definition = detail.definitions.find((one) => one.window === choice.window);
  const step = definition ? definition.every_ms : 3600000;
  const last = Math.max(...ends);
  const isPast = around && around.to < last - OVER_TIME * step / 2;
  const from = isPast || (around && around.from < last - OVER_TIME * step)
    ? Math.max(around.from - OVER_TIME / 4 * step, Math.min(around.to, last) - 900 * step)
    : last - OVER_TIME * step;
  const to = isPast ? new Date(around.to + OVER_TIME / 4 * step).toISOString() : "";
  const lines = (since) =>
    ask(
      "/api/v1/results" +
        query({
          monitor: choice.monitor,
          window: choice.window,
          type: metric.line,
          slice: choice.slice,
          subject,
          from: new Date(Math.max(since, 0)).toISOString(),
          to,
          limit: 1000,
        }),
      400,
    );
  let answer = await lines(from);
  // A link may name what there is not: the distribution beside it says what.
  if (!answer.results) return [];
  if (answer.results.length === 0 && here.length === 0) answer = await lines(0);
  return answer.results.map((line, index) => ({ ...line, revision: answer.revisions[index] }));
}

// What checks said of the metric in these windows, the newest first.
export async function verdictsOf(monitor, choice, metric, lines) {
  const answer = await ask(
    "/api/v1/results" +
      query({
        monitor: choice.monitor,
        window: choice.window,
        type: "verdict",
        slice: choice.slice,
        from: lines[0].end,
        to: new Date(Date.parse(lines[lines.length - 1].end) + 1).toISOString(),
        limit: 1000,
      }),
  );
  const subject = subjectOf(monitor, choice, metric);
  // A metric with a place has it in its name; a verdict has the plain metric.
  const checks = monitor.checks.filter((check) => check.name === choice.metric).map((check) => check.check);
  const mine = answer.results.filter((line) =>
    checks.includes(line.check) &&
    (isOfLabels(metric) || metric.family === "estimate" || metric.family === "traffic" || line.subject === subject)
  );
  return mine.reverse().slice(0, 20);
}
