import LeewayCore
import Testing

@testable import LeewayConfiguration
@testable import LeewayReplay
@testable import LeewayService

/// What checks name of segments, beside what training rows have of them.
@Suite struct SliceWarningsTests {
  private static func text(segments: String, more: String = "") -> String {
    """
    monitor: flights
    task: binary
    predictions: {topic: p, fields: {id: id, time: at, score: score}}
    labels: {topic: l, fields: {id: id, time: at, value: late}, horizon: 1d}
    features: {distance: numeric, carrier: categorical}
    segments: \(segments)
    windows: [{size: 1h, every: 5m}]
    baseline: flights.baseline.json
    checks:
    - {name: rows, on: traffic, metric: rows, window: 1h, warning: 1}
    \(more)
    alerts: {warning: [log]}

    """
  }

  private static let training =
    "distance,carrier,score,late\n"
    + (0..<3000).map { "\($0 % 997),\(["AA", "DL", "UA"][$0 % 3]),0.\(100 + $0 % 800),\($0 % 7 == 0 ? 1 : 0)\n" }
    .joined()

  /// The warnings about slices, without the file's name.
  private func warnings(segments: String, more: String = "") throws -> [String] {
    try TemporaryFolder.use { folder in
      let file = folder.write("flights.yaml", Self.text(segments: segments, more: more))
      let training = folder.write("training.csv", Self.training)
      let monitor = try #require(MonitorFile.load(file, environment: [:]).0)
      var baseline = try BaselineFit(monitor: monitor, paths: [training], heldOut: []) { _, _ in }.run().baseline
      folder.write("flights.baseline.json", baseline.encoded())
      let read = MonitorFile(path: file, baseline: .required, environment: [:])
      #expect(read.problems.allSatisfy { $0.severity == .warning })
      return read.problems.map { $0.description.replacing("\(file):", with: "") }
        .filter { $0.contains("slices") || $0.contains("segments") || $0.contains("reference") }
    }
  }

  @Test func aValueThatNoTrainingRowHasIsNamed() throws {
    let found = try warnings(
      segments: "[carrier]",
      more:
        "- {name: drift, on: features, metric: psi, window: 1h, warning: 0.2, slices: [carrier=AA, carrier=ZZ, carrier=DLL]}"
    )
    #expect(
      found == [
        "11:91: warning: checks[1].slices[1] is carrier=ZZ, and no training row has that value of carrier, so nothing is judged until messages have it; it has AA, DL, UA.",
        "11:103: warning: checks[1].slices[2] is carrier=DLL, and no training row has that value of carrier, so nothing is judged until messages have it; it has AA, DL, UA. Did you mean DL?",
      ])
  }

  @Test func aGroupThatNoTrainingRowHasIsNamed() throws {
    let found = try warnings(
      segments: "[carrier]",
      more:
        "- {name: fair, on: fairness, metric: disparate_impact, window: 1h, segment: carrier, reference: AAA, favourable: 0, warning: 0.8}"
    )
    #expect(
      found == [
        "11:97: warning: checks[1].reference is AAA, and no training row has that value of carrier, so nothing is judged until messages have it; it has AA, DL, UA. Did you mean AA?"
      ])
  }

  @Test func aNumericFeatureMakesTooManySlices() throws {
    let found = try warnings(segments: "[distance]")
    #expect(
      found == [
        "6:12: warning: segments[0] is distance, a numeric feature: each of its values is a slice, and the first 100 get windows. Name a field with few values, such as carrier"
      ])
  }

  @Test func aSegmentThatNoTrainingRowHasIsNamed() throws {
    let found = try warnings(segments: "[carier]")
    #expect(
      found == [
        "6:12: warning: segments[0] is carier, and the baseline has no value of it: no slice has a part of the baseline of its own. If the training data have it, fit the baseline again. Did you mean carrier?"
      ])
  }

  @Test func whatIsRightIsNotWarnedOf() throws {
    let found = try warnings(segments: "[carrier]")
    #expect(found == [])
  }
}
