import Testing

@testable import LeewayService

@Suite struct EvaluationPaceTests {
  private static let lease = Duration.seconds(30)

  private static func quick() -> EvaluationPace {
    var pace = EvaluationPace()
    for _ in 0..<9 { pace.took(.milliseconds(10), windows: pace.windows, lease: lease) }
    return pace
  }

  /// Two instances that have become slow and need a second a window now: each takes the lease when the other's has run out,
  /// and what took too long is lost.
  @Test func slowInstancesComeToStepsThatFitTheirLease() {
    var paces = [Self.quick(), Self.quick()]
    var left = 600
    var turns = 0
    while left > 0, turns < 1000 {
      let judged = min(left, paces[turns % 2].windows)
      if judged > 30 {
        paces[turns % 2].lost()
      } else {
        left -= judged
        paces[turns % 2].took(.seconds(judged), windows: judged, lease: Self.lease)
      }
      turns += 1
    }
    #expect(left == 0)
    #expect(turns < 200, "\(turns)")
    #expect(paces.allSatisfy { (1...8).contains($0.windows) })
  }

  /// A window of many features and slices says thousands of lines.
  @Test func stepsOfManyLinesStaySmall() {
    var pace = EvaluationPace()
    for _ in 0..<20 {
      pace.took(.milliseconds(10), windows: pace.windows, lines: pace.windows * 5000, lease: Self.lease)
    }
    #expect(pace.windows == 4)
    pace.took(.milliseconds(10), windows: 4, lines: 4 * 100, lease: Self.lease)
    #expect(pace.windows == 8)
  }

  @Test func quickStepsGrowToTheMost() {
    #expect(EvaluationPace().windows == EvaluationPace.first)
    #expect(Self.quick().windows == EvaluationPace.most)
    var pace = Self.quick()
    for _ in 0..<20 { pace.lost() }
    #expect(pace.windows == 1)
    for _ in 0..<9 { pace.took(.milliseconds(10), windows: pace.windows, lease: Self.lease) }
    #expect(pace.windows == EvaluationPace.most)
    // A step that was quick since there was little to do says nothing of a full one.
    pace.lost()
    pace.took(.milliseconds(10), windows: 3, lease: Self.lease)
    #expect(pace.windows == 128)
  }
}
