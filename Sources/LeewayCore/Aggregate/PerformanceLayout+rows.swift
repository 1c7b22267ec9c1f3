import LeewayStatistics

extension PerformanceLayout {
  /// Adds a row to a block, or takes it back exactly.
  func apply(_ row: PerformanceRow, to block: inout CellBlock, subtract: Bool = false) {
    // A score outside [0, 1] is refused at decode; one here comes of a damaged row, and no sum could hold its losses.
    if case .binary = task, case .number(let score) = row.output, !(0...1).contains(score) { return }
    let sign: Int64 = subtract ? -1 : 1
    if let challenger = row.challenger { return applyPair(row, challenger, sign, to: &block) }
    block.counts[Self.predictions] &+= sign
    count(row.output, sign, in: &block)
    if row.label != nil, let delay = row.delay { block.counts[Self.delays + Self.delayBucket(delay)] &+= sign }
    applyLabel(row, .every, sign, to: &block)
    if row.rows != .every, pairs != nil {
      block.counts[predictions(of: row.rows)] &+= sign
      applyLabel(row, row.rows, sign, to: &block)
    }
  }

  private func applyLabel(_ row: PerformanceRow, _ rows: Rows, _ sign: Int64, to block: inout CellBlock) {
    if let label = row.label {
      apply(row.output, label, place(.labelled, of: rows), sign, to: &block)
    } else if let implied = row.implied, hasImpliedLabels {
      apply(row.output, implied, place(.implied, of: rows), sign, to: &block)
    }
  }

  /// Whether the counts of a stored block, none of them negative, can be those of joined predictions.
  func isConsistent(_ block: CellBlock) -> Bool {
    let offsets: (bins: Int, positives: Int)
    switch task {
    case .binary(let binning, _):
      offsets = (2 * binning.cellCount + BinaryOffset.bins, 2 * binning.cellCount + BinaryOffset.positives)
    case .multiclass(let classes):
      let table = MulticlassOffset.of(classes: classes.count + 1)
      offsets = (table.bins, table.correct)
    case .regression: return true
    }
    return Part.allCases.prefix(hasImpliedLabels ? 2 : 1).allSatisfy { part in
      (0..<ReliabilityTable.binCount).allSatisfy {
        block.counts[firstCount(of: part) + offsets.positives + $0]
          <= block.counts[firstCount(of: part) + offsets.bins + $0]
      }
    }
  }

  /// What is counted of every prediction, labelled or not.
  private func count(_ output: ModelOutput, _ sign: Int64, in block: inout CellBlock) {
    switch (task, output) {
    case (.binary(let binning, _), .number(let score)):
      let cell = binning.cell(of: score)
      block.counts[Self.outputs + cell] &+= sign
      if cell % 2 == 0 { block.sums[outputSums + cell / 2] &+= Int128(sign) &* Fraction64.quantise(score) }
    case (.multiclass, .category(let predicted, let probabilities)):
      guard let confidence = Self.confidence(predicted, probabilities) else { return }
      block.counts[Self.outputs + ReliabilityTable.bin(of: confidence)] &+= sign
    case (.regression(_, let binning), .number(let prediction)):
      if prediction.isFinite { block.counts[Self.outputs + binning.cell(of: prediction)] &+= sign }
    default: break
    }
  }

  /// The probability given to the predicted class; nil if there is none in [0, 1].
  private static func confidence(_ predicted: String, _ probabilities: [ClassProbability]) -> Double? {
    guard let p = probabilities.first(where: { utf8Equal($0.name, predicted) })?.probability, (0...1).contains(p) else {
      return nil
    }
    return p
  }

  /// A label before its prediction came at once.
  private static func delayBucket(_ delay: TimeSpan) -> Int {
    OctaveBins.delays.bin(of: UInt64(max(0, delay.milliseconds)) &* 32)
  }

  private func apply(
    _ output: ModelOutput, _ label: LabelValue, _ place: Place, _ sign: Int64, to block: inout CellBlock
  ) {
    switch (task, output, label) {
    case (.binary(let binning, let threshold), .number(let score), .number(let y)):
      applyBinary(binning, threshold, score, positive: y == 1, place, sign, to: &block)
    case (.multiclass(let classes), .category(let predicted, let probabilities), .category(let actual)):
      applyMulticlass(classes, predicted, probabilities, actual, place, sign, to: &block)
    case (.regression(let fixedPoint, let binning), .number(let prediction), .number(let target)):
      applyRegression(fixedPoint, binning, prediction, target, place, sign, to: &block)
    default:
      break  // A label of another task's kind is refused at decode.
    }
  }

