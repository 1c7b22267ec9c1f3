import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What receivers are sent while something is silenced, and afterwards.
@Suite struct SilencedMessageTests {
  /// A monitor with incidents, a clock, and receivers that take everything.
  private struct Scene {
    var desk: IncidentTests.Desk
    let clock = ManualClock(IncidentTests.wall)
    var maintenance: DeliveryGate.Maintenance?

    init(retrain: RetrainPolicy? = nil) throws {
      desk = try IncidentTests.Desk(retrain: retrain)
      let clock = clock
      desk.ledger = InMemoryLedger(clock: { clock.now })
    }

    func decide(_ hour: Int64, _ verdicts: [(String, String, Tier)]) throws {
      try desk.decide(hour, verdicts, now: clock.now)
    }

    func silence(
      _ names: [SilenceMatchers.Field: [String]], for span: TimeSpan = .hours(1), by author: String = "alice"
    ) throws {
      let matchers = SilenceMatchers(names.mapValues { $0.compactMap(NamePattern.init) })
      _ = try desk.ledger.write {
        try SilenceActs.add(matchers, by: author, reason: "planned", start: nil, end: .after(span), in: $0)
      }
    }

    func take(_ receiver: String = "chat") throws -> DeliveryGate.Taken {
      let gate = DeliveryGate(receiver: receiver, context: desk.context, maintenance: maintenance)
      let rulings = try desk.ledger.read { try gate.rulings(limit: 9, in: $0) }
      return try desk.ledger.write { try gate.take(rulings, lasting: .minutes(1), limit: 9, in: $0) }
    }

    /// All that is due, sent and taken.
    func send(to receiver: String = "chat") throws -> [OutboxRecord] {
      var sent: [OutboxRecord] = []
      while true {
        let taken = try take(receiver)
        if taken.looked == 0 { return sent }
        for var row in taken.rows {
          row.state = .delivered
          row.attempts += 1
          let settled = try desk.ledger.write { [row] in try $0.settle(delivery: row) }
          #expect(settled)
          sent.append(row)
        }
      }
    }

    /// `0-opened silenced (silence 1 of alice)`
    func rows(of receiver: String = "chat") throws -> [String] {
      try desk.deliveries().filter { $0.receiver == receiver }.sorted { $0.sequence < $1.sequence }
        .map { "\($0.message) \($0.state.rawValue)" + ($0.silence.map { " (\($0))" } ?? "") }
    }
  }

  @Test func whenASilenceEndsWhatIsOpenIsToldInOneMessage() throws {
    let scene = try Scene()
    try scene.silence([.monitor: ["fraud"]])
    try scene.decide(1, [("drift", "amount", .warning)])
    let first = try scene.take()
    #expect(first.rows.isEmpty && first.held.map(\.message) == ["0-opened"])
    try scene.decide(2, [("drift", "amount", .critical), ("drift", "country", .warning)])
    #expect(try scene.send() == [])
    #expect(try scene.rows() == ["0-opened owed (silence 1 of alice)", "1-escalated owed"])
    // The incident is as it would be without.
    #expect(try scene.desk.incidents().map(\.tier) == [.critical])
    scene.clock.advance(.minutes(59))
    #expect(try scene.send() == [])
    scene.clock.advance(.minutes(1))
    let sent = try scene.send()
    try #require(sent.count == 1)
    let id = sent[0].incident
    #expect(
      sent[0].body
        == #"{"version":1,"event":"incident.opened","incident":"\#(id)","monitor":"fraud","tier":"critical","#
        + #""opened_at":"2025-06-15T16:00:00.000Z","model_version":null,"reason":"drift","evidence":["#
        + #"{"check":"drift","subject":"amount","slice":"all","metric":"psi","value":0.25,"threshold":0.1,"p_value":null,"#
        + #""q_value":null,"window":"1h","end":"2025-06-15T17:00:00.000Z","rows":500,"tier":"critical"},"#
        + #"{"check":"drift","subject":"country","slice":"all","metric":"psi","value":0.25,"threshold":0.1,"p_value":null,"#
        + #""q_value":null,"window":"1h","end":"2025-06-15T17:00:00.000Z","rows":500,"tier":"warning"}],"#
        + #""window":{"start":"2025-06-15T16:00:00.000Z","end":"2025-06-15T17:00:00.000Z"},"#
        + #""baseline":"\#(scene.desk.plan.baseline.identity)","at":"2025-06-15T17:00:00.000Z","checks":["drift"],"#
        + #""subjects":["amount","country"],"because":"silence 1 of alice has ended","held_back":["#
        + #"{"event":"incident.opened","tier":"warning","at":"2025-06-15T16:00:00.000Z"},"#
        + #"{"event":"incident.escalated","tier":"critical","at":"2025-06-15T17:00:00.000Z"}],"#
        + #""url":"https://leeway.example.com/incidents/\#(id)"}"#)
    #expect(try scene.rows() == ["0-opened silenced (silence 1 of alice)", "1-escalated delivered"])
    // From here on it is told as ever.
    try scene.decide(3, [("drift", "amount", .ok), ("drift", "country", .ok)])
    #expect(try scene.send().map(\.message) == ["2-resolved"])
  }

