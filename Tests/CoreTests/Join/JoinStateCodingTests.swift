import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct JoinStateCodingTests {
  private static let texts = ["", "v1", "e\u{301}", "a\u{0}b", String(repeating: "x", count: 300)]

  private static func state(_ random: inout SeededGenerator) -> JoinState {
    func text() -> String { texts.randomElement(using: &random) ?? "" }
    func time() -> EventTime {
      EventTime(milliseconds: [0, -1, 1_750_000_000_000, .min, .max].randomElement(using: &random) ?? 0)
    }
    var state = JoinState()
    for i in 0..<Int.random(in: 0...4, using: &random) {
      let output: ModelOutput =
        Bool.random(using: &random)
        ? .number(Double.random(in: 0...1, using: &random))
        : .category(
          text(),
          probabilities: (0..<Int.random(in: 0...3, using: &random)).map {
            ClassProbability(name: "c\($0)", probability: Double.random(in: 0...1, using: &random))
          })
      _ = state.merge(
        JoinedPrediction(
          version: "\(i)" + text(), time: time(), output: output,
          slices: (0..<Int.random(in: 0...3, using: &random)).map { _ in "shop=" + text() },
          digest: UInt128.random(in: 0...(.max), using: &random)))
    }
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let value: LabelValue? = [nil, .number(1), .category(text())].randomElement(using: &random) ?? nil
      _ = state.merge(JoinedLabel(time: time(), value: value, canonical: value == nil ? [] : Array(text().utf8)))
    }
    return state
  }

  @Test func statesReadBackTheSame() throws {
    for seed in UInt64(1)...500 {
      var random = SeededGenerator(seed: seed)
      let state = Self.state(&random)
      let read = try JoinState(encoded: state.encoded())
      #expect(read == state, "seed \(seed)")
      #expect(read.labels.map(\.value) == state.labels.map(\.value), "seed \(seed)")
      #expect(read.encoded() == state.encoded(), "seed \(seed)")
    }
  }

  @Test func everyTruncationIsRefused() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<10 {
      let bytes = Self.state(&random).encoded()
      for length in bytes.indices {
        #expect(throws: JoinStateDamaged.self) { try JoinState(encoded: Array(bytes[..<length])) }
      }
    }
  }

  /// What reads back from damage may be another state; joining and counting it may not end the process.
  @Test(arguments: ModelTask.allCases)
  func damageIsRefusedOrCounted(_ task: ModelTask) throws {
    let plan = try SampleMonitor.plan(try SampleMonitor.monitor(task))
    let layout = try #require(plan.performance)
    let join = Join(pane: .minutes(5), horizon: .hours(1), lead: .hours(1), absent: nil)
    var block = CellBlock(layout.shape)
    var refused = 0
    for seed in UInt64(1)...1500 {
      var random = SeededGenerator(seed: seed)
      var bytes = Self.state(&random).encoded()
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        if Bool.random(using: &random) {
          bytes[at] =
            [0, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
        } else {
          bytes.insert(contentsOf: [0xff, 0xff, 0xff, 0x7f].prefix(Int.random(in: 1...4, using: &random)), at: at)
        }
      }
      do {
        var state = try JoinState(encoded: bytes)
        var counts = JoinCounts()
        var changes: [PerformanceChange] = []
        let label = JoinedLabel(time: EventTime(milliseconds: 0), value: .number(1), canonical: [49])
        join.apply([.label(label)], to: &state, counts: &counts, into: &changes)
        for change in changes { layout.apply(change.row, to: &block, subtract: change.subtract) }
        _ = join.reclaimAfter(state)
      } catch { refused += 1 }
    }
    #expect(refused > 100)
  }

  /// Numbers that no message can carry.
  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -0.5])
  func impossibleNumbersAreRefusedOrNotCounted(_ number: Double) throws {
    for output in [
      ModelOutput.number(number), .category("cat", probabilities: [ClassProbability(name: "cat", probability: number)]),
    ] {
      var bytes = JoinState()
      bytes.predictions = [
        JoinedPrediction(version: "", time: EventTime(milliseconds: 0), output: output, slices: [], digest: 0)
      ]
      for task in ModelTask.allCases {
        let layout = try #require(try SampleMonitor.plan(try SampleMonitor.monitor(task)).performance)
        guard let state = try? JoinState(encoded: bytes.encoded()) else { continue }
        var block = CellBlock(layout.shape)
        for label in [LabelValue.number(1), .category("cat")] {
          for prediction in state.predictions {
            layout.apply(PerformanceRow(output: prediction.output, label: label), to: &block)
            layout.apply(PerformanceRow(output: prediction.output, label: label), to: &block, subtract: true)
          }
        }
        #expect(block.isZero)
      }
    }
  }
}
