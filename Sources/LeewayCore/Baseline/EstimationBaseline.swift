package import LeewayStatistics

/// How scores became outcomes, and predictions errors, on rows with labels.
package struct EstimationBaseline: Sendable, Equatable {
  /// What estimates are made from, by task.
  package enum Basis: Sendable, Equatable {
    /// Binary: from score to probability.
    case scores(IsotonicMap)
    /// Regression, by PSI bin of the prediction: rows, and Σ|error| in the target's unit.
    case errors(rows: [Int64], absoluteErrors: [Double])
  }

  package var rows: Int64
  /// Fitted on the rows that the model was trained on, which flatter it.
  package var inSample: Bool
  package var basis: Basis

  package init(rows: Int64, inSample: Bool, basis: Basis) {
    self.rows = rows
    self.inSample = inSample
    self.basis = basis
  }

  /// From the labelled rows of a block; nil without any, for multiclass, and where an error was too large to be summed.
  init?(fitting layout: PerformanceLayout, _ block: CellBlock, inSample: Bool) {
    let base = layout.firstCount(of: .labelled)
    switch layout.task {
    case .binary(let binning, _):
      var scores: [Double] = []
      var positives: [Int64] = []
      var negatives: [Int64] = []
      for cell in 0..<binning.cellCount {
        let positive = block.counts[base + cell]
        let negative = block.counts[base + binning.cellCount + cell]
        guard positive &+ negative > 0 else { continue }
        if cell % 2 == 1 {
          scores.append(binning.knots[cell / 2])
        } else {
          let sum = Fraction64.double(block.sums[layout.firstSum(of: .labelled) + BinarySum.cells + cell / 2])
          // Inside its cell, so that scores ascend whatever is rounded.
          let low = cell == 0 ? -1 : binning.knots[cell / 2 - 1]
          let high = cell == binning.cellCount - 1 ? 2 : binning.knots[cell / 2]
          scores.append(min(max(sum / Double(positive &+ negative), low.nextUp), high.nextDown))
        }
        positives.append(positive)
        negatives.append(negative)
      }
      guard zip(scores, scores.dropFirst()).allSatisfy(<),
        let map = IsotonicMap(fitting: scores, positives: positives, negatives: negatives)
      else { return nil }
      self.init(rows: positives.reduce(0, &+) &+ negatives.reduce(0, &+), inSample: inSample, basis: .scores(map))
    case .regression(let fixedPoint, let binning):
      let cells = base + RegressionOffset.cells
      let rows = binning.decileBins(Array(block.counts[cells..<cells + binning.cellCount]))
      let total = rows.reduce(0, &+)
      // Errors beyond all others are in no sum; a few of them change nothing.
      guard total > 0, block.counts[base + RegressionCount.outlying.rawValue] <= total / 100 else { return nil }
      let sums = layout.firstSum(of: .labelled) + RegressionSum.allCases.count
      self.init(
        rows: total, inSample: inSample,
        basis: .errors(rows: rows, absoluteErrors: rows.indices.map { fixedPoint.unscaled(block.sums[sums + $0]) }))
    case .multiclass: return nil
    }
  }
}