  private func applyBinary(
    _ binning: NumericBinning, _ threshold: Double, _ score: Double, positive: Bool, _ place: Place, _ sign: Int64,
    to block: inout CellBlock
  ) {
    let cells = binning.cellCount
    let first = place.firstCount
    let cell = binning.cell(of: score)
    block.counts[first + (positive ? 0 : cells) + cell] &+= sign
    let predicted = score >= threshold
    let confusion = predicted ? (positive ? 0 : 1) : (positive ? 2 : 3)
    block.counts[first + 2 * cells + BinaryOffset.confusion + confusion] &+= sign
    let bin = ReliabilityTable.bin(of: score)
    block.counts[first + 2 * cells + BinaryOffset.bins + bin] &+= sign
    if positive { block.counts[first + 2 * cells + BinaryOffset.positives + bin] &+= sign }

    let y = positive ? 1.0 : 0.0
    let brier = (score - y) * (score - y)
    let loss = logLoss(ofTrueClassProbability: positive ? score : 1 - score)
    let firstSum = place.firstSum
    let weight = Int128(sign)
    block.sums[firstSum + BinarySum.brier] &+= weight &* Fraction64.quantise(brier)
    block.sums[firstSum + BinarySum.brierSquared] &+= weight &* Fraction64.quantise(brier * brier)
    block.sums[firstSum + BinarySum.logLoss] &+= weight &* Fraction64.quantise(loss)
    block.sums[firstSum + BinarySum.logLossSquared] &+= weight &* Fraction64.quantise(loss * loss)
    let tilt = 1 - 2 * score
    block.sums[firstSum + BinarySum.spiegelhalterNumerator] &+= weight &* Fraction64.quantise((y - score) * tilt)
    block.sums[firstSum + BinarySum.spiegelhalterVariance] &+=
      weight &* Fraction64.quantise(tilt * tilt * score * (1 - score))
    let fixedScore = Fraction64.quantise(score)
    block.sums[firstSum + BinarySum.bins + bin] &+= weight &* fixedScore
    if cell % 2 == 0 { block.sums[firstSum + BinarySum.cells + cell / 2] &+= weight &* fixedScore }
  }

  private func applyMulticlass(
    _ classes: [String], _ predicted: String, _ probabilities: [ClassProbability], _ actual: String, _ place: Place,
    _ sign: Int64, to block: inout CellBlock
  ) {
    let k = classes.count + 1
    let first = place.firstCount
    let offsets = MulticlassOffset.of(classes: k)
    let weight = Int128(sign)
    block.counts[first + classNumber(actual) * k + classNumber(predicted)] &+= sign
    guard !probabilities.isEmpty else { return }
    let p = probabilities.first { utf8Equal($0.name, actual) }?.probability ?? 0
    block.counts[first + offsets.probabilities] &+= sign
    let loss = logLoss(ofTrueClassProbability: p)
    block.sums[place.firstSum + MulticlassSum.logLoss] &+= weight &* Fraction64.quantise(loss)
    block.sums[place.firstSum + MulticlassSum.logLossSquared] &+= weight &* Fraction64.quantise(loss * loss)
    guard let confidence = Self.confidence(predicted, probabilities) else { return }
    let bin = ReliabilityTable.bin(of: confidence)
    block.counts[first + offsets.bins + bin] &+= sign
    if utf8Equal(predicted, actual) { block.counts[first + offsets.correct + bin] &+= sign }
    block.sums[place.firstSum + MulticlassSum.bins + bin] &+= weight &* Fraction64.quantise(confidence)
  }

  private func applyRegression(
    _ fixedPoint: FixedPoint, _ binning: NumericBinning, _ prediction: Double, _ target: Double, _ place: Place,
    _ sign: Int64, to block: inout CellBlock
  ) {
    let first = place.firstCount
    let firstSum = place.firstSum
    let weight = Int128(sign)
    block.counts[first + RegressionCount.values.rawValue] &+= sign
    let cell = prediction.isFinite ? binning.cell(of: prediction) : 0
    block.counts[first + RegressionOffset.cells + cell] &+= sign
    guard let e = fixedPoint.quantise(difference: prediction - target), let y = fixedPoint.quantise(target),
      let targetSize = targetSizes.quantise(abs(target))
    else {
      block.counts[first + RegressionCount.outlying.rawValue] &+= sign
      return
    }
    block.sums[firstSum + RegressionSum.error.rawValue] &+= weight &* Int128(e)
    block.sums[firstSum + RegressionSum.absoluteError.rawValue] &+= weight &* Int128(e.magnitude)
    block.sums[firstSum + RegressionSum.target.rawValue] &+= weight &* Int128(y)
    block.sums[firstSum + RegressionSum.absoluteTarget.rawValue] &+= weight &* Int128(targetSize)
    block.sums[firstSum + RegressionSum.allCases.count + binning.decileBin(ofCell: cell)] &+=
      weight &* Int128(e.magnitude)
    block.counts[first + RegressionOffset.errors + OctaveBins.errors.bin(of: e.magnitude)] &+= sign
    for (i, square) in [Int192(squareOf: e), Int192(squareOf: y)].enumerated() {
      if sign > 0 {
        block.squares[place.firstSquare + i] += square
      } else {
        block.squares[place.firstSquare + i] -= square
      }
    }
    var ratio = 0.0
    if target == 0 {
      block.counts[first + RegressionCount.zeroTargets.rawValue] &+= sign
    } else {
      ratio = abs((prediction - target) / target)
      if ratio < 0x1p40 {
        block.sums[firstSum + RegressionSum.absoluteRatio.rawValue] &+= weight &* Fraction64.quantise(ratio)
      } else {
        block.counts[first + RegressionCount.ratioOutlying.rawValue] &+= sign
      }
    }
    let size = Double(e.magnitude) * 0x1p-32
    let product = size * (abs(target) * fixedPoint.scale * 0x1p-32)
    let t = shifted(target, fixedPoint, binning)
    guard size < 0x1p10, abs(t) < 0x1p10, ratio < 0x1p20, product < 0x1p40 else {
      block.counts[first + RegressionCount.unbounded.rawValue] &+= sign
      return
    }
    let square = size * size
    let tt = t * t
    func add(_ sum: RegressionSum, _ x: Double) {
      block.sums[firstSum + sum.rawValue] &+= weight &* Fraction64.quantise(x)
    }
    add(.fourthPower, square * square)
    add(.squaredRatio, ratio * ratio)
    add(.product, product)
    add(.squareTarget, square * t)
    add(.squareTarget2, square * tt)
    add(.target1, t)
    add(.target2, tt)
    add(.target3, tt * t)
    add(.target4, tt * tt)
  }
}
