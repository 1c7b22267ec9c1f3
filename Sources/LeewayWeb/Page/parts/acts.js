// Acting on an incident, with the token of this tab: asked once, after the consequence is said.

import { hasToken, keepToken, loadHolder, send, tokenHolder } from "./api.js";
import { h, table } from "./elements.js";
import { state } from "./state.js";
import { short, time } from "./words.js";

const ARTICLES = { operator: "an operator's", approver: "an approver's", trainer: "a trainer's", viewer: "a viewer's" };

const MUTES = "What fires now is muted until it has been ok once, is worse than it was, or 7 days have passed. " +
  "Everybody who heard of the incident hears that you have resolved it.";
const ACTS = {
  ack: {
    name: "Acknowledge",
    says: "Everybody who heard of the incident hears that you have it in hand. Its checks go on as before.",
    fields: ["note"],
  },
  assign: { name: "Assign", says: "The incident shows who shall see to it. Nobody is told.", fields: ["to", "note"] },
  comment: { name: "Comment", says: "The incident shows what you write. Nobody is told.", fields: ["note"] },
  silence: {
    name: "Silence",
    says:
      "For that long no one is sent messages about these checks and subjects of the monitor, whichever incident they " +
      "are in. Checks, incidents and retrains go on. Afterwards whoever should have heard gets one message with all of it.",
    fields: ["span", "why"],
  },
  accept: {
    name: "Accept as normal",
    says:
      "What has shifted is normal since that moment, or since it began: shift checks judge the next hour by that, and " +
      "learn it again once it is 28 days old. Everybody who heard of the incident hears that. It can be undone.",
    fields: ["since", "note"],
  },
  undo: {
    name: "Undo acceptance",
    says: "What was accepted here is normal no more, nor is what was accepted on top of it: if it still differs, it " +
      "opens an incident again.",
    fields: ["note"],
  },
  resolve: { name: "Resolve", says: MUTES, fields: ["reason", "note"] },
  approve: {
    name: "Approve",
    says: "The new model may go into production; where more than one person must approve, another has to as well. " +
      "Everybody who heard of the incident hears that you have approved.",
    fields: ["why"],
    role: "approver",
  },
  reject: {
    name: "Reject",
    says: "The new model does not go into production, and this incident asks for no other retrain. " +
      "Everybody who heard of the incident, and whoever is paged, hears that.",
    fields: ["why"],
    role: "approver",
  },
};
const OF_RETRAINS = ["approve", "reject"];
const roleOf = (word) => (ACTS[word] || {}).role || "operator";
const REASONS = ["false alarm", "expected change", "mended", "retrained"];
const LABELS = {
  to: "To whom",
  note: "Note",
  reason: "Reason",
  why: "Why",
  span: "For how long, such as 2h",
  since: "Since when in UTC, such as 2026-03-01T10:00:00Z; empty: since each shift began",
};

// What stands in the form of one incident at a time.
const empty = (incident, word) => ({
  incident,
  word,
  to: "",
  note: "",
  reason: "",
  why: "",
  span: "2h",
  since: "",
  retrain: "",
  token: "",
  asks: false,
  busy: false,
  said: "",
});

const OF_INCIDENTS = ["ack", "assign", "comment", "silence", "resolve"];
const hasShift = (incident) => (incident.evidence || []).some((item) => item.stream);
// Only the incident's own page knows what people did.
const isAccepted = (incident) => {
  const acts = (incident.acts || []).filter((act) =>
    act.state !== "void" && (act.act === "accept" || act.act === "undo_accept")
  );
  return acts.length > 0 && acts[acts.length - 1].act === "accept";
};

// What may be done: about a candidate, and about the incident.
function wordsFor(incident, only) {
  const waits = incident.retrain && incident.retrain.state === "candidate";
  const possible = [
    ...(waits ? OF_RETRAINS : []),
    ...(incident.state === "resolved" ? ["comment"] : OF_INCIDENTS),
    ...(incident.state !== "resolved" && hasShift(incident) ? ["accept"] : []),
    ...(isAccepted(incident) ? ["undo"] : []),
  ];
  return only ? possible.filter((word) => only.includes(word)) : possible;
}