  @Test func whatBeginsAndEndsInASilenceIsToldToNobodyWhoHasNotHeardOfIt() throws {
    let scene = try Scene()
    try scene.silence([.check: ["drift"]])
    try scene.decide(1, [("drift", "amount", .warning)])
    #expect(try scene.send() == [])
    try scene.decide(2, [("drift", "amount", .ok)])
    let taken = try scene.take()
    #expect(taken.rows.isEmpty && taken.silenced.map(\.message) == ["0-opened", "1-resolved"])
    scene.clock.advance(.hours(2))
    #expect(try scene.send() == [])
    #expect(
      try scene.rows() == ["0-opened silenced (silence 1 of alice)", "1-resolved silenced (silence 1 of alice)"])
    #expect(try scene.desk.incidents().map(\.state) == [.resolved])
  }

  @Test func whoeverHasHeardOfItHearsOfItsEndAfterwards() throws {
    let scene = try Scene()
    try scene.decide(1, [("drift", "amount", .warning)])
    #expect(try scene.send().map(\.message) == ["0-opened"])
    try scene.silence([.subject: ["amo*"]])
    try scene.decide(2, [("drift", "amount", .critical)])
    #expect(try scene.send() == [] && scene.send(to: "pager") == [])
    try scene.decide(3, [("drift", "amount", .ok)])
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["2-resolved"])
    #expect(
      try #require(sent.first).body.hasSuffix(
        #""held_back":[{"event":"incident.escalated","tier":"critical","at":"2025-06-15T17:00:00.000Z"}]}"#))
    #expect(
      try scene.rows() == ["0-opened delivered", "1-escalated silenced (silence 1 of alice)", "2-resolved delivered"])
    // Pager, which would have heard of the escalation only, never did: it hears of no end.
    #expect(try scene.send(to: "pager") == [])
    #expect(
      try scene.rows(of: "pager") == [
        "1-escalated silenced (silence 1 of alice)", "2-resolved silenced (silence 1 of alice)",
      ])
  }

  @Test func whatHasSpreadMeanwhileIsOneMessage() throws {
    let scene = try Scene()
    try scene.decide(1, [("drift", "amount", .critical)])
    #expect(try scene.send().map(\.message) == ["0-opened"])
    try scene.silence([.monitor: ["fraud"]])
    try scene.decide(2, [("drift", "amount", .critical), ("drift", "country", .critical)])
    #expect(try scene.send() == [])
    scene.clock.advance(.minutes(10))
    try scene.decide(3, [("drift", "score", .warning)])
    scene.clock.advance(.minutes(10))
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["2-spread"])
    let body = try #require(sent.first).body
    #expect(body.contains(#""event":"incident.spread""#) && body.contains(#""subjects":["country","score"]"#))
    #expect(body.contains(#""because":"silence 1 of alice has ended""#))
    #expect(
      body.contains(
        #""spread":[{"check":"drift","subject":"country","tier":"critical","slices":1,"names":["all"]},"#
          + #"{"check":"drift","subject":"score","tier":"warning","slices":1,"names":["all"]}]"#))
    #expect(body.split(separator: #"{"event":"incident.spread""#).count == 3)
  }

  /// Silenced in part is not silenced: who is told of the rest would have half of the story.
  @Test func allThatFiresMustBeSilenced() throws {
    let scene = try Scene()
    try scene.silence([.subject: ["amount"]])
    try scene.decide(1, [("drift", "amount", .warning), ("drift", "country", .info)])
    #expect(try scene.send().map(\.message) == ["0-opened"])
    // Two silences hold it together.
    try scene.silence([.subject: ["country"]], for: .minutes(30), by: "bob")
    try scene.decide(2, [("drift", "amount", .warning), ("drift", "country", .warning)])
    #expect(try scene.send() == [])
    #expect(try scene.rows() == ["0-opened delivered", "1-spread owed (silence 2 of bob)"])
    scene.clock.advance(.minutes(30))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["1-spread"])
    #expect(sent.first?.body.contains(#""because":"silence 2 of bob has ended""#) == true)
  }

  @Test func whatComesThatIsNotSilencedTellsAllOfItAtOnce() throws {
    let scene = try Scene()
    try scene.silence([.subject: ["amount"]])
    try scene.decide(1, [("drift", "amount", .critical)])
    #expect(try scene.send() == [])
    try scene.decide(2, [("drift", "amount", .critical), ("drift", "country", .warning)])
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["1-spread"])
    let body = try #require(sent.first).body
    #expect(body.contains(#""event":"incident.opened""#) && body.contains(#""subjects":["amount","country"]"#))
    #expect(!body.contains("has ended"), "the silence goes on")
    #expect(try scene.rows() == ["0-opened silenced (silence 1 of alice)", "1-spread delivered"])
    // Once it is back within its limit, what is left is silenced again.
    try scene.decide(3, [("drift", "country", .ok)])
    try scene.decide(4, [("drift", "amount", .ok)])
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    #expect(try scene.send().map(\.message) == ["2-resolved"])
  }

  /// Whoever has heard of the end hears that it is open again, whatever else has happened meanwhile.
  @Test func whatReopenedInASilenceIsToldAsReopened() throws {
    var scene = try Scene()
    try scene.desk.reload { $0.incidents = IncidentPolicy(reopen: .hours(6)) }
    try scene.decide(1, [("drift", "amount", .warning)])
    try scene.decide(2, [("drift", "amount", .ok)])
    #expect(try scene.send().map(\.message) == ["0-opened", "1-resolved"])
    try scene.silence([.monitor: ["fraud"]])
    try scene.decide(3, [("drift", "amount", .warning)])
    try scene.decide(4, [("drift", "amount", .critical)])
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["3-escalated"])
    let body = try #require(sent.first).body
    #expect(body.contains(#""event":"incident.reopened""#) && body.contains(#""tier":"critical""#))
    #expect(body.contains(#""because":"silence 1 of alice has ended""#))
    #expect(
      try scene.rows() == [
        "0-opened delivered", "1-resolved delivered", "2-reopened silenced (silence 1 of alice)",
        "3-escalated delivered",
      ])
  }

  /// Resolved and open again within one silence: whoever has never heard of it hears once that it is open.
  @Test func whatResolvedAndReopenedInASilenceIsToldAsOpened() throws {
    var scene = try Scene()
    try scene.desk.reload { $0.incidents = IncidentPolicy(reopen: .hours(6)) }
    try scene.silence([.monitor: ["fraud"]])
    for (hour, tier) in [(1, Tier.warning), (2, .ok), (3, .warning)] {
      try scene.decide(Int64(hour), [("drift", "amount", tier)])
      if tier == .warning { #expect(try scene.send() == []) }
    }
    scene.clock.advance(.hours(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["2-reopened"])
    #expect(try #require(sent.first).body.contains(#""event":"incident.opened""#))
  }

  @Test func whatIsEndedByHandIsToldAtOnce() throws {
    let scene = try Scene()
    try scene.silence([.slice: ["all"]])
    try scene.decide(1, [("missing", "amount", .critical)])
    #expect(try scene.send() == [] && scene.send(to: "pager") == [])
    scene.clock.advance(.seconds(5))
    _ = try scene.desk.ledger.write { try SilenceActs.expire(1, by: "bob", in: $0) }
    for receiver in ["chat", "pager"] {
      let sent = try scene.send(to: receiver)
      #expect(sent.map(\.message) == ["0-opened"])
      #expect(sent.first?.body.contains(#""because":"silence 1 of alice has ended""#) == true)
    }
  }

  @Test func whatPeopleAndTrainersDoIsToldWithItsOwnReason() throws {
    let scene = try Scene()
    try scene.decide(1, [("auc", "performance", .critical)])
    #expect(try scene.send().map(\.message) == ["0-opened"])
    try scene.silence([.monitor: ["*"]])
    let id = try #require(try scene.desk.incidents().first?.id)
    let desk = scene.desk
    try desk.ledger.write { tx in
      let act = try PersonActs.queue(
        PersonAct(incident: id, by: "carol", .acknowledge(note: "mine")), now: scene.clock.now, in: tx)
      _ = try Decision(plan: desk.plan, context: desk.context).fold(
        queued: [act], decided: [:], now: scene.clock.now, in: tx)
    }
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["1-acknowledged"])
    let body = try #require(sent.first).body
    #expect(body.hasPrefix(#"{"version":1,"event":"incident.acknowledged""#))
    #expect(body.contains(#""by":"carol","note":"mine""#))
    #expect(body.hasSuffix(#""because":"silence 1 of alice has ended"}"#))
  }

  @Test func callsAreNeverHeld() throws {
    var policy = RetrainPolicy(cooldown: .zero, maximumPerWeek: 9, deadline: .hours(6))
    policy.fallBack = "chat"
    let scene = try Scene(retrain: policy)
    try scene.silence([.monitor: ["fraud"]])
    try scene.decide(1, [("auc", "performance", .critical)])
    #expect(try scene.send(to: "retrain").map(\.message) == ["1-retrain"])
    // Of the same incident and receiver as a message that waits.
    #expect(try scene.send().map(\.message) == ["0-fall_back"])
    try scene.decide(2, [("auc", "performance", .ok)])
    #expect(try scene.send().map(\.message) == ["2-restore"])
    #expect(
      try Set(scene.rows()) == [
        "0-opened silenced (silence 1 of alice)", "0-fall_back delivered", "2-restore delivered",
        "2-resolved silenced (silence 1 of alice)",
      ])
  }

  /// The sender dies with the story in its hands: whoever leases it next has the same one.
  @Test func aStoryThatWasNotSentIsSentAsItWas() throws {
    let scene = try Scene()
    try scene.silence([.monitor: ["fraud"]])
    try scene.decide(1, [("drift", "amount", .warning)])
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    let lost = try scene.take().rows
    #expect(lost.map(\.message) == ["0-opened"])
    scene.clock.advance(.minutes(2))
    let sent = try scene.send()
    #expect(sent.map(\.body) == lost.map(\.body))
    #expect(sent.first?.body.contains("silence 1 of alice has ended") == true)
  }

  /// A sender has died, perhaps behind the request: its receiver may have heard of the incident, and hears of its end.
  @Test func whoeverMayHaveHeardOfItHearsOfItsEnd() throws {
    let scene = try Scene()
    try scene.decide(1, [("drift", "amount", .warning)])
    #expect(try scene.take().rows.map(\.message) == ["0-opened"])
    try scene.silence([.monitor: ["fraud"]])
    scene.clock.advance(.minutes(2))
    #expect(try scene.send() == [])
    try scene.decide(2, [("drift", "amount", .ok)])
    #expect(try scene.send() == [])
    scene.clock.advance(.hours(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["1-resolved"])
    #expect(
      sent.first?.body.hasSuffix(
        #""held_back":[{"event":"incident.opened","tier":"warning","at":"2025-06-15T16:00:00.000Z"}]}"#) == true)
  }

  @Test func rowsThatAnotherHasTakenMeanwhileAreLeftToIt() throws {
    let scene = try Scene()
    try scene.silence([.monitor: ["fraud"]])
    try scene.decide(1, [("drift", "amount", .warning)])
    let gate = DeliveryGate(receiver: "chat", context: scene.desk.context, maintenance: nil)
    let rulings = try scene.desk.ledger.read { try gate.rulings(limit: 9, in: $0) }
    let other = try scene.desk.ledger.write { try gate.take(rulings, lasting: .minutes(1), limit: 9, in: $0) }
    #expect(other.held.count == 1)
    scene.clock.advance(.minutes(1))
    // By rulings of before.
    let late = try scene.desk.ledger.write { try gate.take(rulings, lasting: .minutes(1), limit: 9, in: $0) }
    #expect(late.looked == 1 && late.rows.isEmpty && late.held.isEmpty)
    #expect(try scene.rows() == ["0-opened owed (silence 1 of alice)"])
    #expect(try scene.send() == [])
  }

  @Test func maintenanceGoesByTheTimeOfEvents() throws {
    var scene = try Scene()
    scene.maintenance = { monitor, key, end in
      monitor == "fraud" && key.check == "drift" && end <= IncidentTests.hour(2) ? "maintenance nightly" : nil
    }
    try scene.decide(1, [("drift", "amount", .warning)])
    #expect(try scene.send() == [])
    #expect(try scene.rows() == ["0-opened owed (maintenance nightly)"])
    // However long that is by the clock.
    scene.clock.advance(.days(2))
    #expect(try scene.send() == [])
    try scene.decide(3, [("drift", "amount", .warning)])
    scene.clock.advance(.minutes(1))
    let sent = try scene.send()
    #expect(sent.map(\.message) == ["0-opened"])
    #expect(sent.first?.body.contains(#""because":"maintenance nightly has ended""#) == true)
    #expect(sent.first?.body.contains(#""end":"2025-06-15T18:00:00.000Z""#) == true)
  }

  @Test func whatStandsIsPausedWhileAllOfItIsSilenced() throws {
    let scene = try Scene()
    try scene.decide(1, [("drift", "amount", .warning)])
    var row = try #require(try scene.take().rows.first)
    row.state = .standing
    let settled = try scene.desk.ledger.write { [row] in try $0.settle(delivery: row) }
    #expect(settled)
    let gate = DeliveryGate(receiver: "chat", context: scene.desk.context, maintenance: nil)
    func held() throws -> [String: String] { try scene.desk.ledger.read { try gate.standing(in: $0) } }
    #expect(try held() == [:])
    try scene.silence([.subject: ["amount"]])
    #expect(try held() == [row.key: "silence 1 of alice"])
    try scene.decide(2, [("drift", "amount", .warning), ("drift", "country", .info)])
    #expect(try held() == [:])
    try scene.decide(3, [("drift", "country", .ok)])
    #expect(try held() == [row.key: "silence 1 of alice"])
    scene.clock.advance(.hours(1))
    #expect(try held() == [:])
  }
}
