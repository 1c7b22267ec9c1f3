// What is silenced, by whom, until when; and ending it.

import { here, setQuery } from "../parts/address.js";
import { ask, hasToken, keepToken, query, send } from "../parts/api.js";
import { byId, h, show, showFor, table, when } from "../parts/elements.js";
import { state, update } from "../parts/state.js";
import { short } from "../parts/words.js";

const MOST = 200;
const STATES = [["", "active and to come"], ["active", "active"], ["pending", "to come"], ["expired", "expired"]];

export const silences = {
  title: () => "Silences",
  frame: () => [
    h("h1", { tabindex: -1 }, "Silences"),
    h(
      "p",
      { class: "lead" },
      "A silence holds messages back. Checks, incidents and retrains go on; when it ends, whoever should have heard gets one " +
        "message with all of it. An incident's page has the button that adds one.",
    ),
    h("div", { id: "silence-choices", class: "choices" }),
    h("div", { id: "silences" }),
  ],
  render,
  refresh: () => {},
  load,
};

async function load() {
  const { stamp, query: { state: wanted } } = here;
  const states = wanted ? [wanted] : ["active", "pending"];
  const answers = await Promise.all(
    states.map((word) => ask("/api/v1/silences" + query({ state: word, limit: MOST }), 400)),
  );
  const failed = answers.find((answer) => !answer.silences);
  const found = failed || { silences: answers.flatMap((answer) => answer.silences) };
  if (stamp === here.stamp && wanted === here.query.state && update("silences", found)) render();
}

function render() {
  showFor(byId("silence-choices"), JSON.stringify(here.query), () =>
    h(
      "label",
      null,
      "Which",
      h(
        "select",
        { "data-key": "state", onchange: (event) => setQuery({ state: event.target.value }) },
        STATES.map(([word, words]) => h("option", { value: word, selected: (here.query.state || "") === word }, words)),
      ),
    ));
  const answer = state.silences;
  if (!answer) {
    show(byId("silences"), h("p", { class: "empty" }, "Loading…"));
    return;
  }
  if (!answer.silences) {
    show(byId("silences"), h("p", { class: "trouble" }, answer.detail + " " + (answer.fix || "")));
    return;
  }
  show(
    byId("silences"),
    answer.silences.length === 0 ? h("p", { class: "empty" }, "Nothing is silenced.") : table(
      "Messages held back",
      [["silence", "number"], ["state"], ["about", "name"], ["from"], ["until"], ["by", "name"], ["reason", "name"], [
        "",
      ]],
      answer.silences.map((silence) => [
        String(silence.silence),
        silence.state,
        about(silence.matchers),
        when(silence.starts),
        when(silence.ends),
        silence.author,
        short(silence.reason, 80),
        silence.state === "expired" ? "" : h("button", {
          type: "button",
          "data-key": "expire " + silence.silence,
          onclick: () => {
            state.expiring = { silence: silence.silence, token: "", asks: false, busy: false, said: "" };
            render();
          },
        }, "Expire"),
      ]),
    ),
    state.expiring && form(state.expiring),
  );
}

const about = (matchers) =>
  Object.entries(matchers).map(([field, names]) =>
    field + " " + names.slice(0, 3).map((name) => short(name, 40)).join(" or ") +
    (names.length > 3 ? " or " + (names.length - 3) + " more" : "")
  ).join(", ");

function form(expiring) {
  return h(
    "form",
    {
      class: "act",
      onsubmit: (event) => {
        event.preventDefault();
        expire(expiring);
      },
    },
    h("p", null, "What silence " + expiring.silence + " holds back and is still open is told at once."),
    (expiring.asks || !hasToken()) && h(
      "label",
      null,
      "An operator's token, kept in this tab ",
      h("input", {
        type: "password",
        autocomplete: "off",
        required: true,
        value: expiring.token,
        "data-key": "expire token",
        oninput: (event) => {
          expiring.token = event.target.value;
        },
      }),
    ),
    h("button", { type: "submit", "data-key": "expire submit", disabled: expiring.busy }, "Expire it"),
    h("button", {
      type: "button",
      "data-key": "expire not",
      onclick: () => {
        state.expiring = null;
        render();
      },
    }, "Not now"),
    expiring.said && h("p", { role: "alert", class: "refused" }, expiring.said),
  );
}

async function expire(expiring) {
  if (expiring.token) keepToken(expiring.token.trim());
  expiring.token = "";
  expiring.busy = true;
  render();
  try {
    await send("/api/v1/silences/" + encodeURIComponent(expiring.silence) + "/expire", {});
    state.expiring = null;
    await load();
    render();
  } catch (error) {
    expiring.busy = false;
    expiring.asks = error.status === 401 || error.status === 403;
    expiring.said = error.message;
    render();
  }
}
