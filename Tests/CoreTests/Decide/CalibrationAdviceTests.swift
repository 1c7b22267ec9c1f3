import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Scores that are no probabilities any more are mapped again; a model that ranks worse is trained again.
@Suite struct CalibrationAdviceTests {
  private static func desk() throws -> IncidentTests.Desk {
    try IncidentTests.Desk(
      retrain: RetrainPolicy(
        cooldown: .hours(24), maximumPerWeek: 3, deadline: .hours(6), scorecard: []))
  }

  @Test func calibrationAloneAsksForAMapAndNotForARetrain() throws {
    let desk = try Self.desk()
    #expect(try desk.decide(1, [("ece", "performance", .critical)]) == ["performance/final opened critical"])
    #expect(try desk.retrains().isEmpty)
    let line = try #require(try desk.lines().first)
    #expect(line.contains("\"reason\":\"performance/final\",\"advice\":\"recalibrate: only calibration has moved;"))
    let deliveries = try desk.deliveries()
    #expect(deliveries.map(\.receiver) == ["chat", "pager"])
    #expect(deliveries.allSatisfy { $0.body.contains("\"advice\":\"recalibrate:") })
    // Once the ranking falls too, it is another matter.
    _ = try desk.decide(2, [("ece", "performance", .critical), ("auc", "performance", .critical)])
    #expect(try desk.retrains().count == 1)
  }

  @Test func anythingElseIsNoMatterOfCalibration() throws {
    let desk = try Self.desk()
    _ = try desk.decide(1, [("auc", "performance", .critical), ("ece", "performance", .ok)])
    #expect(try desk.retrains().count == 1)
    #expect(try desk.lines().allSatisfy { !$0.contains("advice") })
    #expect(try desk.deliveries().allSatisfy { !$0.body.contains("advice") })
  }
}
