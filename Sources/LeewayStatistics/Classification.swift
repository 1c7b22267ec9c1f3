/// Predicted against true, a score at or above the threshold counting as positive. What is undefined is nil.
///
/// Example: of 100 rows 30 true positives, 10 false ones, 10 false negatives and 50 true ones: precision, recall and F1 are 0.75,
/// accuracy 0.8.
public struct ConfusionCounts: Sendable, Equatable {
  public var truePositives: Int64
  public var falsePositives: Int64
  public var falseNegatives: Int64
  public var trueNegatives: Int64

  /// - Precondition: no count is negative.
  public init(truePositives: Int64, falsePositives: Int64, falseNegatives: Int64, trueNegatives: Int64) {
    precondition(min(truePositives, falsePositives, falseNegatives, trueNegatives) >= 0, "counts are never negative")
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
    self.trueNegatives = trueNegatives
  }

  /// Rows whose label is positive.
  public var positives: Int64 { truePositives + falseNegatives }
  /// Rows whose label is negative.
  public var negatives: Int64 { falsePositives + trueNegatives }
  /// Rows whose score reaches the threshold.
  public var predictedPositives: Int64 { truePositives + falsePositives }
  /// All rows.
  public var total: Int64 { positives + negatives }

  /// (TP + TN) / n; nil without rows.
  public var accuracy: Double? { Self.share(truePositives + trueNegatives, of: total) }
  /// TP / (TP + FP); nil where nothing was predicted positive.
  public var precision: Double? { Self.share(truePositives, of: predictedPositives) }
  /// TP / (TP + FN); nil without positives.
  public var recall: Double? { Self.share(truePositives, of: positives) }
  /// 2TP / (2TP + FP + FN); nil where nothing is or was predicted positive.
  public var f1: Double? {
    Self.share(2 * truePositives, of: 2 * truePositives + falsePositives + falseNegatives)
  }
  /// (TP + FN) / n; nil without rows.
  public var positiveRate: Double? { Self.share(positives, of: total) }
  /// (TP + FP) / n; nil without rows.
  public var predictedPositiveRate: Double? { Self.share(predictedPositives, of: total) }

  /// Score bounds of `accuracy`, each on its own; nil where that is nil.
  public func accuracyBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(successes: truePositives + trueNegatives, trials: total, confidence: confidence)
  }

  /// Score bounds of `precision`, each on its own; nil where that is nil.
  public func precisionBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(successes: truePositives, trials: predictedPositives, confidence: confidence)
  }

  /// Score bounds of `recall`, each on its own; nil where that is nil.
  public func recallBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(successes: truePositives, trials: positives, confidence: confidence)
  }

  /// F1 = 2J/(1 + J) grows with J = TP / (TP + FP + FN), which is a rate: its score bounds, carried over.
  public func f1Bounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(
      successes: truePositives, trials: truePositives + falsePositives + falseNegatives, confidence: confidence
    ).map { OneSidedBounds(lower: 2 * $0.lower / (1 + $0.lower), upper: 2 * $0.upper / (1 + $0.upper)) }
  }

  /// Score bounds of `positiveRate`, each on its own; nil where that is nil.
  public func positiveRateBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(successes: positives, trials: total, confidence: confidence)
  }

  /// Score bounds of `predictedPositiveRate`, each on its own; nil where that is nil.
  public func predictedPositiveRateBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(successes: predictedPositives, trials: total, confidence: confidence)
  }

  static func share(_ part: Int64, of whole: Int64) -> Double? {
    whole > 0 ? Double(part) / Double(whole) : nil
  }
}

/// True class by predicted class for k classes.
///
/// Example: the labels 0, 0, 1, 2 predicted as 0, 1, 1, 2: accuracy 0.75, and F1 of 2/3, 2/3 and 1, so `macroF1` is 0.778.
public struct MulticlassConfusion: Sendable, Equatable {
  public let classCount: Int
  /// Row by row: entry `label * classCount + prediction`.
  public private(set) var counts: [Int64]

  /// - Precondition: `counts` has `classCount`² entries, none negative.
  public init(classCount: Int, counts: [Int64]) {
    precondition(counts.count == classCount * classCount, "one count for each pair of classes")
    precondition(counts.allSatisfy { $0 >= 0 }, "counts are never negative")
    self.classCount = classCount
    self.counts = counts
  }

  /// No rows yet.
  public init(classCount: Int) {
    self.init(classCount: classCount, counts: Array(repeating: 0, count: classCount * classCount))
  }

  /// Counts `count` rows (negative: takes them back) of a class in 0..<`classCount` that was predicted as another.
  public mutating func add(label: Int, prediction: Int, count: Int64 = 1) {
    counts[label * classCount + prediction] += count
  }

  /// Rows of one class that were predicted as another.
  public subscript(label: Int, prediction: Int) -> Int64 { counts[label * classCount + prediction] }

  /// All rows.
  public var total: Int64 { counts.reduce(0, +) }

  private var correct: Int64 { (0..<classCount).reduce(0) { $0 + self[$1, $1] } }

  /// Share of rows whose prediction is their label; nil without rows.
  public var accuracy: Double? { ConfusionCounts.share(correct, of: total) }

  /// Score bounds of `accuracy`, each on its own; nil where that is nil.
  public func accuracyBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    wilsonBounds(successes: correct, trials: total, confidence: confidence)
  }

  /// One class against all others.
  public func oneAgainstRest(_ index: Int) -> ConfusionCounts {
    let hits = self[index, index]
    let labelled = (0..<classCount).reduce(0) { $0 + self[index, $1] }
    let predicted = (0..<classCount).reduce(0) { $0 + self[$1, index] }
    return ConfusionCounts(
      truePositives: hits, falsePositives: predicted - hits, falseNegatives: labelled - hits,
      trueNegatives: total - labelled - predicted + hits)
  }

  /// The plain mean of F1 over the classes that are in labels or predictions; nil without rows.
  public var macroF1: Double? {
    let scores = (0..<classCount).compactMap { oneAgainstRest($0).f1 }
    return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
  }
}
