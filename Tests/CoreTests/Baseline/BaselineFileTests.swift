import LeewayStatistics
import LeewayTestSupport
import Testing

@testable import LeewayCore

@Suite struct BaselineFileTests {
  /// Small enough to read, with something in every place.
  private static var small: Baseline {
    let amount = NumericDomain(
      binning: NumericBinning(knots: [1, 2.5], cuts: [1, 2.5]), fixedPoint: FixedPoint(origin: 1, exponent: 32))
    let amountCells = SubjectCells(
      counts: [1, 2, 3, 4, 5], sums: [-7, 5 << 61, 9], squares: Int192(low: .max, high: 2), missing: 6, invalid: 7,
      outlying: 1)
    let country = CategoricalDomain(categories: ["DE", "é\n\"", "e\u{301}"], otherHashes: [3, 255], overflowed: false)
    let score = NumericDomain(
      binning: NumericBinning(knots: [0.25, 0.5], cuts: [0.25, 0.5]), fixedPoint: FixedPoint(origin: 0.5, exponent: 34))
    let scoreCells = SubjectCells(
      counts: [0, 9, 0, 10, 9], sums: [0, 0, 4], squares: Int192(low: 9 << 64 + 4, high: 0))
    return Baseline(
      monitor: "m", task: .binary, rows: 28,
      subjects: [
        SubjectBaseline(
          name: "amount", domain: .numeric(amount), cells: amountCells, mean: 1.75, standardDeviation: 0.75),
        SubjectBaseline(
          name: "country", domain: .categorical(country), cells: SubjectCells(counts: [10, 5, 1, 2, 0], missing: 10)),
        SubjectBaseline(name: "score", domain: .numeric(score), cells: scoreCells),
      ],
      segments: [SegmentProfile(name: "channel", values: ["web", "app"])],
      slices: [
        SliceBaseline(
          slice: "channel=web", rows: 5,
          subjects: [
            SubjectCells(
              counts: [0, 0, 3, 0, 0], sums: [0, 5, 0], squares: Int192(low: 9, high: 0), missing: 2),
            SubjectCells(counts: [0, 1, 0, 0, 0], missing: 4),
            SubjectCells(counts: [0, 0, 0, 0, 5], sums: [0, 0, 4], squares: Int192(low: 4, high: 0)),
          ])
      ], classes: [],
      performance: PerformanceBaseline(labelled: 12, inSample: true, metrics: ["auc": 0.75, "brier": 0.1]))
  }

  private static func text(_ baseline: Baseline) -> String {
    var baseline = baseline
    return String(decoding: baseline.encoded(), as: UTF8.self)
  }

  private func message(_ text: String) -> String {
    do {
      _ = try Baseline(decoding: Array(text.utf8))
      return "read"
    } catch { return error.description }
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    var baseline = Self.small
    let bytes = baseline.encoded()
    let read = try Baseline(decoding: bytes)
    #expect(read == baseline)
    var again = read
    #expect(again.encoded() == bytes)
    for task in ModelTask.allCases {
      var sample = SampleMonitor.baseline(try SampleMonitor.monitor(task))
      let encoded = sample.encoded()
      #expect(try Baseline(decoding: encoded) == sample)
      #expect(sample.slices.map(\.slice) == ["channel=web"])
    }
  }

  @Test func identityIsThatOfTheContent() {
    var first = Self.small
    _ = first.encoded()
    var second = Self.small
    second.identity = "sha256:other"
    _ = second.encoded()
    #expect(first.identity == second.identity && first.identity.hasPrefix("sha256:") && first.identity.utf8.count == 71)
    second.subjects[0].cells.counts[0] += 1
    #expect(second.contentIdentity() != first.identity)
  }

