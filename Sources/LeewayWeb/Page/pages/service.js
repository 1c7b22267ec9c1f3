// Whether anything is lost, late or stuck.

import { here, hrefOf } from "../parts/address.js";
import { ask, hasToken, keepToken, loadHolder, query, send, tokenHolder } from "../parts/api.js";
import { byId, h, show, table, when } from "../parts/elements.js";
import { deliveryState } from "../parts/history.js";
import { instancesTable } from "../parts/instances.js";
import { state, update } from "../parts/state.js";
import { tier } from "../parts/tiers.js";
import { count, short } from "../parts/words.js";

const MOST = 100;
// What was asked for about a delivery: {id, said, isAsking, token}.
let resending = null;

export const service = {
  title: () => "Service",
  frame: () => {
    resending = null;
    return [
      h("h1", { tabindex: -1 }, "Service"),
      h("div", { id: "service-conditions" }),
      h("div", { id: "instances" }),
      h("div", { id: "dead" }),
      h("div", { id: "owed" }),
      h("div", { id: "quarantine" }),
    ];
  },
  render,
  refresh: renderConditions,
  load,
};

// One address a turn, since nothing here is in a hurry.
async function load(turns = 0) {
  const { stamp } = here;
  const asks = [
    async () => update("instances", await ask("/api/v1/instances")),
    async () => update("dead", (await ask("/api/v1/deliveries" + query({ limit: MOST }))).deliveries),
    async () => update("owed", (await ask("/api/v1/deliveries" + query({ state: "owed", limit: MOST }))).deliveries),
    async () => update("quarantine", (await ask("/api/v1/quarantine" + query({ limit: MOST }))).quarantine),
  ];
  const isFirst = !state.quarantine || !state.instances;
  const chosen = isFirst ? asks : [asks[turns % asks.length]];
  const changes = await Promise.all(chosen.map((one) => one()));
  if (stamp === here.stamp && changes.some((one) => one)) render();
}

function renderConditions() {
  const ready = state.ready;
  show(
    byId("service-conditions"),
    ready && h(
      "ul",
      { class: "conditions-list" },
      ready.conditions.map((one) =>
        h(
          "li",
          null,
          tier(one.holds ? "ok" : "critical", one.name.replaceAll("_", " ")),
          " ",
          h("span", { class: "quiet" }, one.detail || (one.holds ? "holds" : "does not hold")),
        )
      ),
    ),
  );
}

function render() {
  renderConditions();
  if (state.instances) {
    show(byId("instances"), h("h2", null, "Instances and partitions"), instancesTable(state.instances));
  }
  if (state.dead) show(byId("dead"), h("h2", null, "Messages that were given up"), deliveries(state.dead, true));
  if (state.owed) show(byId("owed"), h("h2", null, "Messages that are owed"), deliveries(state.owed, false));
  if (state.quarantine) show(byId("quarantine"), h("h2", null, "Set aside"), quarantined(state.quarantine));
}

function deliveries(list, isDead) {
  if (list.length === 0) {
    return h("p", { class: "empty" }, isDead ? "None: every receiver took what it was sent." : "None is owed.");
  }
  const columns = [
    ["receiver", "name"],
    ["message", "name"],
    ["incident", "name"],
    ["state"],
    ["attempts", "number"],
    ["created"],
    [isDead ? "first attempt" : "next attempt"],
    ["last error", "name"],
    isDead && ["again"],
  ];
  return [
    table(
      (isDead ? "Given up, " : "Owed, ") + (list.length === MOST ? "the newest " + MOST : "the newest first"),
      columns.filter((one) => one),
      list.map((item) =>
        [
          item.receiver,
          String(item.message || "").replace(/^\d+-/, "").replaceAll("_", " "),
          item.incident ? h("a", { href: hrefOf("incident", item.incident) }, item.incident) : "none",
          deliveryState(item.state),
          count(item.attempts),
          when(item.created_at, "clock"),
          when(isDead ? item.first_attempt_at : item.next_attempt_at, "clock"),
          item.last_error || "none",
          isDead && again(item),
        ].filter((one) => one !== false)
      ),
    ),
    isDead && resending && resendForm(),
  ];
}

function again(item) {
  const holder = tokenHolder();
  const lacks = holder && !holder.roles.includes("operator");
  return h("button", {
    type: "button",
    "data-key": "resend " + item.id,
    disabled: Boolean(lacks),
    title: lacks ? "needs an operator's token" : null,
    onclick: () => {
      resending = {
        id: item.id,
        receiver: item.receiver,
        message: item.message,
        said: "",
        isAsking: !hasToken(),
        token: "",
      };
      render();
      const submit = /** @type {HTMLElement} */ (byId("dead").querySelector("form button"));
      submit.focus();
    },
  }, lacks ? "needs an operator" : "Send again");
}

function resendForm() {
  const it = resending;
  if (it.isDone) return h("p", { role: "status" }, it.said);
  return h(
    "form",
    {
      class: "act",
      onsubmit: (event) => {
        event.preventDefault();
        resend(it);
      },
    },
    h(
      "p",
      null,
      it.receiver + " is sent " + it.message +
        " once more, under its old key: a receiver that did take it knows it again.",
    ),
    it.isAsking && h(
      "label",
      null,
      "Token, an operator's, kept in this tab ",
      h("input", {
        type: "password",
        autocomplete: "off",
        required: true,
        "data-key": "resend token",
        value: it.token,
        oninput: (event) => {
          it.token = event.target.value;
        },
      }),
    ),
    h("button", { type: "submit", "data-key": "resend submit" }, "Send it again"),
    h("button", {
      type: "button",
      onclick: () => {
        resending = null;
        render();
      },
    }, "Not now"),
    it.said && h("p", { role: "alert", class: "refused" }, it.said),
  );
}

async function resend(it) {
  if (it.token) keepToken(it.token.trim());
  it.token = "";
  try {
    await loadHolder();
    const answer = await send("/api/v1/deliveries/" + encodeURIComponent(it.id) + "/resend", {});
    it.said = "The message to " + answer.receiver + " is " + answer.state + " again.";
    it.isDone = true;
    update("dead", (await ask("/api/v1/deliveries" + query({ limit: MOST }))).deliveries);
  } catch (error) {
    it.isAsking = error.status === 401 || error.status === 403;
    it.said = error.message;
  }
  render();
}

function quarantined(list) {
  if (list.length === 0) return h("p", { class: "empty" }, "No message was set aside.");
  return table(
    list.length === MOST
      ? "The newest " + MOST + " messages that could not be counted"
      : "Messages that could not be counted, the newest first",
    [["monitor", "name"], ["partition", "name"], ["offset", "number"], ["code", "name"], ["why", "name"], [
      "sample",
      "sample",
    ]],
    list.map((one) => [
      h("a", { href: hrefOf("monitor", one.monitor) }, one.monitor),
      one.topic + "[" + one.partition + "]",
      String(one.offset),
      one.code.replaceAll("_", " "),
      one.reason,
      h("code", null, short(one.sample, 160)),
    ]),
  );
}
