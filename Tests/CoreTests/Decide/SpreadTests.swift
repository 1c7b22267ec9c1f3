import LeewayTestSupport
import Testing

@testable import LeewayCore

/// New trouble behind old trouble: what fires while an incident is open already.
@Suite struct SpreadTests {
  private typealias Desk = IncidentTests.Desk
  private static let wall = IncidentTests.wall

  private func slices(_ desk: Desk, _ hour: Int64, _ count: Int, firing: Int, _ tier: Tier = .critical) -> [Verdict] {
    (0..<count).compactMap { i in
      desk.verdict(hour, "missing", "amount", i < firing ? tier : .ok, slice: "country=C\(100 + i)")
    }
  }

  @Test func aSecondFeatureIsNotSwallowedByTheFirst() throws {
    let desk = try Desk()
    #expect(
      try desk.decide(1, [("drift", "amount", .critical), ("drift", "country", .ok)]) == ["drift opened critical"])
    #expect(
      try desk.decide(2, [("drift", "amount", .critical), ("drift", "country", .warning)]) == ["drift spread warning"])
    // The same tier again is nothing new, and info is none; a higher tier of the same key is.
    #expect(try desk.decide(3, [("drift", "country", .ok), ("drift", "score", .info)]) == [])
    #expect(try desk.decide(4, [("drift", "country", .warning)]) == [])
    #expect(
      try desk.decide(5, [("drift", "country", .critical), ("drift", "score", .warning)]) == ["drift spread critical"])
    let line = try #require(try desk.lines().last)
    #expect(
      line.hasSuffix(
        #""at":"2025-06-15T20:00:00.000Z","transition":"spread","tier":"critical","reason":"drift","checks":["drift"],"subjects":["country","score"],"slices":["all"]}"#
      ))
    #expect(try desk.incidents().map(\.state) == [.open])
  }

  @Test func worseThanTheIncidentWasIsAnEscalation() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    #expect(
      try desk.decide(2, [("drift", "score", .warning), ("drift", "country", .critical)]) == [
        "drift escalated critical"
      ])
    // Both are known since, so neither spreads.
    #expect(try desk.decide(3, [("drift", "score", .warning), ("drift", "country", .critical)]) == [])
  }

  /// All of one end are one message, and one subject in many slices is one line of it.
  @Test func slicesOfASubjectAreFolded() throws {
    let desk = try Desk()
    try desk.decide(1, [("missing", "country", .critical)])
    #expect(try desk.decide(slices(desk, 2, 100, firing: 14)) == ["data spread critical"])
    let row = try #require(try desk.deliveries().first { $0.key.hasSuffix("/1-spread/pager") })
    #expect(
      row.body.contains(
        #""spread":[{"check":"missing","subject":"amount","tier":"critical","slices":14,"of":100,"names":["country=C100","country=C101","country=C102","country=C103","country=C104","country=C105","country=C106","country=C107","country=C108","country=C109"]}]"#
      ))
    #expect(
      row.body.hasPrefix(
        #"{"version":1,"event":"incident.spread","incident":"\#(row.incident)","monitor":"fraud","tier":"critical""#))
    // What was known before is not said again.
    #expect(!row.body.contains(#""subject":"country""#))
  }

  /// All that chat is owed, one message of an incident after another.
  private static func send(from desk: Desk) throws {
    while true {
      let rows = try desk.ledger.write {
        try $0.leaseDeliveries(receiver: "chat", due: .distantFuture, lasting: .minutes(1), limit: 9)
      }
      if rows.isEmpty { return }
      for var row in rows {
        row.state = .delivered
        let settled = try desk.ledger.write { [row] in try $0.settle(delivery: row) }
        #expect(settled)
      }
    }
  }

  /// The message before lies a day ahead of a clock that was set back; the next one waits for the interval all the same.
  @Test func aClockThatIsSetBackHoldsUpNoSpread() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .critical)])
    try desk.decide(2, [("drift", "s2", .critical)])
    try Self.send(from: desk)
    let earlier = Self.wall - .days(1)
    try desk.decide(3, [("drift", "s3", .critical)], now: earlier)
    let row = try #require(try desk.deliveries().first { $0.key.hasSuffix("/2-spread/chat") })
    #expect(row.nextAttemptAt == earlier + .minutes(5))
  }

  /// What comes within the interval joins the message that waits: a backlog is two messages, and nothing is lost.
  @Test func thereIsOneMessageInAGroupInterval() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .critical)])
    func spread(_ hour: Int64, _ subject: String, _ seconds: Int64) throws {
      try desk.decide(hour, [("drift", subject, .critical)], now: Self.wall + .seconds(seconds))
    }
    func rows() throws -> [OutboxRecord] { try desk.deliveries().filter { $0.key.hasSuffix("-spread/chat") } }
    try spread(2, "s2", 0)
    #expect(try rows().map(\.nextAttemptAt) == [Self.wall])
    try Self.send(from: desk)
    try spread(3, "s3", 60)
    try spread(4, "s4", 120)
    let waiting = try #require(try rows().last)
    #expect(try rows().count == 2 && waiting.sequence == 2)
    #expect(waiting.nextAttemptAt == Self.wall + .minutes(5))
    #expect(waiting.body.contains(#""subjects":["s3","s4"]"#) && !waiting.body.contains("s2"))
    try Self.send(from: desk)
    try spread(5, "s5", 400)
    #expect(try rows().count == 3)
    #expect(try rows().last?.nextAttemptAt == Self.wall + .minutes(10))
    // The end of the incident is not held back by what waits.
    try desk.decide(
      6, ["amount", "s2", "s3", "s4", "s5"].map { ("drift", $0, .ok) }, now: Self.wall + .seconds(410))
    #expect(try rows().last?.nextAttemptAt == Self.wall + .seconds(410))
    #expect(try desk.incidents().map(\.state) == [.resolved])
  }

  @Test func aReceiverHearsOfItsTiersOnly() throws {
    var desk = try Desk()
    try desk.reload { $0.alerts = [.warning: ["chat"], .critical: ["pager"]] }
    desk.context.groupIntervals = ["pager": .hours(1)]
    try desk.decide(1, [("drift", "amount", .critical)])
    try desk.decide(2, [("drift", "country", .warning)])
    try desk.decide(3, [("drift", "score", .critical)])
    try desk.decide(4, [("drift", "s4", .critical)])
    let spread = try desk.deliveries().filter { $0.key.contains("-spread/") }
    #expect(
      spread.map { String($0.key.split(separator: "/")[1...].joined(separator: "/")) } == [
        "2-spread/pager"
      ])
    #expect(spread[0].body.contains(#""subjects":["s4","score"]"#))
  }

  /// That an incident has spread says nothing to those who never heard of it: they get the whole of it as what it is to
  /// them, an incident that opens, and from then on only what is new.
  @Test func theFirstWordToAReceiverIsTheWholeStory() throws {
    var desk = try Desk()
    try desk.reload { $0.alerts = [.warning: ["chat"], .critical: ["pager"]] }
    try desk.decide(1, [("drift", "amount", .critical)])
    try desk.decide(2, [("drift", "amount", .critical), ("drift", "country", .warning)])
    try desk.decide(3, [("drift", "score", .warning)])
    let rows = try desk.deliveries().filter { $0.receiver == "chat" }
    #expect(rows.map { String($0.key.split(separator: "/")[1]) } == ["1-opened", "2-spread"])
    #expect(rows[0].body.contains(#""event":"incident.opened""#) && rows[0].body.contains(#""tier":"critical""#))
    #expect(rows[0].body.contains(#""subjects":["amount","country"]"#), "\(rows[0].body)")
    #expect(!rows[0].body.contains(#""spread""#))
    #expect(rows[1].body.contains(#""subjects":["score"]"#) && !rows[1].body.contains("country"))
    // Nobody hears the same twice.
    #expect(
      try desk.deliveries().filter { $0.receiver == "pager" }.map { String($0.key.split(separator: "/")[1]) }
        == ["0-opened"])
    // It ends for both.
    try desk.decide(4, ["amount", "country", "score"].map { ("drift", $0, .ok) })
    #expect(
      try desk.deliveries().filter { $0.key.contains("-resolved/") }.map(\.receiver).sorted() == ["chat", "pager"])
  }

  /// What an escalation has told of is not told again by a message that waited before it.
  @Test func whatWaitsIsNotJoinedAcrossAnEscalation() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    try desk.decide(2, [("drift", "country", .warning)])
    try desk.decide(3, [("drift", "s3", .critical)])
    try desk.decide(4, [("drift", "s4", .warning)])
    let rows = try desk.deliveries().filter { $0.receiver == "chat" }
    #expect(
      rows.map { String($0.key.split(separator: "/")[1]) } == ["0-opened", "1-spread", "2-escalated", "3-spread"])
    #expect(rows[1].body.contains(#""subjects":["country"]"#))
    #expect(rows[3].body.contains(#""subjects":["s4"]"#))
    #expect(rows.map(\.nextAttemptAt) == [Self.wall, Self.wall, Self.wall, Self.wall + .minutes(5)])
  }
}
