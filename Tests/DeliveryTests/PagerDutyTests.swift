import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct PagerDutyTests {
  private func receiver(_ url: String, key: String = "0123456789abcdef0123456789abcdef") throws -> Receiver {
    try Receiver(name: "pager", type: .pagerduty, values: ["url": url, "routing_key": key])
  }

  private func body(_ json: String) throws -> String? {
    let receiver = try Receiver(name: "pager", type: .pagerduty, values: ["routing_key": "R0"])
    switch try receiver.format.render(Delivery(key: "k", notification: Array(json.utf8)), now: 0) {
    case .request(let request):
      #expect(request.url == "https://events.pagerduty.com/v2/enqueue")
      return String(decoding: request.body, as: UTF8.self)
    default: return nil
    }
  }

  @Test func goldenTrigger() throws {
    #expect(
      try body(Sample.opened)
        == #"{"routing_key":"R0","event_action":"trigger","dedup_key":"fraud-9f2c","client":"Leeway","#
        + #""client_url":"https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2","#
        + #""payload":{"summary":"Incident opened: fraud (warning): traffic: rows in channel=web 1234567, "#
        + #"limit 2000000 (1234567 rows, window 1h) and 1 more","source":"fraud","severity":"warning","#
        + #""timestamp":"2026-01-01T00:00:00.000Z","component":"traffic","group":"fraud","class":"drift","#
        + #""custom_details":{"Monitor":"fraud","Tier":"warning","Cause":"drift","#
        + #""Window":"2025-12-25T00:00:00.000Z to 2026-01-01T00:00:00.000Z","#
        + #""Compared with":"training data, baseline sha256:abcd","Since":"2026-01-01T00:00:00.000Z","#
        + #""Incident":"fraud-9f2c","#
        + #""What fired":["traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h)","#
        + #""input-drift: psi of amount 0.3123, limit 0.3 (q 3e-12, 50321 rows, window 7d)"],"#
        + #""What to do":["Find out whether the change is real and lasts; retrain if it does."]}},"#
        + #""links":[{"href":"https://leeway.example.com/incidents/fraud-9f2c?a=1&b=2","text":"Open the incident"}]}"#)
  }

  @Test func goldenResolve() throws {
    #expect(
      try body(Sample.opened(["event": "incident.resolved"]))
        == #"{"routing_key":"R0","event_action":"resolve","dedup_key":"fraud-9f2c"}"#)
  }

  /// An alert that has ended would be opened again by these.
  @Test(arguments: ["incident.confirmed", "incident.withdrawn", "incident.verifying"])
  func whatCanComeAfterTheEndIsNotSent(event: String) throws {
    #expect(try body(Sample.opened(["event": event])) == nil)
  }

  @Test(arguments: [("critical", "critical"), ("warning", "warning"), ("info", "info"), ("worst", "error")])
  func severityIsTheTier(tier: String, severity: String) throws {
    #expect(try body(Sample.opened(["tier": tier]))?.contains(#""severity":"\#(severity)""#) == true)
  }

  /// The life of an incident, and beside it a message that a chat did not take.
  @Test func oneAlertForEachIncident() throws {
    let pager = try PagerDutyStandIn(routingKey: "0123456789abcdef0123456789abcdef")
    let receiver = try receiver(pager.url)
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    func send(_ json: String) throws {
      guard
        case .request(let request) = try receiver.format.render(
          Delivery(key: "k", notification: Array(json.utf8)), now: 0)
      else { return }
      #expect(try sender.send(request).get().status == 202)
    }
    for event in [
      "opened", "escalated", "spread", "reminder", "acknowledged", "retrain_held", "failed", "flapping", "resolved",
      "withdrawn",
    ] {
      try send(Sample.opened(["event": "incident.\(event)"]))
    }
    #expect(pager.alerts == ["fraud-9f2c": [.triggered, .acknowledged, .resolved]])
    try send(
      #"{"version":1,"event":"delivery.failed","incident":"fraud-9f2c","monitor":"fraud","tier":"critical","receiver":"chat","message":"incident.opened","because":"the receiver answered 410","at":"2026-01-01T00:00:00.000Z"}"#
    )
    try send(Sample.opened(["event": "incident.reopened"]))
    #expect(
      pager.alerts == [
        "fraud-9f2c": [.triggered, .acknowledged, .resolved, .triggered], "fraud-9f2c/delivery/chat": [.triggered],
      ])
    #expect(pager.problems == [])
  }

  @Test(arguments: ["n", "&", "é", "👩‍👩‍👧‍👧", "\"", "\\", "\u{301}", "\n"])
  func eventsKeepToPagerDutysLimits(piece: String) throws {
    let pager = try PagerDutyStandIn(routingKey: "R0")
    let receiver = try receiver(pager.url, key: "R0")
    // The times are made of pieces too, which PagerDuty would refuse; ours come from our own ledger.
    let json = try JSONSerialization.jsonObject(with: Data(Sample.flooded(with: piece).utf8)) as? [String: Any] ?? [:]
    var object = json
    object["at"] = "2026-01-01T00:00:00.000Z"
    object["url"] = "https://a/b"
    let text = try JSONSerialization.data(withJSONObject: object)
    guard
      case .request(let request) = try receiver.format.render(
        Delivery(key: "k", notification: Array(text)), now: 0)
    else {
      Issue.record("an opened incident is sent")
      return
    }
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    #expect(try sender.send(request).get().status == 202)
    #expect(pager.problems == [])
    #expect(request.body.count < 20_000)
  }

  @Test func aRefusalIsFinalAndShowsNoKey() throws {
    let key = "0123456789abcdef0123456789abcdef"
    let server = try LoopbackReceiver(otherwise: .answer(status: 400, body: "no key \(key)"))
    let receiver = try receiver(server.url("/v2/enqueue"))
    guard
      case .request(let request) = try receiver.format.render(
        Delivery(key: "k", notification: Array(Sample.opened.utf8)), now: 0)
    else { return }
    let sender = try HTTPRequestSender(version: "1", abort: AbortFlag())
    let decision = RetrySchedule().decide(attempt: 1, result: sender.send(request), spent: 0, now: 0, random: 0)
    guard case .deadLetter(let reason) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect(receiver.redacted(reason) == "the receiver answered 400 (no key ***)")
    #expect(receiver.description == "pager (pagerduty, http://127.0.0.1:\(server.port))")
  }

  @Test(
    arguments: [
      ([:], "routing_key is missing; add routing_key: \"${NAME}\""),
      (["routing_key": "two words"], "routing_key must be 1 to 100 characters of ASCII without spaces"),
      (
        ["routing_key": "k", "url": "events.pagerduty.com"],
        "url must be http:// or https:// with a host, without spaces"
      ),
    ] as [([String: String], String)])
  func mistakesAreNamed(values: [String: String], message: String) {
    let mistake = #expect(throws: Receiver.Invalid.self) {
      try Receiver(name: "r", type: .pagerduty, values: values)
    }
    #expect(mistake?.description == message)
  }
}
