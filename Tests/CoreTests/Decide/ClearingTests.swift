import LeewayTestSupport
import Testing

@testable import LeewayCore

/// What ends an incident, and what only looks like it.
@Suite struct ClearingTests {
  private typealias Desk = IncidentTests.Desk

  /// The p-value rose because fewer rows came; the value is where it was.
  @Test func aVerdictThatIsOnlyLessCertainClearsNothing() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    let uncertain = try #require(desk.verdict(2, "drift", "amount", .ok, value: 0.11))
    #expect(try desk.decide([uncertain]) == [])
    #expect(try desk.incidents().map(\.state) == [.open])
    // At the limit is beyond it; below it is back, however uncertain.
    let at = try #require(desk.verdict(3, "drift", "amount", .ok, value: 0.1))
    #expect(try desk.decide([at]) == [])
    #expect(try desk.decide(4, [("drift", "amount", .insufficientData)]) == [])
    let below = try #require(desk.verdict(5, "drift", "amount", .ok, value: 0.099))
    #expect(try desk.decide([below]) == ["drift resolved warning"])
  }

  /// An info limit under the noise is never judged, and must not keep a warning for good.
  @Test func whatIsWithinALimitUnderTheNoiseIsBack() throws {
    let desk = try Desk()
    func verdict(_ hour: Int64, _ value: Double?) throws -> [String] {
      var verdict = try #require(desk.verdict(hour, "drift", "amount", .insufficientData, value: value))
      verdict.why = Shortfall(.noise, [("limit", .value(0.1)), ("noise", .value(0.06))])
      return try desk.decide([verdict])
    }
    try desk.decide(1, [("drift", "amount", .warning)])
    #expect(try verdict(2, 0.12) == [])
    #expect(try verdict(3, nil) == [])
    #expect(try verdict(4, 0.09) == ["drift resolved warning"])
  }

  /// A change from a reference that never is a fair sample cannot be judged, and must not keep open what a limit of a number
  /// opened.
  @Test func whatALimitOfANumberOpenedClearsByIt() throws {
    let auc = Check(
      name: "auc", on: .performance, metric: .auc, window: "1h",
      limits: [TierLimit(.warning, .maximumDrop(.absolute(0.05))), TierLimit(.critical, .below(.absolute(0.7)))])
    func verdict(_ desk: Desk, _ hour: Int64, _ value: Double?, _ tier: Tier, _ why: Shortfall.Reason) throws
      -> [String]
    {
      var verdict = try #require(desk.verdict(hour, "auc", "performance", tier, value: value))
      if tier == .insufficientData { verdict.why = Shortfall(why) }
      verdict.threshold = why == .rows ? nil : 0.7
      return try desk.decide([verdict])
    }
    for reason in [Shortfall.Reason.reference, .noBaseline] {
      let desk = try Desk(checks: [auc])
      #expect(try verdict(desk, 1, 0.65, .critical, reason) == ["performance/final opened critical"])
      #expect(try verdict(desk, 2, 0.69, .insufficientData, reason) == [])
      #expect(try verdict(desk, 3, nil, .insufficientData, reason) == [])
      // Too few rows say nothing, whatever the value is.
      #expect(try verdict(desk, 4, 0.9, .insufficientData, .rows) == [])
      #expect(try verdict(desk, 5, 0.71, .insufficientData, reason) == ["performance/final resolved critical"])
    }
    // What the change opened is not cleared by the other limit.
    let desk = try Desk(checks: [auc])
    #expect(try verdict(desk, 1, 0.75, .warning, .reference) == ["performance/final opened warning"])
    #expect(try verdict(desk, 2, 0.79, .insufficientData, .reference) == [])
    #expect(try verdict(desk, 3, 0.79, .ok, .reference) == ["performance/final resolved warning"])
  }

  /// A slice that is there and still beyond its limit is not gone.
  @Test func whatIsStillBeyondItsLimitDoesNotExpire() throws {
    let desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning), ("drift", "country", .warning)])
    for hour in 2...73 {
      #expect(try desk.incidents().first?.evidence.contains("country") == true)
      let verdict = try #require(desk.verdict(Int64(hour), "drift", "amount", .ok, value: 0.2))
      #expect(try desk.decide([verdict]) == [])
    }
    #expect(try desk.incidents().first?.evidence.contains("country") == false)
    #expect(try desk.decide(144, [("drift", "score", .ok)]) == [])
    #expect(try desk.decide(145, [("drift", "score", .ok)]) == ["drift resolved warning"])
    let line = try #require(try desk.lines().last)
    #expect(line.contains(#""because":"no verdict of drift on amount in all for 3d""#), "\(line)")
  }

  /// A shift for good, and 40 rows an hour by night: one incident, and one retrain.
  @Test func nightsThatCannotBeJudgedEndNothing() throws {
    let desk = try Desk(
      retrain: RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 10, deadline: .hours(6)))
    for hour in 1...400 {
      let isNight = hour % 24 < 8 || hour > 200
      _ = try desk.decide(Int64(hour), [("auc", "performance", isNight ? .insufficientData : .critical)])
    }
    #expect(try desk.incidents().map(\.state) == [.retraining])
    #expect(try desk.retrains().count == 1)
    // Kept alive by a few entries of the log, not by one an hour.
    let log = try desk.ledger.read {
      try $0.decisions(monitor: "fraud", group: .performanceFinal, outside: false, after: nil, limit: .max)
    }
    #expect(log.count { $0.body.contains("unjudged") } == 5, "\(log.count { $0.body.contains("unjudged") })")
    #expect(try desk.transitions(.performanceFinal).map(\.kind) == [.opened, .retraining])
  }

  /// A limit that is relative to a reference is where the verdict says that it is.
  @Test func aRelativeLimitIsTheVerdictsOwn() throws {
    let auc = Check(
      name: "auc", on: .performance, metric: .auc, window: "1h",
      limits: [TierLimit(.warning, .maximumDrop(.absolute(0.05)))])
    let desk = try Desk(checks: [auc])
    func verdict(_ hour: Int64, _ value: Double, _ tier: Tier) throws -> [String] {
      var verdict = try #require(desk.verdict(hour, "auc", "performance", tier, value: value))
      verdict.threshold = 0.75
      return try desk.decide([verdict])
    }
    #expect(try verdict(1, 0.7, .warning) == ["performance/final opened warning"])
    #expect(try verdict(2, 0.74, .ok) == [])
    #expect(try verdict(3, 0.76, .ok) == ["performance/final resolved warning"])
  }

  @Test func infoHoldsNoWarningOpen() throws {
    let desk = try Desk()
    #expect(
      try desk.decide(1, [("drift", "amount", .warning), ("drift", "country", .info)]) == ["drift opened warning"])
    // What had reached warning holds it at info too, since it is not back within its limit.
    #expect(try desk.decide(2, [("drift", "amount", .info), ("drift", "country", .info)]) == [])
    #expect(
      try desk.decide(3, [("drift", "amount", .ok), ("drift", "country", .info)]) == ["drift resolved warning"])
    // What is left at info opens nothing, until it has cleared or is worse.
    #expect(try desk.decide(4, [("drift", "country", .info)]) == [])
    #expect(try desk.decide(5, [("drift", "country", .info), ("drift", "score", .info)]) == ["drift opened info"])
    #expect(try desk.decide(6, [("drift", "score", .ok), ("drift", "country", .info)]) == ["drift resolved info"])
    #expect(try desk.decide(7, [("drift", "country", .warning)]) == ["drift opened warning"])
    #expect(try desk.decide(8, [("drift", "country", .ok)]) == ["drift resolved warning"])
    #expect(try desk.decide(9, [("drift", "country", .info)]) == ["drift opened info"])
  }

  /// An alarm of a detector, which has no test, no longer stands before a loss of performance.
  @Test func detectorsHaveACauseOfTheirOwn() throws {
    let adwin = Check(
      name: "adwin", on: .errors, metric: .adwin, window: "1h", limits: [TierLimit(.critical, .above(.absolute(1)))])
    let desk = try Desk(checks: IncidentTests.checks + [adwin])
    #expect(try desk.decide(1, [("adwin", "errors", .critical)]) == ["concept opened critical"])
    #expect(
      try desk.decide(2, [("adwin", "errors", .critical), ("auc", "performance", .critical)]) == [
        "performance/final opened critical"
      ])
    #expect(
      try desk.decide(3, [("adwin", "errors", .critical), ("auc", "performance", .ok)]) == [
        "performance/final resolved critical"
      ])
  }

  @Test func causesBelongToTheStreamOfTheEvidence() {
    func group(_ metric: Metric, on: Check.Subjects = .performance) -> [String] {
      let check = Check(name: "c", on: on, metric: metric, window: "1h", limits: [Check.above(1)])
      return Stage.allCases.map { check.causeGroup($0).rawValue }
    }
    #expect(group(.missingRatio) == ["data", "data"])
    #expect(group(.rows, on: .traffic) == ["data", "data"])
    #expect(group(.psi) == ["drift", "drift"])
    #expect(group(.mean) == ["drift", "drift"])
    #expect(group(.estimatedAccuracy) == ["drift", "drift"])
    #expect(group(.adwin, on: .errors) == ["concept", "concept"])
    #expect(group(.auc) == ["performance/early", "performance/final"])
    #expect(
      CauseGroup.allCases.map(\.rawValue) == ["data", "drift", "concept", "performance/early", "performance/final"])
  }

  /// A check that is no longer there holds nothing open, and the log says that it went.
  @Test func aRemovedCheckHoldsNothing() throws {
    var desk = try Desk()
    try desk.decide(1, [("drift", "amount", .warning)])
    let second = IncidentTests.check("drift2", .ks)
    try desk.reload { $0.checks = [second] }
    #expect(try desk.decide(2, [("drift2", "amount", .ok)]) == ["drift resolved warning"])
    let log = try desk.ledger.read {
      try $0.decisions(monitor: "fraud", group: .drift, outside: false, after: nil, limit: 9)
    }
    #expect(log.map(\.kind) == ["verdicts", "checks_removed", "verdicts"])
    #expect(log[1].body == #"{"checks":["drift"]}"#)
  }
}
