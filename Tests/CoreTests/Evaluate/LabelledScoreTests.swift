import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Labels that come early are no random sample: how far the labelled outputs are from the others.
@Suite struct LabelledScoreTests {
  private static func ks(_ a: [Double], _ b: [Double]) -> Double {
    (a + b).map { x in
      abs(Double(a.count { $0 <= x }) / Double(a.count) - Double(b.count { $0 <= x }) / Double(b.count))
    }.max() ?? 0
  }

  private func found(
    _ task: ModelTask, labels absent: LabelValue?, matured: Bool, labelled: (Double) -> Bool
  ) throws -> (value: Double?, expected: Double) {
    let events = Scene.predictions(300)
    let scores = events.compactMap { $0.output.flatMap(Double.init) }
    let labels = zip(events, scores).filter { labelled($1) }.map { event, _ in
      LabelEvent(id: event.id ?? "", time: event.time + .minutes(1), value: "1")
    }
    let scene = try Scene(task, predictions: [events], labels: [labels]) { $0.labels?.absent = absent }
    try scene.read()
    try scene.judge(at: Scene.minute(200), labels: matured ? Scene.minute(200) : Scene.minute(10))
    let line = try #require(
      try scene.lines(.performance).first { $0.end == Scene.minute(15) && $0.window == "15m" && $0.slice == "all" })
    let text = try #require(line.line.firstMatch(of: /"labelled_score_ks":([^,}]+)/)).1
    let value = Double(text)
    return (value, Self.ks(scores.filter(labelled), scores.filter { !labelled($0) }))
  }

  @Test(arguments: [ModelTask.binary, .regression], [true, false])
  func itIsTheDistanceBetweenLabelledAndOtherOutputs(_ task: ModelTask, _ matured: Bool) throws {
    for limit in [0.2, 0.5, 0.9] {
      let (value, expected) = try found(task, labels: nil, matured: matured) { $0 > limit }
      #expect(abs((value ?? -1) - expected) < 1e-12 && expected == 1, "\(limit)")
    }
    // Every third score, whatever it is.
    let (value, expected) = try found(task, labels: nil, matured: matured) { Int(($0 * 20).rounded()) % 3 == 0 }
    #expect(abs((value ?? -1) - expected) < 1e-12 && expected > 0 && expected < 0.3, "\(value ?? -1) \(expected)")
  }

  /// What absence says is no label that somebody gave.
  @Test func impliedLabelsAreNoSample() throws {
    let (value, expected) = try found(.binary, labels: .number(0), matured: true) { $0 > 0.7 }
    #expect(value == expected && expected == 1)
  }

  @Test func withoutTwoSidesThereIsNone() throws {
    for all in [true, false] {
      let (value, _) = try found(.binary, labels: nil, matured: true) { _ in all }
      #expect(value == nil)
    }
  }
}
