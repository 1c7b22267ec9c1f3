import Glibc
package import LeewayStatistics

/// Where the counts and sums of joined predictions lie in a performance block, by task.
///
/// counts: predictions, implied candidates aside; then the label delay's buckets; then the task's own part once for real
/// labels and, where `labels.absent` is set, once more for the value that an unlabelled prediction gets at its horizon.
package struct PerformanceLayout: Sendable {
  /// Which labels a part counts.
  package enum Part: Int, Sendable, CaseIterable { case labelled = 0, implied = 1 }

  package enum Task: Sendable {
    /// Score cells, threshold.
    case binary(NumericBinning, threshold: Double)
    /// Class names, ascending; the last index is `__other__`.
    case multiclass([String])
    case regression(FixedPoint)
  }

  package let task: Task
  package let shape: CellBlock.Shape
  private let partCounts: Int
  private let partSums: Int
  private let partSquares: Int
  private let classIndex: [NameKey: Int]

  package static let predictions = 0
  package static let delays = 1
  /// Half octaves of seconds: bucket b holds delays in (√2^(b−1), √2^b], the first everything up to 1 s.
  package static let delayBuckets = 56
  /// Binary: all predictions by score cell.
  static let scores = delays + delayBuckets

  package init(task: Task, impliedLabels: Bool) {
    self.task = task
    var common = Self.scores
    switch task {
    case .binary(let binning, _):
      common += binning.cellCount
      partCounts = 2 * binning.cellCount + BinaryOffset.tableOf(cells: binning.cellCount).end
      partSums = BinarySum.cells + binning.knots.count + 1
      partSquares = 0
      classIndex = [:]
    case .multiclass(let classes):
      partCounts = (classes.count + 1) * (classes.count + 1) + 1
      partSums = 2
      partSquares = 0
      classIndex = Dictionary(uniqueKeysWithValues: classes.enumerated().map { (NameKey($1), $0) })
    case .regression:
      partCounts = RegressionCount.allCases.count
      partSums = RegressionSum.allCases.count
      partSquares = 2
      classIndex = [:]
    }
    let parts = impliedLabels ? 2 : 1
    firstPart = common
    shape = CellBlock.Shape(
      counts: common + parts * partCounts, sums: parts * partSums, squares: parts * partSquares)
  }

  private let firstPart: Int

  package var hasImpliedLabels: Bool { shape.counts > firstPart + partCounts }

  func counts(_ part: Part) -> Int { firstPart + part.rawValue * partCounts }
  func sums(_ part: Part) -> Int { part.rawValue * partSums }
  func squares(_ part: Part) -> Int { part.rawValue * partSquares }

  func classNumber(_ name: String) -> Int { classIndex[NameKey(name)] ?? classIndex.count }
}

/// Counts of a binary part behind positives and negatives by cell.
enum BinaryOffset {
  static func tableOf(cells: Int) -> (confusion: Int, bins: Int, positives: Int, end: Int) { (0, 4, 14, 24) }
}

/// Sums of a binary part.
enum BinarySum {
  static let brier = 0
  static let brierSquared = 1
  static let logLoss = 2
  static let logLossSquared = 3
  static let spiegelhalterNumerator = 4
  static let spiegelhalterVariance = 5
  static let bins = 6
  static let cells = 16
}

enum RegressionCount: Int, CaseIterable { case values, zeroTargets, outlying, ratioOutlying }
enum RegressionSum: Int, CaseIterable { case error, absoluteError, target, absoluteTarget, absoluteRatio }

/// What one prediction contributes to its slices: the prediction alone, or with a label.
struct PerformanceRow: Equatable {
  var output: ModelOutput
  /// nil: no label that counts.
  var label: LabelValue?
  /// The label's time less the prediction's.
  var delay: TimeSpan?
  /// The value at the horizon where labels may be absent.
  var implied: LabelValue?
}

/// A model's output as the join keeps it.
package enum ModelOutput: Sendable, Equatable {
  case number(Double)
  /// The class and, if logged, each class's probability.
  case category(String, probabilities: [ClassProbability])
}

package struct ClassProbability: Sendable, Equatable {
  package var name: String
  package var probability: Double

  package init(name: String, probability: Double) {
    self.name = name
    self.probability = probability
  }
}

extension PerformanceLayout {
  /// Adds a row to a block, or takes it back exactly.
  func apply(_ row: PerformanceRow, to block: inout CellBlock, subtract: Bool = false) {
    // A score outside [0, 1] is refused at decode; one here comes of a damaged row, and no sum could hold its losses.
    if case .binary = task, case .number(let score) = row.output, !(0...1).contains(score) { return }
    let sign: Int64 = subtract ? -1 : 1
    block.counts[Self.predictions] &+= sign
    if case .binary(let binning, _) = task, case .number(let score) = row.output {
      block.counts[Self.scores + binning.cell(of: score)] &+= sign
    }
    if let label = row.label {
      if let delay = row.delay { block.counts[Self.delays + Self.delayBucket(delay)] &+= sign }
      apply(row.output, label, .labelled, sign, to: &block)
    } else if let implied = row.implied, hasImpliedLabels {
      apply(row.output, implied, .implied, sign, to: &block)
    }
  }

  /// Whether the counts of a stored block, none of them negative, can be those of joined predictions.
  func isConsistent(_ block: CellBlock) -> Bool {
    guard case .binary(let binning, _) = task else { return true }
    let table = BinaryOffset.tableOf(cells: binning.cellCount)
    return Part.allCases.prefix(hasImpliedLabels ? 2 : 1).allSatisfy { part in
      let bins = counts(part) + 2 * binning.cellCount + table.bins
      let positives = counts(part) + 2 * binning.cellCount + table.positives
      return (0..<ReliabilityTable.binCount).allSatisfy { block.counts[positives + $0] <= block.counts[bins + $0] }
    }
  }

