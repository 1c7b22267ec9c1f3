import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct RetrainTests {
  private typealias Desk = IncidentTests.Desk
  private static let wall = IncidentTests.wall

  private func made(_ cooldown: Int64 = 24, perWeek: Int = 3) throws -> Desk {
    try Desk(
      retrain: RetrainPolicy(cooldown: .hours(cooldown), maximumPerWeek: perWeek, deadline: .hours(6)))
  }

  /// An incident of one hour that asks for a retrain.
  private func fail(_ desk: Desk, _ hour: Int64, now: EventTime) throws {
    try desk.decide(hour, [("auc", "performance", .critical)], now: now)
    try desk.decide(hour + 1, [("auc", "performance", .ok)], now: now)
  }

  @Test func aCriticalLossOfPerformanceAsksOnce() throws {
    let desk = try made()
    try desk.decide(1, [("auc", "performance", .warning)])
    #expect(try desk.retrains().isEmpty)
    try desk.decide(2, [("auc", "performance", .critical)])
    try desk.decide(3, [("auc", "performance", .critical), ("ece", "performance", .critical)])
    let retrain = try #require(try desk.retrains().first)
    #expect(try desk.retrains().count == 1)
    let incident = try #require(try desk.incidents().first)
    #expect(incident.state == .retraining)
    #expect(
      retrain.incident == incident.id && retrain.state == .requested && retrain.requestedAt == IncidentTests.hour(2))
    #expect(retrain.deadline == Self.wall + .hours(6) && retrain.requestedWall == Self.wall)
    let calls = try desk.deliveries().filter { $0.receiver == "retrain" }
    #expect(calls.map(\.key) == ["\(incident.id)/2-retrain/retrain"])
    #expect(calls.map(\.retrain) == [retrain.id] && calls.map(\.message) == ["2-retrain"])
    #expect(
      calls.first?.body
        == #"{"version":1,"event":"retrain.requested","incident":"\#(incident.id)","monitor":"fraud","tier":"critical","opened_at":"2025-06-15T16:00:00.000Z","model_version":null,"reason":"performance/final","#
        + #""evidence":[{"check":"auc","subject":"performance","slice":"all","metric":"auc","value":0.25,"threshold":0.1,"p_value":null,"q_value":null,"window":"1h","end":"2025-06-15T17:00:00.000Z","rows":500,"tier":"critical"}],"#
        + #""window":{"start":"2025-06-15T16:00:00.000Z","end":"2025-06-15T17:00:00.000Z"},"baseline":"\#(desk.plan.baseline.identity)","#
        + #""retrain":"\#(retrain.id)","callback_url":"https://leeway.example.com/api/v1/retrains/\#(retrain.id)/result","#
        + #""deadline":"2027-01-15T14:00:00.000Z"}"#)
  }

  @Test func driftAndBadDataNeverRetrain() throws {
    let desk = try made()
    try desk.decide(1, [("drift", "amount", .critical), ("missing", "amount", .critical)])
    #expect(try desk.retrains().isEmpty)
    #expect(try desk.deliveries().allSatisfy { $0.receiver != "retrain" })
    #expect(try desk.inputs().isEmpty)
  }

  /// A detector that alarms often on errors that do not change opens incidents, and never calls the trainer.
  @Test func experimentalDetectorsNeverRetrain() throws {
    func detector(_ metric: Metric) -> Check {
      Check(
        name: metric.name, on: .errors, metric: metric, window: "1h",
        limits: [TierLimit(.critical, .above(.absolute(1)))])
    }
    func desk() throws -> Desk {
      try Desk(
        checks: IncidentTests.checks + [detector(.eddm), detector(.adwin)],
        retrain: RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6)))
    }
    let alone = try desk()
    #expect(try alone.decide(1, [("eddm", "errors", .critical)]) == ["concept opened critical"])
    try alone.decide(2, [("eddm", "errors", .critical), ("ece", "performance", .critical)])
    try alone.decide(
      3, [("eddm", "errors", .critical), ("ece", "performance", .ok), ("auc", "performance", .warning)])
    #expect(try alone.retrains().isEmpty)
    try alone.decide(4, [("eddm", "errors", .critical), ("auc", "performance", .critical)])
    #expect(try alone.retrains().count == 1)
    let adwin = try desk()
    try adwin.decide(1, [("adwin", "errors", .critical)])
    #expect(try adwin.retrains().count == 1)
  }

  @Test func withoutAPolicyNothingIsAsked() throws {
    let desk = try Desk()
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try desk.retrains().isEmpty)
  }

  /// Lines of the incident's transitions, as `transition` and what is said of a retrain.
  private func held(_ desk: Desk) throws -> [String] {
    try desk.transitions(.performanceFinal).filter { $0.held != nil || $0.retrain != nil }
      .map { "\($0.transition) \(($0.at - IncidentTests.start).milliseconds / 3_600_000) \($0.held ?? "")" }
  }

  @Test func aDataIncidentHoldsItBackUntilItOverlapsTheWindowNoMore() throws {
    let desk = try made()
    try desk.decide(1, [("missing", "amount", .info), ("auc", "performance", .critical)])
    let data = try #require(try desk.incidents().first { $0.group == .dataQuality })
    let incident = try #require(try desk.incidents().first { $0.group == .performanceFinal })
    #expect(try desk.retrains().isEmpty && incident.state == .open)
    #expect(
      incident.retrain
        == #"{"state":"held","held":"data incident \#(data.id) is open","since":"2025-06-15T16:00:00.000Z","released":null}"#
    )
    // Once a cause, not once a window.
    try desk.decide(2, [("missing", "amount", .info), ("auc", "performance", .critical)])
    // The data are fixed. The window that asks was still of the broken ones, so the next one asks.
    try desk.decide(3, [("missing", "amount", .ok), ("auc", "performance", .critical)])
    #expect(try desk.retrains().isEmpty)
    #expect(
      try desk.incidents().first { $0.group == .performanceFinal }?.retrain
        == #"{"state":"held","held":"data incident \#(data.id) overlapped the window that asks","since":"2025-06-15T16:00:00.000Z","released":null}"#
    )
    try desk.decide(4, [("missing", "amount", .ok), ("auc", "performance", .critical)])
    #expect(try held(desk) == ["retrain_held 1 data incident \(data.id) is open", "retraining 4 "])
    let retrain = try #require(try desk.retrains().first)
    #expect(retrain.requestedAt == IncidentTests.hour(4))
    let after = try #require(try desk.incidents().first { $0.group == .performanceFinal })
    #expect(after.state == .retraining)
    #expect(
      after.retrain
        == #"{"state":"requested","retrain":"\#(retrain.id)","at":"2025-06-15T19:00:00.000Z","held":"data incident \#(data.id) overlapped the window that asks","since":"2025-06-15T16:00:00.000Z","released":"2025-06-15T19:00:00.000Z"}"#
    )
    // Those who were told of the incident hear that it was held, and that it was let go.
    let told = try desk.deliveries().filter { $0.incident == incident.id && $0.receiver == "chat" }
    #expect(
      told.map(\.key) == ["0-opened", "1-retrain_held", "2-retraining"].map { "\(incident.id)/\($0)/chat" })
    #expect(told[1].body.contains(#""event":"incident.retrain_held""#))
    #expect(told[1].body.contains(#""held":"retrain held: data incident \#(data.id) is open""#))
    #expect(told[2].body.contains(#""retrain":"\#(retrain.id)","held_since":"2025-06-15T16:00:00.000Z""#))
  }

  @Test func aRetrainThatNothingHeldIsNoMessageOfItsOwn() throws {
    let desk = try made()
    try desk.decide(1, [("auc", "performance", .critical)])
    #expect(try desk.deliveries().filter { $0.receiver == "chat" }.map(\.sequence) == [0])
  }

  @Test func theCooldownCountsInEventTime() throws {
    func second(_ hour: Int64, after wall: TimeSpan) throws -> Int {
      let desk = try made()
      try fail(desk, 1, now: Self.wall)
      try fail(desk, hour, now: Self.wall + wall)
      return try desk.retrains().count
    }
    #expect(try second(24, after: .days(9)) == 1)
    #expect(try second(25, after: .milliseconds(0)) == 2)
    let desk = try made()
    try fail(desk, 1, now: Self.wall)
    try fail(desk, 5, now: Self.wall + .days(2))
    let first = try #require(try desk.retrains().first)
    #expect(
      try held(desk) == [
        "retraining 1 ", "retrain_held 5 \(first.id) was requested less than the cooldown of 1d ago",
      ])
  }

  @Test func soManyAWeekAndNoMore() throws {
    let desk = try made(1, perWeek: 2)
    for day in 0..<3 { try fail(desk, Int64(day) * 24 + 1, now: Self.wall) }
    #expect(try desk.retrains().count == 2)
    #expect(
      try held(desk) == [
        "retraining 1 ", "retraining 25 ",
        "retrain_held 49 2 retrains were requested within 7d, the most that max_per_week allows",
      ])
    // The first is a week old.
    try fail(desk, 24 * 7 + 1, now: Self.wall)
    #expect(try desk.retrains().count == 3)
  }

  @Test func aRetrainHasItsIncidentsOwnId() throws {
    let desk = try made(1)
    try fail(desk, 1, now: Self.wall)
    try fail(desk, 30, now: Self.wall + .days(2))
    let retrains = try desk.retrains()
    #expect(Set(retrains.map(\.id)).count == 2)
    for retrain in retrains {
      let incident = try #require(try desk.incidents().first { $0.id == retrain.incident })
      let text = "\(incident.id)\n\(incident.openedAt.milliseconds)"
      #expect(retrain.id == "rt-\(SHA256.hash(Array(text.utf8)).hex.prefix(16))")
    }
  }
}
