import LeewayStatistics

/// Outputs of labelled beside those of unlabelled predictions: labels that come early are no random sample.
struct LabelledOutputs {
  let labelled: Int64
  let unlabelled: Int64
  /// The largest distance of the two distributions; nil where one of them has no rows.
  let ks: Double?

  /// - Parameters:
  ///   - cells: labelled outputs by cell.
  ///   - all: labelled or not, by the same cells.
  init(cells: [Int64], of all: ArraySlice<Int64>) {
    var labelled: Int64 = 0
    var unlabelled: Int64 = 0
    let below = zip(cells, all).map { here, all in
      labelled &+= here
      unlabelled &+= all &- here
      return (labelled, unlabelled)
    }
    (self.labelled, self.unlabelled) = (labelled, unlabelled)
    guard labelled > 0, unlabelled > 0 else {
      ks = nil
      return
    }
    ks = below.reduce(0.0) { most, counts in
      max(most, abs(Double(counts.0) / Double(labelled) - Double(counts.1) / Double(unlabelled)))
    }
  }

  /// The distance of the two empirical distributions from their own is at most the margin in 99 of 100 draws (Kolmogorov).
  var measured: MeasuredValue {
    guard let ks else { return MeasuredValue(nil) }
    let rows = Double(labelled) * Double(unlabelled) / (Double(labelled) + Double(unlabelled))
    let margin = 1.6276 / rows.squareRoot()
    return MeasuredValue(ks, OneSidedBounds(lower: max(0, ks - margin), upper: min(1, ks + margin)))
  }

  /// How likely they are so far apart by chance.
  var pValue: Double? {
    ks.flatMap { kolmogorovSmirnovPValue(statistic: $0, baselineCount: labelled, windowCount: unlabelled) }
  }
}
