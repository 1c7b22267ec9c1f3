/// The one page. Its script fills it from the API.
enum IndexPage {
  static let html = #"""
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Leeway</title>
    <link rel="icon" href="icon.svg">
    <link rel="stylesheet" href="style.css">
    <script src="app.js" defer></script>
    </head>
    <body>
    <a class="skip" href="#incidents">Skip to incidents</a>
    <header>
      <h1><img src="icon.svg" alt="" width="28" height="28"> Leeway</h1>
      <p id="overall" class="overall" role="status" aria-live="polite">Loading…</p>
      <p id="fresh" class="quiet"></p>
    </header>
    <p id="trouble" class="trouble" role="alert" hidden></p>
    <form id="token" class="token" hidden>
      <label for="token-field">This service asks for a token to read.</label>
      <input id="token-field" type="password" autocomplete="off" required>
      <button type="submit">Use it in this tab</button>
    </form>
    <main>
      <section aria-labelledby="readiness-title" id="readiness" hidden>
        <h2 id="readiness-title">Not ready</h2>
        <ul id="conditions" class="conditions"></ul>
      </section>
      <section aria-labelledby="incidents-title">
        <h2 id="incidents-title">Incidents</h2>
        <div id="incidents" tabindex="-1"></div>
      </section>
      <section aria-labelledby="monitors-title">
        <h2 id="monitors-title">Monitors</h2>
        <div id="monitors" class="cards"></div>
      </section>
      <section aria-labelledby="instances-title" id="instances-section" hidden>
        <h2 id="instances-title">Instances</h2>
        <div id="instances"></div>
      </section>
      <section aria-labelledby="explore-title" id="explore" hidden>
        <h2 id="explore-title">Windows</h2>
        <div id="choices" class="choices"></div>
        <div id="charts" class="charts"></div>
        <div id="tables"></div>
      </section>
    </main>
    <footer class="quiet">
      <a href="metrics">metrics</a> <a href="readyz">readiness</a>
      <a href="api/v1/openapi.json">API</a> <span>All times are UTC.</span>
    </footer>
    <noscript><p class="trouble">The page needs JavaScript; the same is at /api/v1/monitors and
    /api/v1/incidents.</p></noscript>
    </body>
    </html>

    """#

  /// A ship's track, straight as steered and as it went.
  static let icon = #"""
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
    <rect width="32" height="32" rx="7" fill="#17607a"/>
    <path d="M9 27V5" stroke="#9fd3e4" stroke-width="3" stroke-dasharray="4 3" fill="none"/>
    <path d="M9 27C9 17 12 11 23 6" stroke="#fff" stroke-width="3.5" stroke-linecap="round" fill="none"/>
    </svg>

    """#
}
