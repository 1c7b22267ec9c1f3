import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayConfiguration
@testable import LeewayService

/// The page in a real browser.
@Suite(.serialized, .enabled(if: Browser.isInstalled, "chromium is not installed: run deploy/setup.sh test"))
struct BrowserTests {
  @Test(arguments: [(1280, false), (1280, true), (360, false)])
  func hostileNamesAreTextAndNothingOverflows(_ width: Int, _ isDark: Bool) async throws {
    let name = "\(width)\(isDark ? "-dark" : "")"
    try await serving(try .withHostileNames()) { client in
      try await Browser.run(width: width, isDark: isDark) { browser in
        let slice = "channel=\(HostileNames.markup)"
        try await browser.open("http://127.0.0.1:\(client.port)/")
        // As a link of a colleague's names it.
        try await browser.evaluate(
          """
          (location.hash = new URLSearchParams({ monitor: "fraud", window: "1h", slice: \(Browser.quoted(slice)),
            subject: "country", metric: "psi" }), location.reload())
          """)
        try await browser.wait(for: "document.querySelectorAll('.charts svg').length === 3")
        try await browser.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        try await browser.wait(for: "document.querySelectorAll('.timeline').length === 4")
        try await browser.screenshot("page-\(name)")
        try await browser.screenshot("charts-\(name)", of: "#charts")

        // Every name is there as it was sent, and none of them became anything else.
        let text = try await browser.evaluate("document.body.textContent")
        for name in HostileNames.all { #expect(text.contains(HostileNames.shown(name)), "\(name)") }
        #expect(!text.contains("\u{202E}"))
        expectEqual(try await browser.foreignElements(), [])
        expectEqual(try await browser.evaluate("document.title"), "◆ 3 incidents are open – Leeway")
        #expect(browser.faults == [])
        #expect(browser.requests.allSatisfy { $0.hasPrefix("http://127.0.0.1:\(client.port)/") })

        expectEqual(try await browser.overflows(), [])
        expectEqual(try await browser.cutLetters(), [])
      }
    }
  }

  @Test func theStyleSheetsHoldWhatTheBrowserUnderstandsAndThePolicyWhatItForbids() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/")
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

  @Test func aChartIsReadByKeyboard() async throws {
    try await serving(try .filled()) { client in
      try await Browser.run { browser in
        try await browser.open(
          "http://127.0.0.1:\(client.port)/#monitor=fraud&window=1h&slice=all&subject=amount&metric=auc")
        let cursor = "document.querySelector('.cursor')"
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
        expectEqual(try await browser.evaluate("document.querySelector('.readout').textContent"), third)
        // Enter shows the reliability of that window; the charts are drawn anew, and the cursor is still where it was.
        try await browser.press("Enter")
        try await browser.wait(
          for: "document.querySelector('#charts').textContent.includes('window 1h to 2025-03-01 11:50')")
        expectEqual(try await browser.evaluate("document.activeElement.getAttribute('aria-valuetext')"), third)
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
        try await browser.open("http://127.0.0.1:\(client.port)/")
        func give(_ token: String) async throws {
          try await browser.wait(for: "!document.querySelector('#token').hidden")
          try await browser.evaluate(
            "(document.querySelector('#token-field').value = \(Browser.quoted(token)), document.querySelector('#token').requestSubmit())"
          )
        }
        try await give("token-of-vic")
        // Who has it in hand is in its first line.
        try await browser.wait(
          for: "document.querySelector('#incidents').textContent.includes('acknowledged by alice')")
        let open = "[...document.querySelectorAll('.incident')].find((one) => one.textContent.includes('fraud-1a2b3c'))"
        try await browser.evaluate("(\(open).open = true)")
        try await browser.wait(for: "\(open).querySelectorAll('.timeline').length === 1")
        func press(_ word: String) async throws {
          try await browser.evaluate(
            "[...\(open).querySelectorAll('.acts > button')].find((one) => one.textContent === \(Browser.quoted(word))).click()"
          )
          try await browser.wait(for: "\(open).querySelector('.act')")
        }
        func fill(_ name: String, _ value: String) async throws {
          try await browser.evaluate(
            """
            (() => { const one = \(open).querySelector('[data-key="act \(name)"]'); one.value = \(Browser.quoted(value));
              one.dispatchEvent(new Event('input')); })()
            """)
        }
        // A reader's token may not: the page says so, and asks for another.
        try await press("Acknowledge")
        try await fill("note", "looking at the feed")
        try await browser.evaluate("\(open).querySelector('.act').requestSubmit()")
        try await browser.wait(for: "\(open).querySelector('.refused')")
        expectEqual(
          try await browser.evaluate("\(open).querySelector('.refused').textContent"),
          "The token is a viewer's, and this is for an operator. Send Authorization: Bearer TOKEN with a token of the operator role from http.tokens_file."
        )
        expectEqual(try service.ledger.read { try $0.acts(incident: "fraud-1a2b3c", limit: 9) }, [])
        try await browser.screenshot("acts", of: "#incidents")
        expectEqual(try await browser.overflows(), [])
        expectEqual(try await browser.nameless(), [])
        try await fill("token", "token-of-alice")
        try await browser.evaluate("\(open).querySelector('.act').requestSubmit()")
        try await browser.wait(for: "\(open).querySelector('.acts [role=status]')")
        expectEqual(
          try await browser.evaluate("\(open).querySelector('.acts [role=status]').textContent"),
          "2025-03-01 12:12 alice acknowledged: looking at the feed, queued as number 1.")

        try await press("Resolve")
        try await fill("reason", "expected change")
        try await browser.evaluate("\(open).querySelector('.act').requestSubmit()")
        try await browser.wait(for: "\(open).textContent.includes('queued as number 2.')")
        expectEqual(
          try service.ledger.read { try $0.acts(incident: "fraud-1a2b3c", limit: 9) }.map { try $0.act() },
          [
            PersonAct(incident: "fraud-1a2b3c", by: "alice", .acknowledge(note: "looking at the feed")),
            PersonAct(incident: "fraud-1a2b3c", by: "alice", .resolve(.expectedChange, note: nil, decided: [:])),
          ])
        try await browser.wait(for: "\(open).querySelectorAll('.timeline').length === 2")
        expectEqual(
          try await browser.evaluate("\(open).querySelectorAll('.timeline')[1].textContent"),
          "2025-03-01 12:12 alice acknowledged: looking at the feed (queued)2025-03-01 12:12 alice resolved: expected change (queued)"
        )
        // No cookie: nothing that the browser would send for another site.
        expectEqual(try await browser.evaluate("document.cookie"), "")
        #expect(browser.requests.allSatisfy { $0.hasPrefix("http://127.0.0.1:\(client.port)/") })
      }
    }
  }

  @Test func aTokenOpensThePage() async throws {
    let tokens = try AccessTokens(parsing: "reader:viewer:sha256:\(SHA256.hash(Array("s3cret".utf8)).hex)\n", file: "t")
    try await serving(try .filled(), tokens: tokens, isOpen: false) { client in
      try await Browser.run { browser in
        try await browser.open("http://127.0.0.1:\(client.port)/")
        try await browser.wait(for: "!document.querySelector('#token').hidden")
        try await browser.evaluate(
          "(document.querySelector('#token-field').value = 's3cret', document.querySelector('#token').requestSubmit())")
        try await browser.wait(for: "document.querySelectorAll('.card').length === 2")
        expectEqual(try await browser.evaluate("document.querySelector('#token').hidden"), "true")
        #expect(browser.faults == [])
      }
    }
  }
}