  /// The file, what replaces what in it, and the message.
  @Test(arguments: [
    (
      "\"format\":\"leeway-baseline\"", "\"format\":\"x\"",
      "format: not a baseline of leeway; make one with leeway baseline fit"
    ),
    (
      "\"version\":1", "\"version\":5",
      "version: 5 was written by a newer leeway and this one reads up to 4; upgrade leeway or fit the baseline again"
    ),
    ("\"version\":1", "\"version\":0", "version: 0 is no version that there was; fit the baseline again"),
    ("\"version\":1", "\"version\":\"1\"", "version: expected an integer, found \"1\""),
    ("\"monitor\":\"m\",", "", "monitor: expected a string, found nothing"),
    ("\"task\":\"binary\"", "\"task\":\"ranking\"", "task: unknown task; known are binary, multiclass, regression"),
    ("\"rows\":28", "\"rows\":-1", "rows: expected a count of 0 to 2^48, found -1"),
    ("\"rows\":28", "\"rows\":28.5", "rows: expected an integer, found 28.5"),
    ("\"knots\":[1.0,2.5]", "\"knots\":[2.5,1.0]", "subjects[0].knots: must be finite and ascend"),
    ("\"knots\":[1.0,2.5]", "\"knots\":[2.5,2.5]", "subjects[0].knots: must be finite and ascend"),
    ("\"knots\":[1.0,2.5]", "\"knots\":[1.0,\"x\"]", "subjects[0].knots[1]: expected a number, found \"x\""),
    ("\"knots\":[1.0,2.5]", "\"knots\":[1.0,2.0,2.5]", "subjects[0].counts: expected 7 entries, found 5"),
    ("\"knots\":[1.0,2.5]", "\"knots\":[NaN]", "the document is not JSON"),
    (
      "\"knots\":[1.0,2.5]", "\"knots\":[1e999]",
      "the document holds a number beyond ±1.8e308; write a smaller number or null"
    ),
    ("\"cuts\":[1.0,2.5]", "\"cuts\":[2.25]", "subjects[0].cuts: every cut must be a knot"),
    ("\"cuts\":[1.0,2.5]", "\"cuts\":[2.5,1.0]", "subjects[0].cuts: must be finite and ascend"),
    ("\"exponent\":32", "\"exponent\":901", "subjects[0].exponent: expected an integer from -900 to 900, found 901"),
    ("\"sums\":[\"-7\",", "\"sums\":[", "subjects[0].sums: expected 3 entries, found 2"),
    (
      "\"sums\":[\"-7\",", "\"sums\":[\"seven\",",
      "subjects[0].sums[0]: expected a whole number as a string, found \"seven\""
    ),
    (
      "\"squares\":[\"2\",", "\"squares\":[\"-2\",",
      "subjects[0].squares: expected the high and the low part of a sum of squares as strings"
    ),
    ("\"counts\":[1,2,3,4,5]", "\"counts\":[1,2,3,4]", "subjects[0].counts: expected 5 entries, found 4"),
    (
      "\"counts\":[1,2,3,4,5]", "\"counts\":[1,2,-3,4,5]",
      "subjects[0].counts[2]: expected a count of 0 to 2^48, found -3"
    ),
    ("\"counts\":[1,2,3,4,5]", "\"counts\":[1,2,3,4,281474976710656]", "subjects[0]: holds more than 2^48 rows"),
    ("\"counts\":[1,2,3,4,5]", "\"counts\":[1,2,3,5,4]", "digest"),
    ("\"kind\":\"numeric\"", "\"kind\":\"text\"", "subjects[0].kind: expected numeric or categorical, found \"text\""),
    ("\"categories\":[\"DE\",", "\"categories\":[\"é\\n\\\"\",", "subjects[1].categories: a category comes twice"),
    ("\"categories\":[\"DE\",", "\"categories\":[", "subjects[1].counts: expected 4 entries, found 5"),
    ("\"other_hashes\":[\"3\",\"ff\"]", "\"other_hashes\":[\"ff\",\"3\"]", "subjects[1].other_hashes: must ascend"),
    (
      "\"other_hashes\":[\"3\",\"ff\"]", "\"other_hashes\":[\"xyz\"]",
      "subjects[1].other_hashes[0]: expected a hexadecimal number, found \"xyz\""
    ),
    ("\"overflowed\":false", "\"overflowed\":0", "subjects[1].overflowed: expected true or false, found 0"),
    ("\"counts\":[2,3]", "\"counts\":[2]", "slices[0].subjects[0].counts: expected pairs of index and value"),
    (
      "\"counts\":[2,3]", "\"counts\":[5,3]",
      "slices[0].subjects[0].counts[0]: expected an integer from 0 to 4, found 5"
    ),
    (
      "\"counts\":[2,3]", "\"counts\":[2,-3]",
      "slices[0].subjects[0].counts[1]: expected a count of 0 to 2^48, found -3"
    ),
    (
      "\"sums\":[1,\"5\"]", "\"sums\":[3,\"5\"]",
      "slices[0].subjects[0].sums[0]: expected an integer from 0 to 2, found 3"
    ),
    ("\"classes\":[]", "\"classes\":[\"a\",\"b\",\"a\"]", "classes: a class comes twice"),
    (
      "\"cuts\":[1.0,2.5]", "\"cuts\":[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.0]",
      "subjects[0].cuts: every cut must be a knot"
    ),
    ("\"in_sample\":true", "\"in_sample\":1", "performance.in_sample: expected true or false, found 1"),
    ("\"brier\":0.1", "\"brier\":null", "performance.metrics.brier: expected a number, found null"),
  ])
  func everyKindOfDamageHasItsMessage(_ old: String, _ new: String, _ expected: String) throws {
    let text = Self.text(Self.small)
    let place = try #require(text.firstRange(of: old), "\(old) is not in \(text)")
    let damaged = text.replacingCharacters(in: place, with: new)
    if expected == "digest" {
      let written = Self.small.contentIdentity()
      var edited = Self.small
      edited.subjects[0].cells.counts = [1, 2, 3, 5, 4]
      #expect(
        message(damaged)
          == "the content has been changed: its digest is \(edited.contentIdentity()), the file says \(written); fit it again with leeway baseline fit"
      )
    } else {
      #expect(message(damaged) == expected)
    }
  }

  @Test func whatNeedsMemoryBySquaresHasALimit() {
    var baseline = Self.small
    baseline.classes = (0...100).map { "class \($0)" }
    #expect(message(Self.text(baseline)) == "classes: more than 100 classes")
    baseline = Self.small
    let knots = (0..<11).map(Double.init)
    baseline.subjects[0].domain = .numeric(
      NumericDomain(
        binning: NumericBinning(knots: knots, cuts: Array(knots[..<10])),
        fixedPoint: FixedPoint(origin: 1, exponent: 32)))
    #expect(message(Self.text(baseline)) == "subjects[0].cuts: more than 9 cuts")
  }

  /// Edited by hand, digest and all.
  @Test func whatBelongsTogetherIsChecked() {
    func expect(_ problem: String, _ edit: (inout Baseline) -> Void, sourceLocation: SourceLocation = #_sourceLocation)
    {
      var baseline = Self.small
      edit(&baseline)
      #expect(
        message(Self.text(baseline)) == problem + "; fit it again with leeway baseline fit",
        sourceLocation: sourceLocation)
    }
    #expect(message(Self.text(Self.small)) == "read")
    expect("subjects[0]: has 15 values, 6 missing and 7 invalid, together 28, and the baseline has 29 rows") {
      $0.rows = 29
    }
    expect("subjects[1]: has 18 values, 500 missing and 0 invalid, together 518, and the baseline has 28 rows") {
      $0.subjects[1].cells.missing = 500
    }
    expect("subjects[2]: has 29 values, 0 missing and 0 invalid, together 29, and the baseline has 28 rows") {
      $0.subjects[2].cells.counts[1] += 1
    }
    expect("subjects[0]: has 16 outlying of 15 values") { $0.subjects[0].cells.outlying = 16 }
    expect("subjects[1]: is named amount, as another before it") { $0.subjects[1].name = "amount" }
    expect("slices[0].rows: is 29, and the baseline has 28 rows") { $0.slices[0].rows = 29 }
    expect("slices[0].subjects[0]: has 3 values, 3 missing and 0 invalid, together 6, and channel=web has 5 rows") {
      $0.slices[0].subjects[0].missing = 3
    }
    expect("slices[0].subjects[2]: counts more of score in channel=web than there is in the baseline") {
      $0.slices[0].subjects[2].counts = [5, 0, 0, 0, 0]
    }
    expect("performance: has 29 labelled of 28 rows") { $0.performance?.labelled = 29 }
    expect("performance: has metrics and no labelled row") { $0.performance?.labelled = 0 }
    for (name, value, why) in [
      ("auc", 7.0, "above 1.0"), ("brier", -0.1, "below 0.0"), ("positive_rate", 1.5, "above 1.0"),
      ("log_loss", -1, "below 0.0"),
    ] {
      expect("performance.metrics.\(name): is \(value), and no model's \(name) is \(why)") {
        $0.performance?.metrics[name] = value
      }
    }
    var rounded = Self.small
    rounded.performance?.metrics["average_precision"] = 1.0.nextUp
    #expect(message(Self.text(rounded)) == "read")
    // Held-out rows are others.
    var heldOut = Self.small
    heldOut.performance = PerformanceBaseline(labelled: 500, inSample: false, metrics: [:])
    #expect(message(Self.text(heldOut)) == "read")
  }

  /// A key twice is two baselines in one file; the digest is of what the last says.
  @Test func aKeyThatComesTwiceIsRefused() {
    let text = Self.text(Self.small)
    for (key, value, place) in [
      ("\"rows\":28", "\"rows\":27,", "rows"), ("\"missing\":6", "\"missing\":7,", "subjects[0].missing"),
      ("\"auc\":", "\"auc\":1,", "performance.metrics.auc"),
    ] {
      let twice = text.replacing(key, with: value + key, maxReplacements: 1)
      #expect(message(twice) == "\(place): comes twice in one object; write it once")
    }
  }

  @Test func theRowsOfAnEstimateAreRows() {
    var baseline = Self.small
    baseline.task = .regression
    baseline.estimation = EstimationBaseline(
      rows: 1, inSample: false, basis: .errors(rows: [1 << 48, 1, 0], absoluteErrors: [1, 1, 0]))
    #expect(message(Self.text(baseline)) == "estimation.bin_rows: holds more than 2^48 rows")
  }

  @Test func anEstimateIsFittedOnEveryLabelledRow() {
    var baseline = Self.small
    let map = IsotonicMap(fitting: [0.2, 0.8], positives: [1, 5], negatives: [5, 1])
    baseline.estimation = EstimationBaseline(rows: 11, inSample: true, basis: .scores(map!))
    #expect(
      message(Self.text(baseline))
        == "estimation.rows: is 11, and it is fitted on all 12 rows that have a label; fit it again with leeway baseline fit"
    )
    baseline.estimation?.rows = 12
    #expect(message(Self.text(baseline)) == "read")
  }

  @Test func f1FollowsFromPrecisionAndRecall() {
    var baseline = Self.small
    baseline.performance?.metrics = ["precision": 0.5, "recall": 0.25, "f1": 0.5]
    #expect(
      message(Self.text(baseline))
        == "performance.metrics.f1: is 0.5, and precision 0.5 and recall 0.25 make it 0.3333333333333333; "
        + "fit it again with leeway baseline fit")
    baseline.performance?.metrics["f1"] = 1.0 / 3
    #expect(message(Self.text(baseline)) == "read")
  }

  @Test func slicesMustHoldEverySubject() {
    var baseline = Self.small
    baseline.slices[0].subjects.removeLast()
    #expect(message(Self.text(baseline)) == "slices[0].subjects: expected 3 subjects, found 2")
  }

  @Test func everyTruncationIsRefused() {
    let bytes = Array(Self.text(Self.small).utf8)
    for length in 0..<bytes.count - 1 {
      #expect(throws: BaselineDamaged.self) { try Baseline(decoding: Array(bytes[..<length])) }
    }
    #expect(message("") == "the document is empty; it must hold JSON")
    #expect(message("[]") == "document: expected an object, found an empty array")
  }

  @Test func mutationsNeverPassForTheOriginal() {
    let original = Array(Self.text(Self.small).utf8)
    let pieces = ["-", "9", "0", "[", "]", "{", "}", ",", "null", "1e308", "\"", ":", " ", "\u{0}"]
    for seed in Mutation.seeds(3000) {
      var random = SeededGenerator(seed: seed)
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &random) { Mutation.damage(&bytes, with: pieces, using: &random) }
      guard let read = try? Baseline(decoding: bytes) else { continue }
      // White space and the like may change and nothing else.
      var again = read
      #expect(again.encoded() == original, "seed \(seed)")
    }
  }

  /// A file that somebody made, digest and all, is still only a file.
  @Test func whatPassesTheDigestCanBeRun() throws {
    for seed in UInt64(1)...40 {
      var random = SeededGenerator(seed: seed)
      var baseline = Self.small
      let many: [Int64] = [0, 1, 1 << 20, 1 << 47, 1 << 48]
      for s in baseline.subjects.indices {
        let i = Int.random(in: 0..<baseline.subjects[s].cells.counts.count, using: &random)
        baseline.subjects[s].cells.counts[i] = many.randomElement(using: &random) ?? 0
        if !baseline.subjects[s].cells.sums.isEmpty {
          baseline.subjects[s].cells.sums[0] = [.max, .min, 0].randomElement(using: &random) ?? 0
          baseline.subjects[s].cells.squares = Int192(low: .max, high: [0, .max].randomElement(using: &random) ?? 0)
        }
        baseline.subjects[s].standardDeviation = [nil, -1, 0, 1e300].randomElement(using: &random) ?? nil
      }
      baseline.subjects[1].cells.missing = many.randomElement(using: &random) ?? 0
      guard let read = try? Baseline(decoding: Array(Self.text(baseline).utf8)) else { continue }
      let reports = try Self.run(read)
      #expect(reports.contains { !$0.results.isEmpty }, "seed \(seed)")
    }
  }
}

