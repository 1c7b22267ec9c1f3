import LeewayTestSupport
import Testing

@testable import LeewayCore

/// Predictions and labels of one id in any order, in any batches: one state, one contribution to the panes.
@Suite struct JoinTests {
  private static let join = Join(
    pane: .minutes(5), horizon: .hours(1), lead: .days(365), absent: nil,
    comparison: VersionComparison(champion: "v1", challenger: "v10"))
  private static let start = EventTime(milliseconds: 1_750_000_000_000)

  /// What panes hold after a sequence of changes: how often each row counts.
  private struct Panes: Equatable {
    struct Key: Hashable {
      var pane: EventTime
      var slice: String
      var row: String
    }
    var counts: [Key: Int] = [:]

    mutating func add(_ change: PerformanceChange) {
      let key = Key(pane: change.pane, slice: change.slice, row: "\(change.row)")
      counts[key, default: 0] += change.subtract ? -1 : 1
      if counts[key] == 0 { counts[key] = nil }
    }
  }

  private static func history(_ random: inout SeededGenerator) -> [JoinChange] {
    var changes: [JoinChange] = []
    // Few times, so that ties are common.
    func time() -> EventTime { start + .minutes(Int64.random(in: 0...13, using: &random) * 7) }
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      // Payloads that differ have digests that differ.
      let digest = Int.random(in: 0...2, using: &random)
      changes.append(
        .prediction(
          JoinedPrediction(
            version: ["", "v1", "v2", "v10"].randomElement(using: &random) ?? "", time: time(),
            output: .number(Double(Int.random(in: 0...3, using: &random)) / 4),
            slices: [[], ["shop=b"], ["shop=b", "shop=c"]][digest], digest: UInt128(digest))))
    }
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      let value = Int.random(in: -1...1, using: &random)
      changes.append(
        .label(
          JoinedLabel(
            time: time(), value: value < 0 ? nil : .number(Double(value)),
            canonical: value < 0 ? [] : Array("\(value)".utf8))))
    }
    // Logs repeat themselves.
    changes += changes.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
    return changes
  }

  private static func apply(
    _ changes: [JoinChange], splitting random: inout SeededGenerator
  ) -> (state: JoinState, panes: Panes, counts: JoinCounts) {
    var state = JoinState()
    var panes = Panes()
    var counts = JoinCounts()
    var rest = changes[...]
    while !rest.isEmpty {
      let batch = rest.prefix(Int.random(in: 1...rest.count, using: &random))
      rest = rest.dropFirst(batch.count)
      var out: [PerformanceChange] = []
      join.apply(Array(batch), to: &state, counts: &counts, into: &out)
      for change in out { panes.add(change) }
    }
    return (state, panes, counts)
  }

  /// By the words of the rules, without merging anything.
  private static func naive(_ changes: [JoinChange]) -> Panes {
    var standing: [String: JoinedPrediction] = [:]
    var labels: [JoinedLabel] = []
    for change in changes {
      switch change {
      case .label(let label): labels.append(label)
      case .prediction(let new):
        func order(_ p: JoinedPrediction) -> (Int64, String, UInt128) {
          guard case .number(let x) = p.output else { return (0, "", 0) }
          // Of quarters in [0, 1) the texts are in the numbers' order.
          return (p.time.milliseconds, "\(x)", p.digest)
        }
        if let old = standing[new.version], order(old) <= order(new) { continue }
        standing[new.version] = new
      }
    }
    var panes = Panes()
    func counting(for prediction: JoinedPrediction) -> JoinedLabel? {
      var best: JoinedLabel?
      for label in labels where label.time <= prediction.time + .hours(1) {
        guard let known = best else {
          best = label
          continue
        }
        let wins =
          if label.time != known.time { label.time > known.time } else if known.value == nil {
            false
          } else if label
            .value == nil
          { true } else { known.canonical.lexicographicallyPrecedes(label.canonical) }
        if wins { best = label }
      }
      return best.flatMap { $0.value == nil ? nil : $0 }
    }
    if let champion = standing["v1"], let challenger = standing["v10"],
      abs((champion.time - challenger.time).milliseconds) <= TimeSpan.hours(1).milliseconds
    {
      let both = [champion, challenger].sorted { $0.time < $1.time }
      let shared = Set(champion.slices).intersection(challenger.slices).filter { $0.hasPrefix("shop=") }
      for slice in ["all"] + shared {
        panes.add(
          PerformanceChange(
            pane: both[1].time.floor(to: .minutes(5)), slice: slice,
            row: PerformanceRow(
              output: champion.output, challenger: challenger.output, label: counting(for: both[0])?.value),
            subtract: false))
      }
    }
    for prediction in standing.values {
      let label = counting(for: prediction)
      for slice in ["all"] + prediction.slices {
        let rows: PerformanceLayout.Rows =
          slice.hasPrefix("version=") ? .every : ["v1": .champion, "v10": .challenger][prediction.version] ?? .every
        let row = PerformanceRow(
          output: prediction.output, label: label?.value, delay: label.map { $0.time - prediction.time }, rows: rows)
        panes.add(
          PerformanceChange(pane: prediction.time.floor(to: .minutes(5)), slice: slice, row: row, subtract: false))
      }
    }
    return panes
  }

  @Test func orderAndBatchesChangeNothing() {
    var labelled = 0
    for seed in UInt64(1)...1500 {
      var random = SeededGenerator(seed: seed)
      var changes = Self.history(&random)
      let expected = Self.naive(changes)
      labelled += expected.counts.keys.count { $0.row.contains("label: Optional") }
      var first: JoinState?
      for _ in 0..<3 {
        let (state, panes, _) = Self.apply(changes, splitting: &random)
        #expect(panes == expected, "seed \(seed)")
        if let first { #expect(state == first, "seed \(seed)") } else { first = state }
        changes.shuffle(using: &random)
      }
    }
    #expect(labelled > 1000)
  }

  /// Two versions' predictions of one id, one of them logged twice, and a label that is said, corrected, retracted and
  /// said again: all 5,040 orders, message by message and at once.
  @Test func correctionsAndRetractionsInEveryOrderMoveExactly() {
    func prediction(_ version: String, _ minutes: Int64, _ score: Double) -> JoinChange {
      .prediction(
        JoinedPrediction(
          version: version, time: Self.start + .minutes(minutes), output: .number(score),
          slices: ["version=\(version)"],
          digest: UInt128(minutes)))
    }
    let changes = [
      prediction("v1", 0, 0.25), prediction("v10", 7, 0.75), prediction("v10", 9, 0.5), label(20, 1), label(30, 0),
      label(40, nil), label(62, 1),
    ]
    let expected = Self.naive(changes)
    // The last label is past the champion's horizon, where the retraction stands, and within the challenger's.
    #expect(expected.counts.count == 5 && expected.counts.keys.count { $0.row.contains("label: Optional") } == 2)
    let pair = expected.counts.keys.first { $0.row.contains("challenger: Optional") }
    #expect(pair?.row.contains("label: nil") == true && pair?.pane == Self.start.floor(to: .minutes(5)) + .minutes(5))
    var orders = 0
    var wrong: [[Int]] = []
    func visit(_ order: [Int]) {
      guard order.count < changes.count else {
        orders += 1
        var state = JoinState()
        var counts = JoinCounts()
        var out: [PerformanceChange] = []
        for i in order { Self.join.apply([changes[i]], to: &state, counts: &counts, into: &out) }
        var atOnce: [PerformanceChange] = []
        var fresh = JoinState()
        Self.join.apply(order.map { changes[$0] }, to: &fresh, counts: &counts, into: &atOnce)
        for changes in [out, atOnce] {
          var panes = Panes()
          for change in changes { panes.add(change) }
          if panes != expected { wrong.append(order) }
        }
        if state != fresh { wrong.append(order) }
        return
      }
      for i in changes.indices where !order.contains(i) { visit(order + [i]) }
    }
    visit([])
    #expect(orders == 5040)
    #expect(wrong == [])
  }

  /// A version that scores an id after the other's row may have been reclaimed makes no pair.
  @Test func pairsAreAtMostAHorizonApart() {
    func pairs(_ minutes: Int64) -> Int {
      var state = JoinState()
      var counts = JoinCounts()
      var out: [PerformanceChange] = []
      let changes: [JoinChange] = [("v1", Int64(0)), ("v10", minutes)].map { version, minutes in
        .prediction(
          JoinedPrediction(
            version: version, time: Self.start + .minutes(minutes), output: .number(0.5), slices: [], digest: 0))
      }
      Self.join.apply(changes, to: &state, counts: &counts, into: &out)
      return out.count { $0.row.challenger != nil }
    }
    #expect(pairs(60) == 1)
    #expect(pairs(-60) == 1)
    #expect(pairs(61) == 0)
    #expect(pairs(-61) == 0)
  }

  @Test func capsKeepTheSameWhateverTheOrder() {
    for seed in UInt64(1)...60 {
      var random = SeededGenerator(seed: seed)
      var changes: [JoinChange] = (0..<30).flatMap { i -> [JoinChange] in
        [
          .prediction(
            JoinedPrediction(
              version: "v\(i)", time: Self.start, output: .number(0.5), slices: ["version=v\(i)"], digest: 0)),
          .label(JoinedLabel(time: Self.start + .minutes(Int64(i)), value: .number(1), canonical: [49])),
        ]
      }
      changes.shuffle(using: &random)
      let one = Self.apply(changes, splitting: &random)
      changes.shuffle(using: &random)
      let other = Self.apply(changes, splitting: &random)
      #expect(one.state == other.state && one.panes == other.panes, "seed \(seed)")
      #expect(one.state.predictions.count == JoinState.maximumVersions && one.state.labels.count == 30)
      // Each in two slices, and the pair.
      #expect(one.panes.counts.values.reduce(0, +) == 2 * JoinState.maximumVersions + 1)
    }
  }

  /// Which slices a pane has seen does not depend on what stood for how long.
  @Test func everyPredictionTouchesItsSlices() {
    for seed in UInt64(1)...200 {
      var random = SeededGenerator(seed: seed)
      var changes = Self.history(&random)
      func touched(_ changes: [JoinChange]) -> Set<Panes.Key> {
        var state = JoinState()
        var counts = JoinCounts()
        var out: [PerformanceChange] = []
        var rest = changes[...]
        while !rest.isEmpty {
          let batch = rest.prefix(Int.random(in: 1...rest.count, using: &random))
          rest = rest.dropFirst(batch.count)
          Self.join.apply(Array(batch), to: &state, counts: &counts, into: &out)
        }
        return Set(out.map { Panes.Key(pane: $0.pane, slice: $0.slice, row: "") })
      }
      let first = touched(changes)
      changes.shuffle(using: &random)
      #expect(touched(changes) == first, "seed \(seed)")
    }
  }

  private func label(_ minutes: Int64, _ value: Double?) -> JoinChange {
    .label(
      JoinedLabel(
        time: Self.start + .minutes(minutes), value: value.map { .number($0) },
        canonical: value.map { Array("\(Int($0))".utf8) } ?? []))
  }

  private var prediction: JoinedPrediction {
    JoinedPrediction(version: "", time: Self.start, output: .number(0.5), slices: [], digest: 1)
  }

  /// A label of an earlier event is not the prediction's, whichever of the two comes first.
  @Test func aLabelFarBeforeItsPredictionIsImplausible() {
    var join = Self.join
    join.lead = .minutes(30)
    for labelsFirst in [false, true] {
      for (minutes, counts) in [(-30, true), (-31, false), (-60 * 24 * 365 * 5, false)] {
        var state = JoinState()
        var counted = JoinCounts()
        var out: [PerformanceChange] = []
        let changes = [JoinChange.prediction(prediction), label(Int64(minutes), 1)]
        for change in labelsFirst ? changes.reversed() : changes {
          join.apply([change], to: &state, counts: &counted, into: &out)
        }
        #expect(counted.matched == (counts ? 1 : 0) && counted.implausible == (counts ? 0 : 1), "\(minutes)")
        let standing = state.standing(for: prediction, at: .hours(1), lead: .minutes(30))
        if case .label(let found) = standing { #expect((found != nil) == counts, "\(minutes)") }
        var panes = Panes()
        for change in out { panes.add(change) }
        #expect(panes.counts.keys.contains { $0.row.contains("label: Optional") } == counts, "\(minutes)")
      }
    }
  }

  @Test func theHorizonIsInclusiveAndWhatIsBeyondIsIgnored() {
    var random = SeededGenerator(seed: 1)
    func value(_ changes: [JoinChange]) -> LabelValue? {
      let state = Self.apply([.prediction(prediction)] + changes, splitting: &random).state
      guard case .label(let label) = state.standing(for: prediction, at: .hours(1), lead: .days(365)) else {
        return nil
      }
      return label?.value
    }
    #expect(value([label(60, 1)]) == .number(1))
    #expect(value([label(61, 1)]) == nil)
    // One that does not count takes nothing from one that does.
    #expect(value([label(10, 0), label(61, 1)]) == .number(0))
    #expect(value([label(10, 0), label(61, nil)]) == .number(0))
    // The later stands; at equal times a retraction, then the greater text.
    #expect(value([label(20, 1), label(10, 0)]) == .number(1))
    #expect(value([label(20, nil), label(10, 0)]) == nil)
    #expect(value([label(20, nil), label(21, 0)]) == .number(0))
    #expect(value([label(20, 1), label(20, nil), label(20, 0)]) == nil)
    #expect(value([label(20, 1), label(20, 0)]) == .number(1))
    // Before the prediction is a label too.
    #expect(value([label(-500, 1)]) == .number(1))
  }

  @Test func countersSayWhatBecameOfEach() {
    var state = JoinState()
    var counts = JoinCounts()
    var out: [PerformanceChange] = []
    let batches: [[JoinChange]] = [
      [label(5, 1)], [.prediction(prediction)], [.prediction(prediction), label(5, 1)], [label(6, 0), label(61, 1)],
      [label(7, nil)],
    ]
    for batch in batches { Self.join.apply(batch, to: &state, counts: &counts, into: &out) }
    var expected = JoinCounts()
    expected.early = 1
    expected.matched = 1
    expected.duplicates = 1
    expected.repeated = 1
    expected.corrected = 1
    expected.expired = 1
    expected.retracted = 1
    #expect(counts == expected)
    // At once, nothing has to wait.
    counts = JoinCounts()
    state = JoinState()
    Self.join.apply(batches.flatMap(\.self).shuffled(), to: &state, counts: &counts, into: &out)
    expected.early = 0
    #expect(counts == expected)
  }

  /// What was corrected and retracted, in whatever order and batches labels and predictions are read.
  @Test func countersOfLabelsDoNotDependOnTheOrderOfReading() {
    var seen = JoinCounts()
    for seed in UInt64(1)...500 {
      var random = SeededGenerator(seed: seed)
      var changes: [JoinChange] = ["v1", "v2"].prefix(Int.random(in: 1...2, using: &random)).map { version in
        var one = prediction
        one.version = version
        one.time = Self.start + .minutes(Int64.random(in: 0...3, using: &random) * 5)
        return .prediction(one)
      }
      // Each at a time of its own: of two at once, what came first is nobody's to say.
      for minutes in Set((0..<6).map { _ in Int64.random(in: 1...75, using: &random) }).sorted() {
        changes.append(label(minutes, [nil, 0, 1][Int.random(in: 0...2, using: &random)]))
      }
      var expected: JoinCounts?
      for _ in 0..<6 {
        var (_, _, counts) = Self.apply(changes, splitting: &random)
        counts.early = 0
        counts.expired = 0
        if let expected { #expect(counts == expected, "seed \(seed)") } else { expected = counts }
        changes.shuffle(using: &random)
      }
      if let expected { seen += expected }
    }
    #expect(min(seen.matched, seen.corrected, seen.retracted) > 100)
  }

  @Test func rowsWaitForTheLastLabelOrPrediction() {
    var state = JoinState()
    #expect(Self.join.reclaimAfter(state) == .distantPast)
    _ = state.merge(JoinedLabel(time: Self.start, value: nil, canonical: []))
    #expect(Self.join.reclaimAfter(state) == Self.start + .days(365))
    _ = state.merge(prediction)
    #expect(Self.join.reclaimAfter(state) == Self.start + .hours(1))
  }

  /// Two texts that look alike are two versions, as they are two slices.
  @Test func versionsAreToldApartByTheirBytes() {
    let names = ["\u{e9}", "e\u{301}"]
    let predictions = names.map {
      JoinChange.prediction(
        JoinedPrediction(version: $0, time: Self.start, output: .number(0.5), slices: [], digest: 1))
    }
    var state = JoinState()
    var counts = JoinCounts()
    var changes: [PerformanceChange] = []
    Self.join.apply(predictions, to: &state, counts: &counts, into: &changes)
    #expect(state.predictions.count == 2 && counts.duplicates == 0)
    #expect(changes.count(where: { !$0.subtract && $0.slice == "all" }) == 2)
  }
}