/**
 * Buttons, and the form of the one that was pressed. again(): shows them once more; done(id): asks for what has changed;
 * only: which of them, where not all are meant.
 */
export function actsOn(incident, again, done, only = null) {
  const id = incident.incident;
  const acting = state.acting && state.acting.incident === id ? state.acting : null;
  const waits = incident.retrain && incident.retrain.state === "candidate";
  const possible = wordsFor(incident, only);
  const holder = tokenHolder();
  const lacks = (word) => Boolean(holder) && !holder.roles.includes(roleOf(word));
  const press = (word) => {
    state.acting = acting && acting.word === word ? null : empty(id, word);
    if (state.acting && waits) state.acting.retrain = incident.retrain.retrain;
    if (state.acting) {
      state.acting.matchers = { monitor: [incident.monitor], check: incident.checks, subject: incident.subjects };
    }
    again();
  };
  const taken = incident.people && incident.people.acknowledged_by;
  const lacking = possible.filter(lacks);
  return h(
    "div",
    { class: "acts" },
    possible.map((word, index) =>
      h("button", {
        type: "button",
        "data-key": "act " + id + " " + word,
        "aria-expanded": acting && acting.word === word ? "true" : "false",
        class: index === 0 && word !== "comment" ? "first" : null,
        disabled: lacks(word) || (word === "ack" && Boolean(taken)),
        title: lacks(word)
          ? "needs " + ARTICLES[roleOf(word)] + " token"
          : word === "ack" && taken
          ? taken + " has acknowledged it"
          : ACTS[word].says,
        onclick: () => press(word),
      }, ACTS[word].name)
    ),
    lacking.length > 0 && !(acting && acting.word === "token") && lackText(holder, lacking, () => press("token")),
    acting && acting.word && form(acting, again, done),
    acting && !acting.word && h("p", { role: "status" }, acting.said),
  );
}

// Which buttons the token may not press, and whose it is.
function lackText(holder, lacking, other) {
  const roles = [...new Set(lacking.map(roleOf))].map((role) => ARTICLES[role]).join(" and ");
  const names = lacking.map((word) => ACTS[word].name);
  return h(
    "p",
    { class: "lacks" },
    names.join(", ") + (names.length === 1 ? " needs " : " need ") + roles + " token; this tab's is " + holder.name +
      "'s, " + holder.roles.map((role) => ARTICLES[role]).join(" and ") + ". ",
    h("button", { type: "button", class: "link", "data-key": "act token other", onclick: other }, "Use another token"),
  );
}

const TOKEN = { name: "Use", says: "Another token, which this tab keeps until it is closed.", fields: [] };

function form(acting, again, done) {
  const act = ACTS[acting.word] || TOKEN;
  return h(
    "form",
    {
      class: "act",
      onsubmit: (event) => {
        event.preventDefault();
        submit(acting, again, done);
      },
    },
    h("p", null, act.says),
    act.fields.map((name) => field(acting, name)),
    (acting.asks || !hasToken() || acting.word === "token") && field(acting, "token"),
    h("button", { type: "submit", "data-key": "act submit", disabled: acting.busy }, act.name + " it"),
    h("button", {
      type: "button",
      onclick: () => {
        state.acting = null;
        again();
      },
    }, "Not now"),
    acting.said && h("p", { role: "alert", class: "refused" }, acting.said),
  );
}

