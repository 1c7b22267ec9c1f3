import LeewayTestSupport
import Testing

@testable import LeewayCore

/// The two sets of cells: what stood when a prediction was 20 minutes old, and what stands when it is an hour old.
@Suite struct JoinStageTests {
  private static let join = Join(
    pane: .minutes(5), horizon: .hours(1), lead: .hours(1), early: .minutes(20), absent: .number(0))
  private static let start = EventTime(milliseconds: 1_750_000_000_000)
  private static let ages: [(stage: Stage, age: TimeSpan)] = [(.early, .minutes(20)), (.final, .hours(1))]

  private static func prediction(_ minutes: Int64 = 0, version: String = "v1") -> JoinedPrediction {
    JoinedPrediction(
      version: version, time: start + .minutes(minutes), output: .number(0.5), slices: ["version=\(version)"],
      digest: UInt128(minutes))
  }

  private static func label(_ seconds: Int64, _ value: Int?) -> JoinedLabel {
    JoinedLabel(
      time: start + .seconds(seconds), value: value.map { .number(Double($0)) },
      canonical: value.map { Array("\($0)".utf8) } ?? [])
  }

  /// What the cells of slice `all` hold, as `early 1` for a pair with label 1, `early -` for one without.
  private typealias Cells = [String: Int]

  private static func name(_ stage: Stage, _ row: PerformanceRow) -> String {
    let label = if case .number(let x) = row.label { "\(Int(x))" } else { "-" }
    return "\(stage) \(label)\(row.implied == nil ? "" : " or 0")"
  }

  private static func apply(_ changes: [[JoinChange]]) -> (cells: Cells, state: JoinState, counts: JoinCounts) {
    var state = JoinState()
    var counts = JoinCounts()
    var out: [PerformanceChange] = []
    for batch in changes { join.apply(batch, to: &state, counts: &counts, into: &out) }
    var cells: Cells = [:]
    for change in out where change.slice == "all" {
      cells[name(change.stage, change.row), default: 0] += change.subtract ? -1 : 1
    }
    return (cells.filter { $0.value != 0 }, state, counts)
  }

  /// By the words of the rules: of the labels up to an age the one that stands, and none where there are over 256.
  private static func naive(_ predictions: [JoinedPrediction], _ labels: [JoinedLabel]) -> Cells {
    var cells: Cells = [:]
    for (stage, age) in ages {
      for prediction in predictions {
        var known: [JoinedLabel] = []
        for label in labels where label.time <= prediction.time + age && !known.contains(label) { known.append(label) }
        guard known.count <= 256 else {
          cells["\(stage) -", default: 0] += 1
          continue
        }
        let best = known.max { a, b in
          if a.time != b.time { return a.time < b.time }
          if (a.value == nil) != (b.value == nil) { return b.value == nil }
          return a.canonical.lexicographicallyPrecedes(b.canonical)
        }
        let row = PerformanceRow(output: .number(0), label: best?.value, implied: stage == .final ? .number(0) : nil)
        cells[name(stage, row), default: 0] += 1
      }
    }
    return cells
  }

  @Test func bothLimitsAreInclusiveAndEachStageHasWhatStoodThen() {
    func cells(_ labels: [JoinedLabel]) -> [String] {
      Self.apply([[.prediction(Self.prediction())], labels.map { .label($0) }]).cells.keys.sorted()
    }
    #expect(cells([]) == ["early -", "final - or 0"])
    #expect(cells([Self.label(1200, 1)]) == ["early 1", "final 1 or 0"])
    #expect(cells([Self.label(1201, 1)]) == ["early -", "final 1 or 0"])
    #expect(cells([Self.label(3600, 1)]) == ["early -", "final 1 or 0"])
    #expect(cells([Self.label(3601, 1)]) == ["early -", "final - or 0"])
    // A correction after the early limit leaves what stood, and a retraction before it takes it back.
    #expect(cells([Self.label(60, 1), Self.label(1201, 0)]) == ["early 1", "final 0 or 0"])
    #expect(cells([Self.label(60, 1), Self.label(1201, nil)]) == ["early 1", "final - or 0"])
    #expect(cells([Self.label(60, 1), Self.label(1200, nil), Self.label(3000, 0)]) == ["early -", "final 0 or 0"])
  }