  static func delayBucket(_ delay: TimeSpan) -> Int {
    let seconds = Double(delay.milliseconds) / 1000
    guard seconds > 1 else { return 0 }
    return min(delayBuckets - 1, Int((2 * log2(seconds)).rounded(.up)))
  }

  /// Upper edge of a delay bucket in seconds.
  package static func delayUpperBound(_ bucket: Int) -> Double { pow(2, Double(bucket) / 2) }

  private func apply(
    _ output: ModelOutput, _ label: LabelValue, _ part: Part, _ sign: Int64, to block: inout CellBlock
  ) {
    switch (task, output, label) {
    case (.binary(let binning, let threshold), .number(let score), .number(let y)):
      applyBinary(binning, threshold, score, positive: y == 1, part, sign, to: &block)
    case (.multiclass(let classes), .category(let predicted, let probabilities), .category(let actual)):
      let k = classes.count + 1
      let counts = counts(part)
      block.counts[counts + classNumber(actual) * k + classNumber(predicted)] &+= sign
      if !probabilities.isEmpty {
        let p = probabilities.first { $0.name == actual }?.probability ?? 0
        block.counts[counts + k * k] &+= sign
        let loss = -log(max(p, 1e-15))
        block.sums[sums(part)] &+= Int128(sign) &* Fraction64.quantise(loss)
        block.sums[sums(part) + 1] &+= Int128(sign) &* Fraction64.quantise(loss * loss)
      }
    case (.regression(let fixedPoint), .number(let prediction), .number(let target)):
      applyRegression(fixedPoint, prediction, target, part, sign, to: &block)
    default:
      break  // A label of another task's kind is refused at decode.
    }
  }

  private func applyBinary(
    _ binning: NumericBinning, _ threshold: Double, _ score: Double, positive: Bool, _ part: Part, _ sign: Int64,
    to block: inout CellBlock
  ) {
    let cells = binning.cellCount
    let counts = counts(part)
    let cell = binning.cell(of: score)
    block.counts[counts + (positive ? 0 : cells) + cell] &+= sign
    let table = BinaryOffset.tableOf(cells: cells)
    let predicted = score >= threshold
    let confusion = predicted ? (positive ? 0 : 1) : (positive ? 2 : 3)
    block.counts[counts + 2 * cells + table.confusion + confusion] &+= sign
    let bin = ReliabilityTable.bin(of: score)
    block.counts[counts + 2 * cells + table.bins + bin] &+= sign
    if positive { block.counts[counts + 2 * cells + table.positives + bin] &+= sign }

    let y = positive ? 1.0 : 0.0
    let brier = (score - y) * (score - y)
    let loss = -log(max(positive ? score : 1 - score, 1e-15))
    let s = sums(part)
    let weight = Int128(sign)
    block.sums[s + BinarySum.brier] &+= weight &* Fraction64.quantise(brier)
    block.sums[s + BinarySum.brierSquared] &+= weight &* Fraction64.quantise(brier * brier)
    block.sums[s + BinarySum.logLoss] &+= weight &* Fraction64.quantise(loss)
    block.sums[s + BinarySum.logLossSquared] &+= weight &* Fraction64.quantise(loss * loss)
    let tilt = 1 - 2 * score
    block.sums[s + BinarySum.spiegelhalterNumerator] &+= weight &* Fraction64.quantise((y - score) * tilt)
    block.sums[s + BinarySum.spiegelhalterVariance] &+= weight &* Fraction64.quantise(tilt * tilt * score * (1 - score))
    let fixedScore = Fraction64.quantise(score)
    block.sums[s + BinarySum.bins + bin] &+= weight &* fixedScore
    if cell % 2 == 0 { block.sums[s + BinarySum.cells + cell / 2] &+= weight &* fixedScore }
  }

  private func applyRegression(
    _ fixedPoint: FixedPoint, _ prediction: Double, _ target: Double, _ part: Part, _ sign: Int64,
    to block: inout CellBlock
  ) {
    let counts = counts(part)
    let s = sums(part)
    let weight = Int128(sign)
    block.counts[counts + RegressionCount.values.rawValue] &+= sign
    guard let e = fixedPoint.quantise(prediction - target), let y = fixedPoint.quantise(target) else {
      block.counts[counts + RegressionCount.outlying.rawValue] &+= sign
      return
    }
    block.sums[s + RegressionSum.error.rawValue] &+= weight &* Int128(e)
    block.sums[s + RegressionSum.absoluteError.rawValue] &+= weight &* Int128(e.magnitude)
    block.sums[s + RegressionSum.target.rawValue] &+= weight &* Int128(y)
    block.sums[s + RegressionSum.absoluteTarget.rawValue] &+= weight &* Int128(y.magnitude)
    for (i, square) in [Int192(squareOf: e), Int192(squareOf: y)].enumerated() {
      if sign > 0 { block.squares[squares(part) + i] += square } else { block.squares[squares(part) + i] -= square }
    }
    if target == 0 {
      block.counts[counts + RegressionCount.zeroTargets.rawValue] &+= sign
    } else {
      let ratio = abs((prediction - target) / target)
      if ratio < 0x1p40 {
        block.sums[s + RegressionSum.absoluteRatio.rawValue] &+= weight &* Fraction64.quantise(ratio)
      } else {
        block.counts[counts + RegressionCount.ratioOutlying.rawValue] &+= sign
      }
    }
  }
}
