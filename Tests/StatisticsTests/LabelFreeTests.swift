import LeewayStatistics
import LeewayTestSupport
import Testing

/// scikit-learn's isotonic maps, and what NumPy expects of scores under them.
struct LabelFreeGolden: Decodable, Sendable {
  struct Binary: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
      let truePositives, falsePositives, falseNegatives, trueNegatives, auc, accuracy, recall, f1, positiveRate,
        brier: Double
      let precision: Double?
    }
    let name: String
    let scores, window, probes, predicted, thresholdsX, thresholdsY: [Double]
    let labels: [Int]
    let threshold: Double
    let expected: Expected
  }
  struct Regression: Decodable, Sendable {
    let rows, baselineRows: [Int64]
    let baselineErrors: [Double]
    let expected: Double
  }
  let binary: [Binary]
  let regression: Regression
}

struct LabelFreeTests {
  private static func map(_ golden: LabelFreeGolden.Binary) throws -> IsotonicMap {
    let scores = Set(golden.scores).sorted()
    var positives = [Int64](repeating: 0, count: scores.count)
    var negatives = positives
    for (score, label) in zip(golden.scores, golden.labels) {
      let index = try #require(scores.firstIndex(of: score))
      positives[index] += Int64(label)
      negatives[index] += Int64(1 - label)
    }
    return try #require(IsotonicMap(fitting: scores, positives: positives, negatives: negatives))
  }

  @Test func theMapIsScikitLearns() throws {
    let cases = try golden("label_free", as: LabelFreeGolden.self).binary
    #expect(cases.count == 5)
    for golden in cases {
      let map = try Self.map(golden)
      for (probe, expected) in zip(golden.probes, golden.predicted) {
        expectClose(map.probability(of: probe), expected, "\(golden.name) at \(probe)")
      }
      // scikit-learn keeps the ends of blocks that only rounding tells apart; the curve is the same.
      for (x, y) in zip(golden.thresholdsX, golden.thresholdsY) {
        expectClose(map.probability(of: x), y, "\(golden.name) at \(x)")
      }
      #expect(IsotonicMap(scores: map.scores, probabilities: map.probabilities) == map)
    }
  }

  @Test func expectedPerformanceIsThatOfEveryRowAlone() throws {
    for golden in try golden("label_free", as: LabelFreeGolden.self).binary {
      let map = try Self.map(golden)
      var counts: [Double: Int64] = [:]
      for score in golden.window { counts[score, default: 0] += 1 }
      let cells = counts.sorted { $0.key < $1.key }.map {
        ScoreEstimate.Cell(rows: $0.value, score: $0.key, lower: $0.key, upper: $0.key)
      }
      let estimate = ScoreEstimate(cells, map: map, threshold: golden.threshold)
      let expected = golden.expected
      for (found, wanted, name) in [
        (estimate.truePositives, expected.truePositives, "tp"),
        (estimate.falsePositives, expected.falsePositives, "fp"),
        (estimate.falseNegatives, expected.falseNegatives, "fn"),
        (estimate.trueNegatives, expected.trueNegatives, "tn"),
      ] { expectClose(found, wanted, "\(golden.name): \(name)", absolute: 1e-9) }
      expectClose(estimate.auc, expected.auc, "\(golden.name): auc")
      expectClose(estimate.accuracy, expected.accuracy, "\(golden.name): accuracy")
      expectClose(estimate.precision, expected.precision, "\(golden.name): precision")
      expectClose(estimate.recall, expected.recall, "\(golden.name): recall")
      expectClose(estimate.f1, expected.f1, "\(golden.name): f1")
      expectClose(estimate.positiveRate, expected.positiveRate, "\(golden.name): positive_rate")
      expectClose(estimate.brier, expected.brier, "\(golden.name): brier")
    }
  }

  /// Coarse cells stay near the rows' own estimate.
  @Test func cellsOfSeveralScoresStayClose() throws {
    let golden = try #require(try golden("label_free", as: LabelFreeGolden.self).binary.first)
    let map = try Self.map(golden)
    let sorted = golden.window.sorted()
    let cells = (0..<60).map { block in
      let part = Array(sorted[block * 10..<block * 10 + 10])
      return ScoreEstimate.Cell(
        rows: 10, score: part.reduce(0, +) / 10, lower: part.first ?? 0, upper: part.last ?? 1)
    }
    let estimate = ScoreEstimate(cells, map: map, threshold: golden.threshold)
    expectClose(estimate.auc, golden.expected.auc, "auc", absolute: 0.005)
    expectClose(estimate.accuracy, golden.expected.accuracy, "accuracy", absolute: 0.005)
  }

  @Test func whatCannotBeSaidIsNil() throws {
    #expect(IsotonicMap(fitting: [], positives: [], negatives: []) == nil)
    #expect(IsotonicMap(fitting: [0.5], positives: [0], negatives: [0]) == nil)
    let flat = try #require(IsotonicMap(fitting: [0.2, 0.5], positives: [0, 0], negatives: [3, 4]))
    #expect(flat.probability(of: 0.9) == 0)
    let estimate = ScoreEstimate(
      [.init(rows: 5, score: 0.3, lower: 0.3, upper: 0.3)], map: flat, threshold: 0.5)
    #expect(estimate.auc == nil && estimate.precision == nil && estimate.recall == nil && estimate.accuracy == 1)
    let none = ScoreEstimate([], map: flat, threshold: 0.5)
    #expect(none.accuracy == nil && none.brier == nil)
    #expect(IsotonicMap(scores: [0.1, 0.1], probabilities: [0, 1]) == nil)
    #expect(IsotonicMap(scores: [0.1, 0.2], probabilities: [0.5, 0.4]) == nil)
    #expect(IsotonicMap(scores: [0.1], probabilities: [1.5]) == nil)
    #expect(IsotonicMap(scores: [.nan], probabilities: [0.5]) == nil)
  }

  /// The least squares fit among non-decreasing curves: no perturbed neighbour is better, and means are kept.
  @Test(arguments: seeds.prefix(20)) func theMapKeepsTheMeanAndNeverFalls(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let scores = (0..<40).map { Double($0) / 40 }
    let positives = scores.map { _ in Int64.random(in: 0...9, using: &random) }
    let negatives = scores.map { _ in Int64.random(in: 0...9, using: &random) }
    let map = try #require(IsotonicMap(fitting: scores, positives: positives, negatives: negatives), "seed \(seed)")
    #expect(zip(map.probabilities, map.probabilities.dropFirst()).allSatisfy(<=), "seed \(seed)")
    let fitted = zip(scores, zip(positives, negatives)).reduce(0.0) {
      $0 + map.probability(of: $1.0) * Double($1.1.0 + $1.1.1)
    }
    expectClose(fitted, Double(positives.reduce(0, +)), "seed \(seed)")
  }

  @Test func expectedAbsoluteErrorIsTheMeanOfItsBins() throws {
    let golden = try golden("label_free", as: LabelFreeGolden.self).regression
    expectClose(
      expectedAbsoluteError(
        rows: golden.rows, baselineRows: golden.baselineRows, baselineErrors: golden.baselineErrors),
      golden.expected, "expected absolute error")
    #expect(expectedAbsoluteError(rows: [3, 1], baselineRows: [2, 0], baselineErrors: [5, 0]) == 2.5)
    #expect(expectedAbsoluteError(rows: [0, 0], baselineRows: [2, 0], baselineErrors: [5, 0]) == nil)
    #expect(expectedAbsoluteError(rows: [3], baselineRows: [0], baselineErrors: [0]) == nil)
  }
}
