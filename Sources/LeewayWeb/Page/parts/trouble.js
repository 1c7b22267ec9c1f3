// Saying that the service does not answer.

import { dropToken } from "./api.js";
import { byId, show } from "./elements.js";
import { renderOverall } from "./overall.js";
import { state } from "./state.js";

export function fail(error) {
  const trouble = byId("trouble");
  byId("token").hidden = error.status !== 401;
  document.body.classList.toggle("stale", error.status !== 401);
  if (error.status === 401) {
    show(byId("overall"), "A token is needed");
    dropToken();
    state.failure = null;
    trouble.hidden = true;
    return;
  }
  if (!error.status && error.name !== "TypeError" && error.name !== "TimeoutError") console.error(error);
  state.failure = error.status ? "No answer" : "Cannot be reached";
  trouble.hidden = false;
  trouble.textContent = error.status
    ? "The service refused: " + error.message
    : "The service cannot be reached. What is shown is as of " +
      (state.answered ? new Date(state.answered).toISOString().slice(11, 19) : "never") + " UTC; asking again…";
  renderOverall();
}

export function recover() {
  state.failure = null;
  byId("trouble").hidden = true;
  byId("token").hidden = true;
  document.body.classList.remove("stale");
}
