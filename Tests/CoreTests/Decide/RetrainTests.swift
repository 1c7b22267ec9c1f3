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
    #expect(calls.map(\.key) == ["\(incident.id)/1-retrain/retrain"])
    #expect(
      calls.first?.body
        == #"{"version":1,"event":"retrain.requested","incident":"\#(incident.id)","monitor":"fraud","tier":"critical","opened_at":"2025-06-15T16:00:00.000Z","model_version":null,"reason":"performance","#
        + #""evidence":[{"check":"auc","subject":"performance","slice":"all","metric":"auc","value":0.25,"threshold":0.1,"p_value":null,"q_value":null,"window":"1h","end":"2025-06-15T17:00:00.000Z","rows":500,"tier":"critical"}],"#
        + #""window":{"start":"2025-06-15T16:00:00.000Z","end":"2025-06-15T17:00:00.000Z"},"baseline":"\#(desk.plan.baseline.identity)","#
        + #""retrain":"\#(retrain.id)","callback_url":"https://leeway.example.com/api/v1/retrains/\#(retrain.id)/result","#
        + #""callback_token":"token-19-\#(retrain.deadline.milliseconds)","deadline":"2027-01-15T14:00:00.000Z"}"#)
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
        name: metric.rawValue, on: .errors, metric: metric, window: "1h",
        limits: [TierLimit(.critical, .above(.absolute(1)))])
    }
    func desk() throws -> Desk {
      try Desk(
        checks: IncidentTests.checks + [detector(.eddm), detector(.adwin)],
        retrain: RetrainPolicy(cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6)))
    }
    let alone = try desk()
    #expect(try alone.decide(1, [("eddm", "errors", .critical)]) == ["performance opened critical"])
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

  @Test func anOpenDataIncidentHoldsItBackAndThatIsRecorded() throws {
    let desk = try made()
    try desk.decide(1, [("missing", "amount", .info), ("auc", "performance", .critical)])
    let data = try #require(try desk.incidents().first { $0.group == .dataQuality })
    let incident = try #require(try desk.incidents().first { $0.group == .performance })
    #expect(try desk.retrains().isEmpty && incident.state == .open)
    // Once a reason, not once a window.
    try desk.decide(2, [("missing", "amount", .info), ("auc", "performance", .critical)])
    #expect(
      try desk.inputs() == [
        OutsideInput(
          monitor: "fraud", incident: incident.id, at: Self.wall, kind: "retrain_held",
          detail:
            "{\"reason\":\"data incident \(data.id) is open: mend the data first\",\"end\":\"2025-06-15T16:00:00.000Z\"}"
        )
      ])
    // The data are mended: the next window asks.
    try desk.decide(3, [("missing", "amount", .ok), ("auc", "performance", .critical)])
    #expect(try desk.retrains().map(\.requestedAt) == [IncidentTests.hour(3)])
    #expect(try desk.incidents().first { $0.group == .performance }?.state == .retraining)
  }

  @Test func theCooldownCountsOnBothClocks() throws {
    func second(_ hour: Int64, after wall: TimeSpan) throws -> Int {
      let desk = try made()
      try fail(desk, 1, now: Self.wall)
      try fail(desk, hour, now: Self.wall + wall)
      return try desk.retrains().count
    }
    #expect(try second(24, after: .hours(24)) == 1)
    #expect(try second(25, after: .hours(24) - .milliseconds(1)) == 1)
    #expect(try second(25, after: .hours(24)) == 2)
    let desk = try made()
    try fail(desk, 1, now: Self.wall)
    try fail(desk, 5, now: Self.wall + .days(2))
    let first = try #require(try desk.retrains().first)
    #expect(
      try desk.inputs().map(\.detail) == [
        "{\"reason\":\"\(first.id) was requested less than the cooldown of 1d ago\",\"end\":\"2025-06-15T20:00:00.000Z\"}"
      ])
  }

  @Test func soManyAWeekAndNoMore() throws {
    let desk = try made(1, perWeek: 2)
    for day in 0..<3 { try fail(desk, Int64(day) * 24 + 1, now: Self.wall + .days(Int64(day))) }
    #expect(try desk.retrains().count == 2)
    #expect(
      try desk.inputs().map(\.detail) == [
        "{\"reason\":\"2 retrains were requested within 7d, the most that max_per_week allows\",\"end\":\"2025-06-17T16:00:00.000Z\"}"
      ])
    // The first is a week old.
    try fail(desk, 24 * 7 + 1, now: Self.wall + .days(7))
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
