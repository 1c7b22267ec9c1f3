import Glibc
import LeewayStatistics

/// Where the counts and sums of pairs lie in a performance block: how many there are, then a part for real labels and, where
/// labels may be implied, another. Sums are of d = the challenger's loss − the champion's, and of the champion's loss.
struct PairLayout: Sendable, Equatable {
  /// Pairs, labelled or not.
  let pairs: Int
  private let firstCount: Int
  private let firstSum: Int
  private let firstSquare: Int
  private let partCounts: Int
  private let partSums: Int
  private let partSquares: Int

  /// Lays pairs out behind what a block holds already.
  init(task: PerformanceLayout.Task, parts: Int, behind shape: inout CellBlock.Shape) {
    pairs = shape.counts
    firstCount = shape.counts + 1
    firstSum = shape.sums
    firstSquare = shape.squares
    switch task {
    case .binary: (partCounts, partSums, partSquares) = (BinaryPair.counts, BinaryPair.sums, 0)
    case .multiclass: (partCounts, partSums, partSquares) = (MulticlassPair.counts, MulticlassPair.sums, 0)
    case .regression: (partCounts, partSums, partSquares) = (RegressionPair.counts, RegressionPair.sums, 1)
    }
    shape.counts += 1 + parts * partCounts
    shape.sums += parts * partSums
    shape.squares += parts * partSquares
  }

  func counts(_ part: PerformanceLayout.Part) -> Int { firstCount + part.rawValue * partCounts }
  func sums(_ part: PerformanceLayout.Part) -> Int { firstSum + part.rawValue * partSums }
  func squares(_ part: PerformanceLayout.Part) -> Int { firstSquare + part.rawValue * partSquares }
}

/// Sums of one loss on pairs.
enum PairLoss {
  static let champion = 0
  static let difference = 1
  static let squares = 2
  static let count = 3
}

/// The eight kinds of decisions, then the grid's positives and negatives.
enum BinaryPair {
  static let positives = PairedDecisions.count
  static let negatives = positives + PairedScoreGrid.side * PairedScoreGrid.side
  static let counts = negatives + PairedScoreGrid.side * PairedScoreGrid.side
  static let brier = 0
  static let logLoss = PairLoss.count
  static let sums = 2 * PairLoss.count
}

/// Champion right · 2 + challenger right, then the pairs in which both gave probabilities.
enum MulticlassPair {
  static let probabilities = 4
  static let counts = 5
  static let logLoss = 0
  static let sums = PairLoss.count
}

/// Absolute errors in the fixed point of errors; the squares of d are exact.
enum RegressionPair {
  static let values = 0
  static let outlying = 1
  static let counts = 2
  static let sums = 2
}

extension PerformanceLayout {
  func applyPair(_ row: PerformanceRow, _ challenger: ModelOutput, _ sign: Int64, to block: inout CellBlock) {
    guard let pairs else { return }
    // As of single predictions.
    if case .binary = task, case .number(let score) = challenger, !(0...1).contains(score) { return }
    block.counts[pairs.pairs] &+= sign
    if let label = row.label {
      apply(row.output, challenger, label, pairs, .labelled, sign, to: &block)
    } else if let implied = row.implied, hasImpliedLabels {
      apply(row.output, challenger, implied, pairs, .implied, sign, to: &block)
    }
  }

  private func apply(
    _ champion: ModelOutput, _ challenger: ModelOutput, _ label: LabelValue, _ pairs: PairLayout, _ part: Part,
    _ sign: Int64, to block: inout CellBlock
  ) {
    let counts = pairs.counts(part)
    let sums = pairs.sums(part)
    func add(_ loss: Int, _ a: Double, _ b: Double) {
      let weight = Int128(sign)
      let d = b - a
      block.sums[sums + loss + PairLoss.champion] &+= weight &* Fraction64.quantise(a)
      block.sums[sums + loss + PairLoss.difference] &+= weight &* Fraction64.quantise(d)
      block.sums[sums + loss + PairLoss.squares] &+= weight &* Fraction64.quantise(d * d)
    }
    switch (task, champion, challenger, label) {
    case (.binary(_, let threshold), .number(let a), .number(let b), .number(let y)):
      let positive = y == 1
      let kind = PairedDecisions.index(champion: a >= threshold, challenger: b >= threshold, positive: positive)
      block.counts[counts + kind] &+= sign
      let grid = counts + (positive ? BinaryPair.positives : BinaryPair.negatives)
      block.counts[grid + PairedScoreGrid.index(champion: a, challenger: b)] &+= sign
      let truth = positive ? 1.0 : 0.0
      add(BinaryPair.brier, (a - truth) * (a - truth), (b - truth) * (b - truth))
      add(
        BinaryPair.logLoss, logLoss(ofTrueClassProbability: positive ? a : 1 - a),
        logLoss(ofTrueClassProbability: positive ? b : 1 - b))
    case (.multiclass, .category(let a, let p), .category(let b, let q), .category(let actual)):
      block.counts[counts + (utf8Equal(a, actual) ? 2 : 0) + (utf8Equal(b, actual) ? 1 : 0)] &+= sign
      guard !p.isEmpty, !q.isEmpty else { return }
      block.counts[counts + MulticlassPair.probabilities] &+= sign
      func loss(_ of: [ClassProbability]) -> Double {
        logLoss(ofTrueClassProbability: of.first { utf8Equal($0.name, actual) }?.probability ?? 0)
      }
      add(MulticlassPair.logLoss, loss(p), loss(q))
    case (.regression(let fixedPoint, _), .number(let a), .number(let b), .number(let y)):
      block.counts[counts + RegressionPair.values] &+= sign
      guard let e = fixedPoint.quantise(a - y), let f = fixedPoint.quantise(b - y) else {
        block.counts[counts + RegressionPair.outlying] &+= sign
        return
      }
      // Both are below 2^62, so their difference fits.
      let d = Int64(f.magnitude) &- Int64(e.magnitude)
      block.sums[sums + PairLoss.champion] &+= Int128(sign) &* Int128(e.magnitude)
      block.sums[sums + PairLoss.difference] &+= Int128(sign) &* Int128(d)
      let square = Int192(squareOf: d)
      if sign > 0 { block.squares[pairs.squares(part)] += square } else { block.squares[pairs.squares(part)] -= square }
    default: break
    }
  }
}