function field(acting, name) {
  const keep = (event) => {
    acting[name] = event.target.value;
  };
  const shared = { "data-key": "act " + name, oninput: keep };
  const needed = name === "token" || name === "to" || name === "reason" || name === "span" ||
    (name === "note" && acting.word === "comment") ||
    (name === "why" && (acting.word === "reject" || acting.word === "silence"));
  let input;
  if (name === "reason") {
    input = h(
      "select",
      { ...shared, required: true },
      h("option", { value: "" }, "choose"),
      REASONS.map((reason) => h("option", { value: reason, selected: acting.reason === reason }, reason)),
    );
  } else if (name === "token") {
    input = h("input", { ...shared, type: "password", autocomplete: "off", required: true, value: acting.token });
  } else {
    input = h("input", { ...shared, type: "text", maxlength: 200, required: needed, value: acting[name] });
  }
  return h(
    "label",
    null,
    name !== "token"
      ? LABELS[name]
      : acting.word === "token"
      ? "Token"
      : "Token, " + ARTICLES[roleOf(acting.word)] + ", kept in this tab",
    " ",
    input,
  );
}

async function submit(acting, again, done) {
  if (acting.token) keepToken(acting.token.trim());
  acting.token = "";
  acting.busy = true;
  acting.said = "";
  again();
  try {
    await loadHolder();
  } catch (error) {
    acting.busy = false;
    acting.said = error.message;
    again();
    return;
  }
  if (acting.word === "token") {
    // Meanwhile another form may have been opened.
    if (state.acting === acting) state.acting = null;
    again();
    return;
  }
  const body = {};
  for (const name of ACTS[acting.word].fields) {
    if (acting[name]) body[{ why: "reason", span: "for" }[name] || name] = acting[name];
  }
  if (acting.word === "undo") body.undo = true;
  const silences = acting.word === "silence";
  if (silences) body.matchers = acting.matchers;
  const isOfRetrain = OF_RETRAINS.includes(acting.word);
  try {
    const path = silences
      ? "/api/v1/silences"
      : isOfRetrain
      ? "/api/v1/retrains/" + encodeURIComponent(acting.retrain) + "/" + acting.word
      : "/api/v1/incidents/" + encodeURIComponent(acting.incident) + "/" +
        (acting.word === "undo" ? "accept" : acting.word);
    const answer = await send(path, body);
    acting.said = silences
      ? "Silence " + answer.silence + " lasts until " + time(answer.ends) + "."
      : isOfRetrain
      ? "Retrain " + answer.retrain + " is " +
        (answer.state === "candidate" ? "still a candidate: more people must approve" : answer.state) + "."
      : sentence(answer) + ", " + answer.state + " as number " + answer.number + ".";
    acting.word = "";
    done(acting.incident);
  } catch (error) {
    acting.busy = false;
    // Reading goes on with the token that may not do this.
    acting.asks = error.status === 401 || error.status === 403;
    acting.said = error.message;
    again();
  }
}

const WORDS = {
  accept: "accepted as normal",
  acknowledge: "acknowledged",
  assign: "assigned",
  comment: "commented",
  resolve_by_hand: "resolved",
  undo_accept: "undid the acceptance",
};
const sentence = (act) =>
  time(act.at) + " " + act.by + " " + (WORDS[act.act] || act.act) + (act.to ? " to " + act.to : "") +
  (act.since ? " since " + time(act.since) : "") + (act.reason ? ": " + act.reason : "") +
  (act.note ? ": " + act.note : "");

/** What people did, in the order of asking. */
export function actsOf(detail) {
  if (!detail || !detail.acts || detail.acts.length === 0) return null;
  return [
    h("h2", null, "What people did"),
    h(
      "ol",
      { class: "timeline" },
      detail.acts.map((act) =>
        h(
          "li",
          null,
          sentence(act),
          act.state === "folded" ? "" : " (" + (act.because ? "no more: " + act.because : act.state) + ")",
        )
      ),
    ),
  ];
}

/** What is muted since it was resolved by hand. */
export function mutedOf(detail) {
  if (!detail || !detail.muted || detail.muted.length === 0) return null;
  return table(
    "Muted",
    [["check"], ["subject", "name"], ["slice", "name"], ["up to"], ["until"]],
    detail.muted.map((item) => [item.check, short(item.subject, 60), item.slice, item.tier, time(item.until)]),
  );
}
