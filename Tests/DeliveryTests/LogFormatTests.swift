import LeewayDelivery
import Testing

@Suite struct LogFormatTests {
  private func line(_ json: String) throws -> String {
    let rendered = try LogFormat().render(Delivery(key: "k", notification: Array(json.utf8)), now: 0)
    guard case .line(let line) = rendered else {
      Issue.record("a log takes a line")
      return ""
    }
    return line
  }

  @Test func goldenLine() throws {
    #expect(
      try line(Sample.opened)
        == [
          "event=incident.opened incident=fraud-9f2c monitor=fraud tier=warning reason=drift",
          "at=2026-01-01T00:00:00.000Z opened_at=2026-01-01T00:00:00.000Z",
          "window_start=2025-12-25T00:00:00.000Z window_end=2026-01-01T00:00:00.000Z baseline=sha256:abcd",
          #"fired="input-drift: psi of amount 0.3123, limit 0.3 (q 3e-12, 50321 rows, window 7d)""#,
          #"fired="traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h)""#,
          #"url="https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2""#,
        ].joined(separator: " "))
  }

  @Test func callbackTokenIsNotLogged() throws {
    let line = try line(Sample.retrain)
    #expect(line.contains("retrain=rt-7f3a deadline=2026-01-01T06:00:00.000Z"))
    #expect(!line.contains("secret"))
  }

  @Test func hostileNamesStayOnOneLineAndInTheirQuotes() throws {
    let line = try line(
      #"{"version":1,"event":"incident.opened","incident":"a\nevent=forged","monitor":"q\"\\ \u0000\u001b[31m\u2028\u202e","tier":"x=y"}"#
    )
    #expect(line == #"event=incident.opened incident="a event=forged" monitor="q\"\\   [31m  " tier="x=y""#)
  }

  @Test func longNamesAndListsAreCut() throws {
    let name = String(repeating: "n", count: 100_000)
    let item = #"{"check":"\#(name)","subject":"\#(name)","metric":"psi","value":1}"#
    let evidence = Array(repeating: item, count: 7).joined(separator: ",")
    let line = try line(
      #"{"version":1,"event":"e","incident":"i","monitor":"\#(name)","tier":"t","evidence":[\#(evidence)]}"#)
    #expect(line.contains("monitor=" + String(repeating: "n", count: 299) + "… tier=t"))
    #expect(line.hasSuffix(" more_fired=2"))
    #expect(line.count < 1_500)
  }

  @Test(arguments: [
    ("", "is not JSON"), ("[", "is not JSON"), (#"{"version":1}"#, "lacks event"),
    (#"{"version":2,"event":"e","incident":"i","monitor":"m","tier":"t"}"#, "has version 2, and this release reads 1"),
    (
      #"{"version":1,"event":"e","incident":"i","monitor":"m","tier":"t","evidence":[{"rows":"s-secret"}]}"#,
      "has the wrong type at evidence[0].rows"
    ),
    (#"{"version":1,"event":null,"incident":"i","monitor":"m","tier":"t"}"#, "has null at event"),
  ])
  func damagedNotificationIsNamed(json: String, problem: String) {
    let failure = #expect(throws: UnreadableNotification.self) { try line(json) }
    #expect(failure?.description == "the stored notification " + problem)
  }
}
