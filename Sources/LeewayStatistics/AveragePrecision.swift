extension RankingCells {
  /// The derivative of average precision, ties taken in one step, by the weight of a positive and of a negative of each cell:
  /// what one row more does to it. nil without both classes.
  var averagePrecisionInfluence: (ofPositive: [Double], ofNegative: [Double])? {
    guard positiveCount > 0, negativeCount > 0 else { return nil }
    let n = Double(positiveCount)
    var precision = [Double](repeating: 0, count: positives.count)
    var steps: [(positive: Double, negative: Double)] = Array(repeating: (0, 0), count: positives.count)
    var truePositives = 0.0
    var falsePositives = 0.0
    var average = 0.0
    for cell in positives.indices.reversed() {
      truePositives += Double(positives[cell])
      falsePositives += Double(negatives[cell])
      let rows = truePositives + falsePositives
      guard rows > 0 else { continue }
      precision[cell] = truePositives / rows
      average += Double(positives[cell]) * precision[cell] / n
      // For this step's precision, by one positive or one negative more at or above it.
      let weight = Double(positives[cell]) / n / (rows * rows)
      steps[cell] = (weight * falsePositives, -weight * truePositives)
    }
    var ofPositive = precision
    var ofNegative = precision
    var below = (positive: 0.0, negative: 0.0)
    for cell in positives.indices {
      below.positive += steps[cell].positive
      below.negative += steps[cell].negative
      ofPositive[cell] = (precision[cell] - average) / n + below.positive
      ofNegative[cell] = below.negative
    }
    return (ofPositive, ofNegative)
  }

  /// `averagePrecision` with the root of the squared influences of all rows (the infinitesimal jackknife); nil without both
  /// classes.
  public var averagePrecisionEstimate: Estimate? {
    guard let averagePrecision, let (ofPositive, ofNegative) = averagePrecisionInfluence else { return nil }
    var variance = 0.0
    for cell in positives.indices {
      variance += Double(positives[cell]) * ofPositive[cell] * ofPositive[cell]
      variance += Double(negatives[cell]) * ofNegative[cell] * ofNegative[cell]
    }
    return Estimate(value: averagePrecision, standardError: variance.squareRoot())
  }

  /// `averagePrecision` ∓ (z · its standard error + `averagePrecisionBound`), cut off at [0, 1]. nil without both classes.
  public func averagePrecisionBounds(confidence: Double = 0.99) -> OneSidedBounds? {
    guard let estimate = averagePrecisionEstimate, let slack = averagePrecisionBound else { return nil }
    return OneSidedBounds(
      estimate: estimate.value, standardError: estimate.standardError, slack: slack, confidence: confidence,
      range: 0...1)
  }

  /// This average precision less that of independent rows, its interval widened by both `averagePrecisionBound`s. nil without
  /// both classes on either side.
  public func averagePrecisionDifference(from other: RankingCells, confidence: Double = 0.99) -> MetricDifference? {
    guard let mine = averagePrecisionEstimate, let theirs = other.averagePrecisionEstimate,
      let bound = averagePrecisionBound, let otherBound = other.averagePrecisionBound
    else { return nil }
    var out = mine.difference(from: theirs, confidence: confidence)
    out.lower -= bound + otherBound
    out.upper += bound + otherBound
    return out
  }
}

extension PairedScoreGrid {
  /// One model's bins, each as a cell of equal scores.
  private func ranking(_ bin: (Int) -> Int) -> RankingCells {
    var cells = (positives: [Int64](repeating: 0, count: 2 * Self.side + 1), negatives: [Int64]())
    cells.negatives = cells.positives
    for index in positives.indices {
      cells.positives[2 * bin(index) + 1] += positives[index]
      cells.negatives[2 * bin(index) + 1] += negatives[index]
    }
    return RankingCells(positives: cells.positives, negatives: cells.negatives)
  }

  private var champion: RankingCells { ranking { $0 / Self.side } }
  private var challenger: RankingCells { ranking { $0 % Self.side } }

  /// The champion's and the challenger's average precision, scores of one bin tied. nil without both classes.
  public var averagePrecisions: (champion: Double, challenger: Double)? {
    guard let a = champion.averagePrecision, let b = challenger.averagePrecision else { return nil }
    return (a, b)
  }

  /// The challenger's average precision less the champion's on the same rows, by the squared differences of each row's
  /// influence on both. nil without both classes.
  public func averagePrecisionDifference(confidence: Double = 0.99) -> MetricDifference? {
    guard let values = averagePrecisions, let a = champion.averagePrecisionInfluence,
      let b = challenger.averagePrecisionInfluence
    else { return nil }
    var variance = 0.0
    for index in positives.indices where positives[index] > 0 || negatives[index] > 0 {
      let (one, other) = (2 * (index / Self.side) + 1, 2 * (index % Self.side) + 1)
      let above = b.ofPositive[other] - a.ofPositive[one]
      let below = b.ofNegative[other] - a.ofNegative[one]
      variance += Double(positives[index]) * above * above + Double(negatives[index]) * below * below
    }
    return MetricDifference(
      estimate: values.challenger - values.champion, standardError: variance.squareRoot(), confidence: confidence)
  }
}
