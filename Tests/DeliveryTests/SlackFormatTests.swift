import Foundation
import LeewayDelivery
import LeewayTestSupport
import Testing

@Suite struct SlackFormatTests {
  private func request(_ json: String) throws -> HTTPRequest {
    let format = SlackFormat(url: "https://hooks.slack.com/services/x")
    let rendered = try format.render(Delivery(key: "k", notification: Array(json.utf8)), now: 0)
    guard case .request(let request) = rendered else {
      Issue.record("Slack is sent to by request")
      return HTTPRequest(url: "", headers: [], body: [])
    }
    return request
  }

  private func text(_ json: String) throws -> String { String(decoding: try request(json).body, as: UTF8.self) }

  /// The message as another JSON parser reads it.
  private func message(_ json: String) throws -> (text: String, blocks: [[String: Any]]) {
    let object = try JSONSerialization.jsonObject(with: Data(try request(json).body)) as? [String: Any]
    return (try #require(object?["text"] as? String), try #require(object?["blocks"] as? [[String: Any]]))
  }

  @Test func goldenIncident() throws {
    let request = try request(Sample.opened)
    #expect(request.url == "https://hooks.slack.com/services/x")
    #expect(
      request.headers == [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Idempotency-Key", "k")])
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"{"blocks":[{"text":{"text":"Incident opened: fraud","type":"plain_text"},"type":"header"},"#
        + #"{"fields":[{"text":"*Monitor*\nfraud","type":"mrkdwn"},{"text":"*Tier*\nwarning","type":"mrkdwn"},"#
        + #"{"text":"*Cause*\ndrift","type":"mrkdwn"},"#
        + #"{"text":"*Window*\n2025-12-25T00:00:00.000Z to 2026-01-01T00:00:00.000Z","type":"mrkdwn"},"#
        + #"{"text":"*Compared with*\ntraining data, baseline sha256:abcd","type":"mrkdwn"},"#
        + #"{"text":"*Since*\n2026-01-01T00:00:00.000Z","type":"mrkdwn"}],"type":"section"},"#
        + #"{"text":{"text":"*What fired*"#
        + #"\n• traffic: rows in channel=web 1234567, limit 2000000 (1234567 rows, window 1h)"#
        + #"\n• input-drift: psi of amount 0.3123, limit 0.3 (q 3e-12, 50321 rows, window 7d)","#
        + #""type":"mrkdwn"},"type":"section"},"#
        + #"{"text":{"text":"*What to do*\n• Find out whether the change is real and lasts; retrain if it does.","#
        + #""type":"mrkdwn"},"type":"section"},"#
        + #"{"text":{"text":"<https://leeway.example.com/incidents/fraud-9f2c?a=1&amp;b=2|Open the incident>","#
        + #""type":"mrkdwn"},"type":"section"},"#
        + #"{"elements":[{"text":"fraud-9f2c","type":"mrkdwn"}],"type":"context"}],"#
        + #""text":"Incident opened: fraud (warning, fraud-9f2c)"}"#)
  }

  @Test func theWorstSliceIsNamed() throws {
    let text = try text(
      #"{"version":1,"event":"incident.opened","incident":"i","monitor":"m","tier":"warning","evidence":[{"check":"auc","#
        + #""subject":"performance","slice":"all","metric":"auc","value":0.71,"threshold":0.75,"rows":900,"window":"7d","#
        + #""worst_slice":"country=FR","worst_value":0.612345}]}"#)
    #expect(
      text.contains(
        "auc 0.71, limit 0.75, worst in country=FR (0.6123) (900 rows, window 7d)"), "\(text)")
  }

  @Test func whoHasAnIncidentInHandIsSaid() throws {
    let acknowledged = try message(
      #"{"version":1,"event":"incident.acknowledged","incident":"fraud-1","monitor":"fraud","tier":"critical","reason":"drift","#
        + #""by":"alice","note":"looking at the <feed>"}"#)
    #expect(acknowledged.text == "Incident acknowledged: fraud (critical, fraud-1)")
    func fields(_ blocks: [[String: Any]]) -> [String] {
      (blocks[1]["fields"] as? [[String: String]] ?? []).compactMap { $0["text"] }
    }
    #expect(
      fields(acknowledged.blocks) == [
        "*Monitor*\nfraud", "*Tier*\ncritical", "*Cause*\ndrift", "*By*\nalice", "*Note*\nlooking at the &lt;feed&gt;",
      ])
    let resolved = try message(
      #"{"version":1,"event":"incident.resolved","incident":"fraud-1","monitor":"fraud","tier":"critical","reason":"drift","#
        + #""because":"expected change","by":"alice"}"#)
    #expect(resolved.text == "Incident resolved: fraud (critical, fraud-1)")
    #expect(fields(resolved.blocks).suffix(2) == ["*Why*\nexpected change", "*By*\nalice"])
  }

  @Test func goldenRetrain() throws {
    #expect(
      try text(Sample.retrain)
        == #"{"blocks":[{"text":{"text":"Retrain requested: fraud","type":"plain_text"},"type":"header"},"#
        + #"{"fields":[{"text":"*Monitor*\nfraud","type":"mrkdwn"},{"text":"*Tier*\ncritical","type":"mrkdwn"},"#
        + #"{"text":"*Cause*\ndrift","type":"mrkdwn"},{"text":"*Model version*\nv2","type":"mrkdwn"},"#
        + #"{"text":"*Window*\n2025-12-25T00:00:00.000Z to 2026-01-01T00:00:00.000Z","type":"mrkdwn"},"#
        + #"{"text":"*Compared with*\ntraining data, baseline sha256:abcd","type":"mrkdwn"},"#
        + #"{"text":"*Since*\n2026-01-01T00:00:00.000Z","type":"mrkdwn"},"#
        + #"{"text":"*Deadline*\n2026-01-01T06:00:00.000Z","type":"mrkdwn"}],"type":"section"},"#
        + #"{"text":{"text":"*What fired*"#
        + #"\n• input-drift: psi of amount 0.31, limit 0.3 (q 3e-12, 50321 rows, window 7d)","#
        + #""type":"mrkdwn"},"type":"section"},"#
        + #"{"text":{"text":"*Done so far*\n• retrain rt-7f3a was asked for","type":"mrkdwn"},"type":"section"},"#
        + #"{"text":{"text":"*What to do*\n• Find out whether the change is real and lasts; retrain if it does.","#
        + #""type":"mrkdwn"},"type":"section"},"#
        + #"{"elements":[{"text":"fraud-9f2c","type":"mrkdwn"}],"type":"context"}],"#
        + #""text":"Retrain requested: fraud (critical, fraud-9f2c)"}"#)
  }

  @Test func bareResolvedIncidentIsAMessageToo() throws {
    let message = try message(
      #"{"version":1,"event":"incident.resolved","incident":"i","monitor":"m","tier":"warning","evidence":[]}"#)
    #expect(message.text == "Incident resolved: m (warning, i)")
    #expect(message.blocks.map { $0["type"] as? String } == ["header", "section", "context"])
  }

  /// What rests at info when an incident ends has not fired again.
  @Test func whatIsLeftOfAResolvedIncidentIsNamedAsThat() throws {
    let message = try message(
      #"{"version":1,"event":"incident.resolved","incident":"i","monitor":"m","tier":"warning","evidence":[{"check":"c","subject":"s","metric":"psi","value":0.12}]}"#
    )
    let left = message.blocks[2]["text"] as? [String: String]
    #expect(left?["text"] == "*Still at info*\n• c: psi of s 0.12")
  }

  @Test func aRetrainThatFailedSaysWhy() throws {
    let json =
      #"{"version":1,"event":"incident.failed","incident":"i","monitor":"m","tier":"critical","evidence":[],"because":"auc was 0.79, at least 0.8 is needed"}"#
    #expect(
      try text(json).contains(#"{"text":"*Why*\nauc was 0.79, at least 0.8 is needed","type":"mrkdwn"}"#))
  }

  @Test func markupIsDisarmed() throws {
    let json = #"""
      {"version":1,"event":"<e>","incident":"i\"\n","monitor":"<!channel> & \u0007co","tier":"a>b","url":"https://a/|b>",
       "evidence":[{"check":"<@U1>","subject":"\"q\"\n• forged","metric":"psi","value":1e308}]}
      """#
    let message = try message(json)
    #expect(message.text == "&lt;e&gt;: &lt;!channel&gt; &amp;  co (a&gt;b, i\" )")
    #expect(message.blocks.map { $0["type"] as? String } == ["header", "section", "section", "context"])
    let fired = message.blocks[2]["text"] as? [String: String]
    #expect(fired?["text"] == "*What fired*\n• &lt;@U1&gt;: psi of \"q\" • forged 1e+308")
  }

  @Test(arguments: ["n", "&", "<", "é", "👩‍👩‍👧‍👧", "\"", "\\", "\u{301}", "*"])
  func messageKeepsToSlacksLimits(_ piece: String) throws {
    let name = String(repeating: piece, count: 4_000)
    let items = (0..<30).map { i in
      ["check": name, "slice": name, "subject": "\(i)\(name)", "metric": name, "window": name]
    }
    let times = ["start": name, "end": name]
    let object: [String: Any] = [
      "version": 1, "event": name, "incident": name, "monitor": name, "tier": name, "reason": name,
      "model_version": name, "opened_at": name, "deadline": name, "url": "https://a/" + name, "window": times,
      "evidence": items,
    ]
    let json = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    let message = try message(json)
    #expect(message.text.utf16.count <= 4_000)
    #expect(message.blocks.count <= 50)
    for block in message.blocks {
      let isHeader = block["type"] as? String == "header"
      if let text = block["text"] as? [String: String] {
        #expect((1...(isHeader ? 150 : 3_000)).contains(text["text"]?.utf16.count ?? 0))
        #expect(isWellEscaped(text["text"] ?? ""), "\(block)")
      }
      let fields = (block["fields"] ?? block["elements"]) as? [[String: String]] ?? []
      #expect(fields.count <= 10)
      for field in fields {
        #expect((1...2_000).contains(field["text"]?.utf16.count ?? 0))
        #expect(isWellEscaped(field["text"] ?? ""))
      }
    }
    let fired = message.blocks.compactMap { ($0["text"] as? [String: String])?["text"] }.first { $0.contains("fired") }
    // Scalars, because an accent that begins a name joins the space before it; the last bullet says how many more.
    let shown = (fired ?? "").unicodeScalars.count { $0 == "•" } - 1
    #expect(shown == 3)
    #expect(fired?.hasSuffix("and 27 more") == true)
  }

  /// Every `&` begins a whole entity, and no bare bracket is left.
  private func isWellEscaped(_ text: String) -> Bool {
    let bare = ["&amp;", "&lt;", "&gt;"].reduce(text) { $0.replacingOccurrences(of: $1, with: "") }
    return !bare.contains { "&<>".contains($0) }
  }

  @Test(arguments: 1...100 as ClosedRange<UInt64>)
  func damagedNotificationsNeverEndTheProcess(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var bytes = Array(Sample.opened.utf8)
    for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: place)
      default: bytes = Array(bytes.prefix(place))
      }
    }
    let delivery = Delivery(key: "k", notification: bytes)
    do throws(UnreadableNotification) {
      guard case .request(let request) = try SlackFormat(url: "https://a/").render(delivery, now: 0),
        case .line(let line) = try LogFormat().render(delivery, now: 0)
      else {
        Issue.record("seed \(seed): a format changed its kind")
        return
      }
      #expect((try? JSONSerialization.jsonObject(with: Data(request.body))) != nil, "seed \(seed)")
      #expect(!line.utf8.contains { $0 < 0x20 }, "seed \(seed)")
    } catch {
      #expect(!error.description.contains("9f2c"), "seed \(seed): the error shows a value")
    }
  }

  @Test func whatIsNewIsOneLineASubject() throws {
    let text = try text(
      #"{"version":1,"event":"incident.spread","incident":"i","monitor":"m","tier":"critical","reason":"data","#
        + #""evidence":[{"check":"drift","subject":"age","slice":"all","metric":"psi","value":0.5,"threshold":0.2}],"#
        + #""spread":[{"check":"missing","subject":"amount","tier":"critical","slices":14,"of":100,"names":["country=DE"]},"#
        + #"{"check":"drift","subject":"age","tier":"warning","slices":1,"of":3,"names":["all"]}]}"#)
    #expect(text.contains(#""text":"Incident has spread: m (critical, i)""#), "\(text)")
    #expect(
      text.contains(
        #""*What is new*\n• missing: amount critical in 14 of 100 slices, such as country=DE\n• drift: psi of age 0.5, limit 0.2""#
      ), "\(text)")
  }

  @Test func aHeldRetrainSaysWhy() throws {
    let text = try text(
      #"{"version":1,"event":"incident.retrain_held","incident":"i","monitor":"m","tier":"critical","#
        + #""held":"retrain held: data incident m-1 is open"}"#)
    #expect(text.contains(#""text":"Retrain held: m (critical, i)""#), "\(text)")
    #expect(text.contains(#""*Done so far*\n• retrain held: data incident m-1 is open""#), "\(text)")
    #expect(text.contains(#""*What to do*\n• Resolve what holds the retrain; it is asked for after that.""#), "\(text)")
  }
}
