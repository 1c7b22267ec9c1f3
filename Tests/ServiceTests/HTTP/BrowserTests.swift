import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// The pages in a real browser.
@Suite(.serialized, .enabled(if: Browser.isInstalled, "chromium is not installed: run deploy/setup.sh test"))
struct BrowserTests {
  /// A page, what it has when it is there, and how many of the hostile names are on it.
  struct Page: Sendable {
    var name: String
    var path: String
    var isThere: String
    var names = HostileNames.all
  }

  private static let slice = "channel=\(HostileNames.markup)"

  static let pages = [
    Page(name: "fleet", path: "", isThere: "document.querySelectorAll('.fleet tbody tr').length === 2", names: []),
    Page(
      name: "incidents", path: "incidents", isThere: "document.querySelectorAll('.incidents li').length === 4",
      names: []),
    Page(
      name: "incident", path: "incidents/fraud-5e5e5e",
      isThere: "document.querySelectorAll('#incident-evidence tbody tr').length === 5"),
    Page(
      name: "monitor", path: "monitors/fraud?window=1h&subject=country&metric=psi&slice=" + encoded(slice),
      isThere: "document.querySelectorAll('.charts svg').length === 3 && document.querySelector('.heatmap')"),
    Page(
      name: "compare", path: "compare/fraud?metric=auc&slice=" + encoded(slice),
      isThere:
        "document.querySelectorAll('#compare-slices tbody tr').length === 6 && document.querySelector('.charts svg')"),
    Page(
      name: "silences", path: "silences", isThere: "document.querySelectorAll('#silences tbody tr').length === 1",
      names: []),
    Page(
      name: "decisions", path: "decisions", isThere: "document.querySelectorAll('#retrains tbody tr').length === 2",
      names: [HostileNames.markup, HostileNames.long]),
    Page(name: "audit", path: "audit", isThere: "document.querySelectorAll('#audit tbody tr').length === 5"),
    Page(
      name: "service", path: "service",
      isThere: "document.querySelectorAll('#dead tbody tr').length === 5 && document.querySelector('#quarantine tr')"),
  ]

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  @Test(arguments: [(1280, false), (1280, true), (360, false), (360, true), (2560, false)])
  func hostileNamesAreTextAndNothingOverflows(_ width: Int, _ isDark: Bool) async throws {
    try await serving(try .withHostileNames()) { client in
      try await Browser.run(width: width, isDark: isDark) { browser in
        for page in Self.pages {
          try await browser.open("http://127.0.0.1:\(client.port)/\(page.path)")
          try await browser.wait(for: page.isThere)
          try await browser.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
          try await browser.screenshot("\(page.name)-\(width)\(isDark ? "-dark" : "")")

          // Every name is there as it was sent, and none of them became anything else.
          let text = try await browser.evaluate("document.body.textContent")
          for name in page.names { #expect(text.contains(HostileNames.shown(name)), "\(page.name): \(name)") }
          #expect(!text.contains("\u{202E}"), "\(page.name)")
          expectEqual(try await browser.foreignElements(), [], "\(page.name)")
          let title = try await browser.evaluate("document.title")
          #expect(title.hasPrefix("◆ 3 incidents are open – ") && title.hasSuffix("Leeway"), "\(title)")
          #expect(browser.faults == [], "\(page.name)")
          #expect(browser.requests.allSatisfy { $0.hasPrefix("http://127.0.0.1:\(client.port)/") })
          expectEqual(try await browser.overflows(), [], "\(page.name)")
          expectEqual(try await browser.cutLetters(), [], "\(page.name)")
          expectEqual(try await browser.nameless(), [], "\(page.name)")
          expectEqual(try await browser.evaluate("document.querySelectorAll('h1').length"), "1", "\(page.name)")
        }
      }
    }
  }

  @Test func theStyleSheetsHoldWhatTheBrowserUnderstandsAndThePolicyWhatItForbids() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/incidents/fraud-1a2b3c")
        expectEqual(try await browser.unknownStyles(), [])
        let forbidden = [
          "document.body.innerHTML = '<b>bold</b>'", "eval('1')", "new Function('1')",
          "document.body.append(document.createRange().createContextualFragment('<b>bold</b>'))",
        ]
        for code in forbidden {
          let outcome = try await browser.evaluate(
            "(() => { try { \(code); return 'done'; } catch (error) { return error.name; } })()")
          #expect(["TypeError", "EvalError"].contains(outcome), "\(code): \(outcome)")
        }
      }
    }
  }

  /// Messages of earlier versions link to `/#incident=ID`, and colleagues have sent `/#monitor=…`.
  @Test func linksOfEarlierVersionsLeadToWhatTheyMeant() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        let base = "http://127.0.0.1:\(client.port)"
        try await browser.open(base + "/#incident=fraud-1a2b3c")
        try await browser.wait(for: "document.querySelector('#incident-evidence td')")
        expectEqual(try await browser.evaluate("location.pathname + location.hash"), "/incidents/fraud-1a2b3c")
        #expect(try await browser.evaluate("document.querySelector('h1').textContent").contains("PSI of country"))
        try await browser.open(base + "/incidents")
        try await browser.open(base + "/#monitor=fraud&window=1h&slice=all&subject=amount&metric=auc")
        try await browser.wait(for: "document.querySelectorAll('.charts svg').length === 3")
        expectEqual(
          try await browser.evaluate("location.pathname + location.search"),
          "/monitors/fraud?window=1h&slice=all&subject=amount&metric=auc")
        // What there is not is said.
        try await browser.open(base + "/monitors/nope")
        try await browser.wait(for: "document.querySelector('h1').textContent === 'No such monitor'")
        let said = try await browser.evaluate("document.querySelector('#monitor-head .trouble').textContent")
        #expect(said.contains("fraud, prices"), "\(said)")
        try await browser.open(base + "/incidents/nope")
        try await browser.wait(for: "document.querySelector('h1').textContent === 'No such incident'")
        try await browser.open(base + "/monitors/fraud?subject=nope")
        try await browser.wait(for: "document.querySelector('#choices .trouble')")
        expectEqual(
          try await browser.evaluate("document.querySelector('#choices .trouble').textContent"),
          #"There is no subject "nope"; this is shown instead."#)
        #expect(browser.faults == [])
      }
    }
  }

  @Test func pagesAreGoneThroughByKeyboardAndTheAddressHoldsWhatIsShown() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        let base = "http://127.0.0.1:\(client.port)"
        try await browser.open(base + "/")
        try await browser.wait(for: "document.querySelectorAll('.fleet tbody tr').length === 2")
        // What needs a person is first, with a sentence and a way to it.
        let first = try await browser.evaluate("document.querySelector('.fleet tbody tr').textContent")
        #expect(first.contains("PSI of country is 0.347, above its limit of 0.3."), "\(first)")
        // With no pointer: past the skip link and the navigation.
        var names: [String] = []
        for _ in 0..<24 {
          try await browser.press("Tab")
          names.append(try await browser.evaluate("document.activeElement.textContent || document.activeElement.type"))
        }
        #expect(names.starts(with: ["Skip to the page", " Leeway", "Fleet"]), "\(names)")
        #expect(names.contains("fraud") || names.contains("fraud\u{200B}"), "\(names)")
        try await browser.evaluate("document.querySelector('[data-key=\"monitor fraud\"]').focus()")
        try await browser.press("Enter")
        try await browser.wait(for: "document.querySelector('.heatmap')")
        expectEqual(try await browser.evaluate("location.pathname"), "/monitors/fraud")
        // Links of the shell lead where they say from any depth, and back comes back.
        try await browser.evaluate("document.querySelector('nav [data-page=service]').click()")
        try await browser.wait(for: "document.querySelector('#quarantine td')")
        expectEqual(try await browser.evaluate("location.pathname"), "/service")
        expectEqual(
          try await browser.evaluate("document.querySelector('nav [aria-current]').textContent"), "Service")
        expectEqual(try await browser.evaluate("document.activeElement.textContent"), "Service")
        try await browser.evaluate("history.back()")
        try await browser.wait(for: "document.querySelector('.heatmap')")
        // A filter is in the address, and an address with one shows it.
        try await browser.open(base + "/?q=pric&show=unjudged")
        try await browser.wait(for: "document.querySelectorAll('.fleet tbody tr').length === 1")
        expectEqual(try await browser.evaluate("document.querySelector('[data-key=search]').value"), "pric")
        try await browser.evaluate("document.querySelector('[data-key=\"show \"]').click()")
        expectEqual(try await browser.evaluate("location.search"), "?q=pric")
        #expect(browser.faults == [])
      }
    }
  }

  @Test func aCellOfTheMapLeadsToItsSubjectAndWindow() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/monitors/fraud?window=1h&subject=score&metric=psi")
        let cursor = "document.querySelector('.heatmap .cursor')"
        try await browser.wait(for: cursor)
        try await browser.evaluate("\(cursor).focus()")
        let text = "\(cursor).getAttribute('aria-valuetext')"
        for (key, said) in [
          ("Home", "amount, window to 2025-03-01 08:05: no verdict"),
          ("End", "amount, window to 2025-03-01 12:00: warning"),
          ("ArrowDown", "country, window to 2025-03-01 12:00: critical"),
          ("ArrowDown", "auc, window to 2025-03-01 12:00: no verdict"),
          ("ArrowDown", "traffic, window to 2025-03-01 12:00: ok"),
          ("ArrowUp", "auc, window to 2025-03-01 12:00: no verdict"),
          ("ArrowUp", "country, window to 2025-03-01 12:00: critical"),
        ] {
          try await browser.press(key)
          expectEqual(try await browser.evaluate(text), said)
        }
        try await browser.press("Enter")
        try await browser.wait(for: "location.search.includes('subject=country')")
        expectEqual(
          try await browser.evaluate("new URLSearchParams(location.search).get('end')"), "2025-03-01T12:00:00.000Z")
        try await browser.wait(for: "document.querySelector('#charts').textContent.includes('Distribution of country')")
        #expect(browser.faults == [])
      }
    }
  }

  @Test func aChartIsReadByKeyboard() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        try await browser.open(
          "http://127.0.0.1:\(client.port)/monitors/fraud?window=1h&slice=all&subject=amount&metric=auc")
        let cursor = "document.querySelector('#charts .cursor')"
        try await browser.wait(for: cursor)
        try await browser.screenshot("charts-numeric", of: "#charts")
        expectEqual(try await browser.cutLetters(), [])
        expectEqual(try await browser.nameless(), [])
        let newest = try await browser.evaluate("\(cursor).getAttribute('aria-valuetext')")
        #expect(newest.hasPrefix("2025-03-01 12:00: 0.8") && newest.hasSuffix(", not final"), "\(newest)")

        try await browser.evaluate("\(cursor).focus()")
        for key in ["ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowLeft"] { try await browser.press(key) }
        let third = try await browser.evaluate("\(cursor).getAttribute('aria-valuetext')")
        #expect(third.hasPrefix("2025-03-01 11:50: 0.8"), "\(third)")
        expectEqual(try await browser.evaluate("document.querySelector('#charts .readout').textContent"), third)
        // Enter shows the reliability of that window; the charts are drawn anew, and the cursor is still where it was.
        try await browser.press("Enter")
        try await browser.wait(
          for: "document.querySelector('#charts').textContent.includes('window 1h to 2025-03-01 11:50')")
        expectEqual(try await browser.evaluate("document.activeElement.getAttribute('aria-valuetext')"), third)
        expectEqual(
          try await browser.evaluate("new URLSearchParams(location.search).get('end')"), "2025-03-01T11:50:00.000Z")
        try await browser.press("Home")
        let oldest = try await browser.evaluate("document.activeElement.getAttribute('aria-valuetext')")
        #expect(oldest.hasPrefix("2025-03-01 09:05: 0.8"), "\(oldest)")
        expectEqual(try await browser.evaluate("document.activeElement.getAttribute('aria-valuemax')"), "36")
        #expect(browser.faults == [])
      }
    }
  }

  @Test func anIncidentIsAcknowledgedAndResolvedWithTheTokenOfTheTab() async throws {
    let service = try MadeUpService.filled()
    try await serving(service, tokens: try PersonEndpointTests.tokens(), isOpen: false) { client in
      try await Browser.run(width: 360) { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/incidents/fraud-1a2b3c")
        try await Self.give("token-of-vic", browser)
        try await browser.wait(for: "document.querySelector('#incident-acts .lacks')")
        func press(_ word: String) async throws {
          try await browser.evaluate(
            "[...document.querySelectorAll('.acts button')].find((one) => one.textContent === \(Browser.quoted(word))).click()"
          )
          try await browser.wait(for: "document.querySelector('.act')")
        }
        func fill(_ name: String, _ value: String) async throws {
          try await browser.evaluate(
            """
            (() => { const one = document.querySelector('[data-key="act \(name)"]'); one.value = \(Browser.quoted(value));
              one.dispatchEvent(new Event('input')); })()
            """)
        }
        // A reader's token may not: the buttons are there, say which role they need, and ask for another token.
        expectEqual(
          try await browser.evaluate("document.querySelector('.lacks').textContent"),
          "Acknowledge, Assign, Comment, Silence, Resolve need an operator's token; this tab's is vic's, a viewer's. Use another token"
        )
        expectEqual(
          try await browser.evaluate("document.querySelectorAll('.acts > button:disabled').length"), "5")
        try await browser.screenshot("acts", of: "#incident-acts")
        expectEqual(try await browser.overflows(), [])
        expectEqual(try await browser.nameless(), [])
        try await press("Use another token")
        try await fill("token", "token-of-alice")
        try await browser.evaluate("document.querySelector('.act').requestSubmit()")
        try await browser.wait(for: "!document.querySelector('.acts > button:disabled')")
        expectEqual(try service.ledger.read { try $0.acts(incident: "fraud-1a2b3c", limit: 9) }, [])
        try await press("Acknowledge")
        try await fill("note", "looking at the feed")
        try await browser.evaluate("document.querySelector('.act').requestSubmit()")
        try await browser.wait(for: "document.querySelector('.acts [role=status]')")
        expectEqual(
          try await browser.evaluate("document.querySelector('.acts [role=status]').textContent"),
          "2025-03-01 12:12 alice acknowledged: looking at the feed, queued as number 1.")

        try await press("Resolve")
        try await fill("reason", "expected change")
        try await browser.evaluate("document.querySelector('.act').requestSubmit()")
        try await browser.wait(
          for: "document.querySelector('#incident-acts').textContent.includes('queued as number 2.')")
        expectEqual(
          try service.ledger.read { try $0.acts(incident: "fraud-1a2b3c", limit: 9) }.map { try $0.act() },
          [
            PersonAct(incident: "fraud-1a2b3c", by: "alice", .acknowledge(note: "looking at the feed")),
            PersonAct(incident: "fraud-1a2b3c", by: "alice", .resolve(.expectedChange, note: nil, decided: [:])),
          ])
        try await browser.wait(for: "document.querySelectorAll('.timeline').length === 2")
        expectEqual(
          try await browser.evaluate("document.querySelectorAll('.timeline')[1].textContent"),
          "2025-03-01 12:12 alice acknowledged: looking at the feed (queued)2025-03-01 12:12 alice resolved: expected change (queued)"
        )
        // No cookie: nothing that the browser would send for another site.
        expectEqual(try await browser.evaluate("document.cookie"), "")
        #expect(browser.requests.allSatisfy { $0.hasPrefix("http://127.0.0.1:\(client.port)/") })
      }
    }
  }

  @Test func aLetterIsSentAgainByThoseWhoMayAndACandidateIsNotDecidedByOthers() async throws {
    let service = try MadeUpService.withHostileNames()
    try await serving(service, tokens: try PersonEndpointTests.tokens(), isOpen: false) { client in
      try await Browser.run { browser in
        let base = "http://127.0.0.1:\(client.port)"
        try await browser.open(base + "/service")
        try await Self.give("token-of-alice", browser)
        try await browser.wait(for: "document.querySelectorAll('#dead tbody tr').length === 5")
        // The newest first: the last that was given up.
        try await browser.evaluate("document.querySelector('#dead td button').click()")
        try await browser.wait(for: "document.querySelector('#dead form')")
        try await browser.evaluate("document.querySelector('#dead form').requestSubmit()")
        try await browser.wait(for: "document.querySelector('#dead [role=status]')")
        expectEqual(
          try await browser.evaluate("document.querySelector('#dead [role=status]').textContent"),
          "The message to chat is owed again.")
        expectEqual(
          try service.ledger.read { try $0.delivery(key: "fraud-5e5e5e/4-opened/chat")?.state }, .owed)

        // An operator sees what waits and may not decide.
        try await browser.evaluate("document.querySelector('nav [data-page=decisions]').click()")
        try await browser.wait(for: "document.querySelector('#waiting .lacks')")
        expectEqual(
          try await browser.evaluate("document.querySelectorAll('#waiting .acts > button:disabled').length"), "2")
        #expect(browser.faults == [])
      }
    }
  }

  @Test func aTokenOpensThePage() async throws {
    let tokens = try AccessTokens(parsing: "reader:viewer:sha256:\(SHA256.hash(Array("s3cret".utf8)).hex)\n", file: "t")
    try await serving(try .filled(), tokens: tokens, isOpen: false) { client in
      try await Browser.run { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/")
        try await Self.give("s3cret", browser)
        try await browser.wait(for: "document.querySelectorAll('.fleet tbody tr').length === 2")
        expectEqual(try await browser.evaluate("document.querySelector('#token').hidden"), "true")
        #expect(browser.faults == [])
      }
    }
  }

  /// Gives the page a token to read with, as it asks for one.
  private static func give(_ token: String, _ browser: Browser) async throws {
    try await browser.wait(for: "!document.querySelector('#token').hidden")
    try await browser.evaluate(
      "(document.querySelector('#token-field').value = \(Browser.quoted(token)), document.querySelector('#token').requestSubmit())"
    )
  }
}