  /// Two versions' predictions, and labels just before and after both limits: all 5,040 orders, message by message.
  @Test func everyOrderOfArrivalEndsWithTheSameTwoSets() {
    let predictions = [Self.prediction(), Self.prediction(10, version: "v2")]
    let labels = [
      Self.label(1200, 1), Self.label(1201, 0), Self.label(1800, nil), Self.label(3600, 1), Self.label(3601, 0),
    ]
    let changes = predictions.map { JoinChange.prediction($0) } + labels.map { JoinChange.label($0) }
    let expected = Self.naive(predictions, labels)
    #expect(expected == ["early 1": 1, "early -": 1, "final 1 or 0": 1, "final 0 or 0": 1])
    var orders = 0
    var wrong: [[Int]] = []
    func visit(_ order: [Int]) {
      guard order.count < changes.count else {
        orders += 1
        if Self.apply(order.map { [changes[$0]] }).cells != expected { wrong.append(order) }
        return
      }
      for i in changes.indices where !order.contains(i) { visit(order + [i]) }
    }
    visit([])
    #expect(orders == 5040)
    #expect(wrong == [])
  }

  /// Up to 300 labels of one id on both sides of both limits, in random orders and batches.
  @Test func upTo300LabelsAnIdEndWithTheSameTwoSets() {
    var seen: [String: Int] = [:]
    for seed in UInt64(1)...150 {
      var random = SeededGenerator(seed: seed)
      let predictions = [Self.prediction(), Self.prediction(15, version: "v2")]
      let count = [3, 40, 200, 257, 300][Int(seed % 5)]
      // Most of them in one part of the time, so that one stage alone may have too many.
      let parts = [(0, 1200), (1201, 3600), (3601, 6000)]
      let main = parts[Int(seed / 5 % 3)]
      let labels = (0..<count).map { i in
        let (from, to) = i % 16 == 0 ? parts[i / 16 % 3] : main
        let value = Int.random(in: -1...1, using: &random)
        return Self.label(Int64(Int.random(in: from...to, using: &random)), value < 0 ? nil : value)
      }
      var changes = predictions.map { JoinChange.prediction($0) } + labels.map { JoinChange.label($0) }
      let expected = Self.naive(predictions, labels)
      // Without a word of what is implied it is a prediction with too many labels.
      seen["\(expected["final -"] ?? 0) of 2 at the horizon", default: 0] += 1
      var first: JoinState?
      for _ in 0..<3 {
        changes.shuffle(using: &random)
        var batches: [[JoinChange]] = []
        var rest = changes[...]
        while !rest.isEmpty {
          let batch = rest.prefix(Int.random(in: 1...40, using: &random))
          rest = rest.dropFirst(batch.count)
          batches.append(Array(batch))
        }
        let (cells, state, _) = Self.apply(batches)
        #expect(cells == expected, "seed \(seed)")
        if let first { #expect(state == first, "seed \(seed)") } else { first = state }
      }
    }
    #expect(Set(seen.keys).isSuperset(of: ["0 of 2 at the horizon", "2 of 2 at the horizon"]), "\(seen)")
  }

  @Test func withA257thLabelThatMayCountNoneCountsAtTheStagesThatItReaches() {
    func cells(_ count: Int, upTo seconds: Int64, and more: [JoinedLabel] = []) -> Cells {
      let labels = (0..<count).map { Self.label(seconds - Int64($0), $0 % 2) } + more
      return Self.apply([[.prediction(Self.prediction())], labels.shuffled().map { .label($0) }]).cells
    }
    #expect(cells(256, upTo: 1200) == ["early 0": 1, "final 0 or 0": 1])
    #expect(cells(257, upTo: 1200) == ["early -": 1, "final -": 1])
    // One of them between the limits: the early cells have what stood then, whatever came after.
    #expect(cells(256, upTo: 1200, and: [Self.label(1201, 1)]) == ["early 0": 1, "final -": 1])
    #expect(cells(256, upTo: 1200, and: [Self.label(3600, nil)]) == ["early 0": 1, "final -": 1])
    // What is past the horizon counts for nothing, in number too.
    #expect(cells(256, upTo: 1200, and: (3601..<3700).map { Self.label($0, 1) }) == ["early 0": 1, "final 0 or 0": 1])
    // The same label again is no other one.
    #expect(cells(256, upTo: 1200, and: [Self.label(1200, 0)]) == ["early 0": 1, "final 0 or 0": 1])
  }

  @Test func labelsBeyond256AreCountedAndWhatIsKeptIsTheSets() throws {
    let labels = (0..<300).map { JoinChange.label(Self.label(Int64($0), 1)) }
    let found = Self.apply(labels.shuffled().map { [$0] } + [[.prediction(Self.prediction())]])
    #expect(found.counts.overLimit == 44)
    #expect(found.cells == ["early -": 1, "final -": 1])
    #expect(found.state.labels.count == 257)
    #expect(found.state.labels.map(\.time) == (0..<257).reversed().map { Self.start + .seconds($0) })
    #expect(try JoinState(encoded: found.state.encoded()) == found.state)
  }
}
