import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Drift calls for a retrain by a shift that has lasted, beside sound data.
@Suite struct ShiftRetrainTests {
  private typealias Desk = IncidentTests.Desk

  private func made(_ on: Check.Subjects = .features(except: [])) throws -> Desk {
    var desk = try Desk()
    desk.plan = try ShiftScene.plan([
      ShiftScene.check(on), IncidentTests.check("drift", .psi), IncidentTests.check("missing", .missingRatio),
    ]) {
      $0.alerts = [.warning: ["chat"], .critical: ["chat", "retrain"]]
      $0.retrain = RetrainPolicy(cooldown: .hours(1), maximumPerWeek: 3, deadline: .hours(6))
    }
    return desk
  }

  private func decide(
    _ desk: Desk, _ hour: Int64, _ tier: Tier, _ subject: String = "amount", null: String = "hours"
  ) throws -> [String] {
    var verdict = try #require(desk.verdict(hour, "moved", subject, tier))
    verdict.finding = .shift(
      ShiftFinding(
        stream: ShiftStreamName(.location), size: 1, since: IncidentTests.hour(0), was: 1, now: 2, null: null))
    return try desk.decide([verdict])
  }

  @Test func aShiftThatHasLastedADayAsksOnce() throws {
    let desk = try made()
    #expect(try decide(desk, 1, .critical) == ["drift opened critical"])
    for hour in 2...24 { #expect(try decide(desk, Int64(hour), .critical) == []) }
    #expect(try decide(desk, 25, .critical) == ["drift retraining critical"])
    #expect(try decide(desk, 26, .critical) == [])
    #expect(try desk.retrains().map(\.requestedAt) == [IncidentTests.hour(25)])
  }

  @Test func aBreakBeginsItAgain() throws {
    let desk = try made()
    #expect(try decide(desk, 1, .critical) == ["drift opened critical"])
    #expect(try decide(desk, 1, .critical, "number") == ["drift spread critical"])
    // The incident stays open by the other one.
    #expect(try decide(desk, 20, .ok) == [])
    #expect(try decide(desk, 21, .ok, "number") == ["drift resolved critical"])
    #expect(try decide(desk, 22, .critical) == ["drift opened critical"])
    #expect(try decide(desk, 30, .critical) == [])
    #expect(try decide(desk, 45, .critical) == [])
    #expect(try decide(desk, 46, .critical) == ["drift retraining critical"])
  }

  /// It is the tier that asks which has to last.
  @Test func aWarningThatBecomesCriticalSettlesFromThenOn() throws {
    let desk = try made()
    #expect(try decide(desk, 1, .warning) == ["drift opened warning"])
    #expect(try decide(desk, 29, .warning) == [])
    #expect(try decide(desk, 30, .critical) == ["drift escalated critical"])
    #expect(try decide(desk, 53, .critical) == [])
    #expect(try decide(desk, 54, .critical) == ["drift retraining critical"])
  }

  @Test func badDataHoldItBackUntilTheyAreADayAgo() throws {
    let desk = try made()
    _ = try decide(desk, 1, .critical)
    try desk.decide(10, [("missing", "amount", .warning)])
    try desk.decide(12, [("missing", "amount", .ok)])
    #expect(try decide(desk, 25, .critical) == ["drift retrain_held critical"])
    #expect(
      try desk.incidents().first { $0.group == .drift }?.retrain.contains("overlapped the window that asks") == true)
    #expect(try decide(desk, 35, .critical) == [])
    #expect(try decide(desk, 36, .critical) == ["drift retraining critical"])
  }

  /// Shifts of the score, distances, and what rests on no null of hours.
  @Test func othersNeverAsk() throws {
    let score = try made(.output)
    #expect(try decide(score, 1, .critical, "score") == ["drift opened critical"])
    #expect(try decide(score, 100, .critical, "score") == [])
    let undated = try made()
    #expect(try decide(undated, 1, .critical, null: "iid") == ["drift opened critical"])
    #expect(try decide(undated, 100, .critical, null: "iid") == [])
    let distance = try made()
    for hour in [1, 30, 60] as [Int64] { try distance.decide(hour, [("drift", "amount", .critical)]) }
    for desk in [score, undated, distance] { #expect(try desk.retrains().isEmpty) }
  }
}
