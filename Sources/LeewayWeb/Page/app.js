// The shell of all pages: which of them is shown, and asking every two seconds, no faster than the service answers.

import { ask, keepToken, loadHolder } from "./parts/api.js";
import { followLinks, here, onAddress, readAddress } from "./parts/address.js";
import { byId, show } from "./parts/elements.js";
import { renderOverall, titlePage } from "./parts/overall.js";
import { state, update } from "./parts/state.js";
import { fail, recover } from "./parts/trouble.js";
import { now } from "./parts/words.js";
import { audit } from "./pages/audit.js";
import { compare } from "./pages/compare.js";
import { decisions } from "./pages/decisions.js";
import { fleet } from "./pages/fleet.js";
import { incident } from "./pages/incident.js";
import { incidents } from "./pages/incidents.js";
import { monitor } from "./pages/monitor.js";
import { service } from "./pages/service.js";
import { silences } from "./pages/silences.js";

// Each has title(), frame() (what stands still), render(), load(), and refresh() for what the shell has just learned.
const PAGES = { fleet, monitor, compare, incidents, incident, decisions, silences, audit, service };
// Pages that are reached from another one's place in the navigation.
const PLACES = { monitor: "fleet", compare: "fleet", incident: "incidents" };
const EVERY = 2000;
let turns = 0;

const page = () => PAGES[here.page];

async function shell() {
  const [ready, { monitors }, isOther] = await Promise.all([ask("/readyz", 503), ask("/api/v1/fleet"), loadHolder()]);
  recover();
  state.answered = now();
  const isNew = [update("ready", ready), update("fleet", monitors)].some((one) => one);
  byId("fresh").textContent = "as of " + new Date(now()).toISOString().slice(11, 19) + " UTC";
  renderOverall();
  // The ages in words move on even where nothing else does.
  if (isOther || turns % 15 === 14) page().render();
  else if (isNew) page().refresh();
}

async function load() {
  try {
    await page().load(turns);
  } catch (error) {
    fail(error);
  }
}

async function turn() {
  try {
    await shell();
    await load();
    turns += 1;
  } catch (error) {
    fail(error);
  }
  setTimeout(turn, EVERY);
}

// Before another page's address is shown: what the shell names relative to this one stays where it is.
for (const link of document.querySelectorAll("header a, footer a")) {
  link.setAttribute("href", new URL(link.getAttribute("href"), location.href).href);
}
byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("token-field"));
  keepToken(field.value.trim());
  field.value = "";
});

onAddress((isOther) => {
  for (const link of document.querySelectorAll("nav [data-page]")) {
    const name = link.getAttribute("data-page");
    if (name === (PLACES[here.page] || here.page)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (isOther) {
    show(byId("page"), page().frame());
    if (here.stamp > 1) {
      scrollTo(0, 0);
      const title = byId("page").querySelector("h1");
      if (title) title.focus({ preventScroll: true });
    }
  }
  titlePage(page().title());
  page().render();
  if (state.fleet) load();
});
followLinks();
readAddress();
turn();
