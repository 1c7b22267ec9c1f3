extension Script {
  /// Asking the API, and saying so when it does not answer.
  static let source = #"""
    const state = {
      ready: null, monitors: null, incidents: null, instances: null, details: new Map(), opened: new Set(), monitor: null, detail: null,
      series: null, histogram: null, failure: null, answered: null, unknown: [],
      choice: { monitor: "", window: "", slice: "all", subject: "", metric: "" }, filter: { slice: "", subject: "" },
    };

    class Refusal extends Error {
      constructor(status, text) { super(text); this.status = status; }
    }

    // A refusal in one line.
    const said = (problem) => problem.detail + (problem.fix ? " " + problem.fix : "");

    // The browser sends If-None-Match by itself and gives its own copy for a 304.
    async function ask(path, ...alsoFine) {
      const headers = { Accept: "application/json" };
      const token = sessionStorage.getItem("leeway-token");
      if (token) headers.Authorization = "Bearer " + token;
      const response = await fetch("." + path, { headers, cache: "no-cache", signal: AbortSignal.timeout(10000) });
      const date = Date.parse(response.headers.get("Date") || "");
      if (!Number.isNaN(date) && Math.abs(date - Date.now()) > 2000) clockOffset = date - Date.now();
      let body = null;
      try { body = await response.json(); } catch { /* said below */ }
      if (!response.ok && !alsoFine.includes(response.status)) {
        throw new Refusal(response.status, body && body.detail ? said(body) : "HTTP " + response.status + ".");
      }
      if (body === null) throw new Refusal(response.status, "The answer is not JSON.");
      return body;
    }

    const query = (members) => "?" + Object.entries(members).filter(([, value]) => value !== "" && value != null)
      .map(([name, value]) => name + "=" + encodeURIComponent(value)).join("&");
    const monitorPath = (name) => "/api/v1/monitors/" + encodeURIComponent(name);

    // What is being looked at is in the address, so that a link shows the same to a colleague.
    function readAddress() {
      for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
        if (name in state.choice) state.choice[name] = value;
        if (name === "incident") state.opened.add(value);
      }
    }
    function writeAddress() {
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries(state.choice)) if (value) parameters.set(name, value);
      history.replaceState(null, "", "#" + parameters);
    }

    """#
}