extension BaselineFileTests {
  /// Damage behind which the digest was made to fit: what is still read must be safe to run.
  @Test func damageThatIsSignedAgainCanBeRun() throws {
    let original = Self.text(Self.small)
    let pieces = ["-", "9", "0", ".5", ",", "e9", "null", "[]", "\"\"", "1e308", "18446744073709551615", "\\u0000"]
    let changed = "the content has been changed: its digest is "
    var read = 0
    for seed in Mutation.seeds(1500) {
      var random = SeededGenerator(seed: seed)
      var bytes = Array(original.utf8)
      for _ in 0..<Int.random(in: 1...2, using: &random) { Mutation.damage(&bytes, with: pieces, using: &random) }
      let refusal = message(String(decoding: bytes, as: UTF8.self))
      guard let digest = refusal.firstMatch(of: /its digest is (sha256:[0-9a-f]+)/), refusal.hasPrefix(changed) else {
        continue
      }
      let signed = String(decoding: bytes, as: UTF8.self)
        .replacing(/sha256:[0-9a-f]+/, with: String(digest.1))
      guard let baseline = try? Baseline(decoding: Array(signed.utf8)) else { continue }
      read += 1
      var again = baseline
      #expect(try Baseline(decoding: again.encoded()) == baseline, "seed \(seed)")
      // It may be another monitor's by now; else it is run.
      do { _ = try Self.run(baseline) } catch is BaselineMismatch {}
    }
    #expect(read > Mutation.rounds(1500) / 50, "\(read)")
  }

  /// Three hundred messages, counted and judged.
  private static func run(_ baseline: Baseline) throws -> [EvaluationReport] {
    let plan = try MonitorPlan(
      monitor: try SampleMonitor.monitor(.binary, checks: World.checks(.binary)), baseline: baseline)
    let log = (0..<300).map {
      PredictionEvent(
        id: "\($0)", time: World.start + .seconds(Int64($0) * 10), output: "0.\($0 % 9)", amount: "\($0 % 5)"
      ).message()
    }
    let logs = [MessageLog(topic: "predictions", role: .predictions, partitions: [log])]
    let ledger = InMemoryLedger()
    try SimulatedInstance.prepare(ledger, plans: [plan], logs: logs)
    let instance = try SimulatedInstance("a", plans: [plan], logs: logs, ledger: ledger)
    try instance.claimAll()
    instance.readAll()
    try instance.flush()
    return try SimulatedInstance.evaluate(plan, ledger)
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
