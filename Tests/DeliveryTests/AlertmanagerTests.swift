import Foundation
import LeewayCore
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct AlertmanagerTests {
  /// 2026-01-01T12:00:00Z
  private static let noon: Int64 = 1_767_268_800_000

  private func receiver(_ values: [String: String] = [:]) throws -> Receiver {
    try Receiver(
      name: "am", type: .alertmanager, values: ["url": "http://localhost:9093/prefix/"].merging(values) { $1 })
  }

  private func request(_ json: String, _ values: [String: String] = [:], now: Int64 = noon) throws -> HTTPRequest? {
    guard
      case .request(let request) = try receiver(values).format.render(
        Delivery(key: "k", notification: Array(json.utf8)), now: now)
    else { return nil }
    return request
  }

  /// Severity, start and end of each alert.
  private func alerts(_ json: String, now: Int64 = noon) throws -> [String] {
    let body = try #require(try request(json, now: now)?.body)
    let list = try #require(JSONSerialization.jsonObject(with: Data(body)) as? [Any])
    return list.map { element in
      let alert = FieldReading.of(element)
      let labels = alert.texts("labels") ?? [:]
      for name in labels.keys where name.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) == nil { alert.mistake(name) }
      if labels["alertname"] == nil || labels.values.contains("") { alert.mistake("labels \(labels)") }
      let annotations = alert.texts("annotations") ?? [:]
      if annotations["summary"] == nil { alert.mistake("no summary") }
      let (start, end) = (alert.time("startsAt") ?? "", alert.time("endsAt") ?? "")
      if end < start { alert.mistake("ends before it starts") }
      _ = alert.address("generatorURL", required: false)
      alert.finish()
      #expect(alert.problems == [])
      return "\(labels["severity"] ?? "") \(start) \(end)"
    }
  }

  @Test func goldenAlert() throws {
    let request = try #require(try request(Sample.opened, ["token": "t-secret"]))
    #expect(request.url == "http://localhost:9093/prefix/api/v2/alerts")
    #expect(request.headers.contains(HTTPHeader("Authorization", "Bearer t-secret")))
    #expect(request.headers.contains(HTTPHeader("Content-Type", "application/json")))
    let annotations =
      #""annotations":{"summary":"Incident opened: fraud (warning): traffic: rows in channel=web 1234567, "#
      + #"limit 2000000 (1234567 rows, window 1h) and 1 more","#
      + #""description":"What fired:\n- traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h)\n"#
      + #"- input-drift: psi of amount 0.3123, limit 0.3 (q 3e-12, 50321 rows, window 7d)\nWhat to do:\n"#
      + #"- Find out whether the change is real and lasts; retrain if it does.","#
      + #""window":"2025-12-25T00:00:00.000Z to 2026-01-01T00:00:00.000Z","#
      + #""compared_with":"training data, baseline sha256:abcd"},"startsAt":"2026-01-01T00:00:00.000Z","#
    let link = #","generatorURL":"https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2"}"#
    #expect(
      request.text
        == #"[{"labels":{"alertname":"LeewayIncident","monitor":"fraud","incident":"fraud-9f2c","cause":"drift","#
        + #""severity":"warning"},"# + annotations + #""endsAt":"2026-01-01T12:04:00.000Z""# + link
        + "]")
  }

  /// What an alert is known by stays the same, so an escalation ends the alert of the tier before.
  @Test func anIncidentIsOneAlert() throws {
    let opened = "2026-01-01T00:00:00.000Z"
    let (now, later) = ("2026-01-01T12:00:00.000Z", "2026-01-01T12:04:00.000Z")
    #expect(
      try alerts(Sample.opened(["event": "incident.escalated", "tier": "critical"]))
        == ["critical \(opened) \(later)", "info \(opened) \(now)", "warning \(opened) \(now)"])
    // What is new is at warning, and the incident is at critical as before.
    #expect(
      try alerts(Sample.opened(["event": "incident.spread", "tier": "warning", "highest": "critical"])).first
        == "critical \(opened) \(later)")
    #expect(
      try alerts(Sample.opened(["event": "incident.resolved"])) == ["warning \(opened) \(now)"])
    for event in ["incident.withdrawn", "incident.confirmed", "incident.verifying"] {
      #expect(try request(Sample.opened(["event": event])) == nil)
    }
  }

  /// Event time may be ahead of the clock; an alert must not end before it starts.
  @Test func anOpeningInTheFutureStartsNow() throws {
    let opened: Int64 = 1_767_225_600_000
    #expect(
      try alerts(Sample.opened(["event": "incident.resolved"]), now: opened - 1000).first
        == "warning 2025-12-31T23:59:59.000Z 2025-12-31T23:59:59.000Z")
  }

  @Test func whatIsOpenIsSentAgainAndWhatHasEndedForFiveMinutes() throws {
    func repetition(_ event: String, _ values: [String: String] = [:], after milliseconds: Int64 = 0) throws
      -> TimeSpan?
    {
      let delivery = Delivery(key: "k", notification: Array(try Sample.opened(["event": event]).utf8))
      return try receiver(values).format.repetition(of: delivery, first: Self.noon, now: Self.noon + milliseconds)
    }
    #expect(try repetition("incident.opened", after: 86_400_000) == .minutes(1))
    #expect(try repetition("incident.opened", ["resend_every": "10s"]) == .seconds(10))
    #expect(try repetition("incident.resolved", after: 299_999) == .minutes(1))
    #expect(try repetition("incident.resolved", after: 300_000) == nil)
    #expect(try repetition("incident.withdrawn") == nil)
    #expect(try repetition("delivery.failed") == nil)
    #expect(
      SlackFormat(url: "https://a/").repetition(of: Delivery(key: "k", notification: []), first: 0, now: 0) == nil)
  }

  @Test(arguments: ["n", "é", "\"", "\\", "\n", "\u{301}"])
  func alertsAreWellFormed(piece: String) throws {
    let flooded =
      try JSONSerialization.jsonObject(with: Data(Sample.flooded(with: piece).utf8)) as? [String: Any] ?? [:]
    let json = try JSONSerialization.data(withJSONObject: flooded.merging(["url": "https://a/b"]) { $1 })
    #expect(try alerts(String(decoding: json, as: UTF8.self)).count == 1)
    #expect(try #require(try request(String(decoding: json, as: UTF8.self))).body.count < 60_000)
  }

  @Test(
    arguments: [
      (["resend_every": "1"], "resend_every is no duration from 1s to 1h; give one, as 1m"),
      (["resend_every": "2h"], "resend_every is no duration from 1s to 1h; give one, as 1m"),
      (["token": "a b"], "token must be 1 to 4096 characters of ASCII without spaces"),
    ] as [([String: String], String)])
  func mistakesAreNamed(values: [String: String], message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) { try receiver(values) }
    #expect(mistake?.description == message)
  }
}
