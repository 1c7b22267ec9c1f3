import LeewayStatistics

/// The labelled rows of a binary model in one window and slice, as its metrics read them.
struct BinaryRows {
  let ranking: RankingCells
  /// Decisions at the monitor's threshold.
  let decisions: ConfusionCounts
  let brier: MeanSums
  let logLoss: MeanSums
  /// Ten bins of equal width.
  let reliability: ReliabilityTable
  let spiegelhalterZ: Double?
  /// nil where one line fits all outcomes or none: without rows, with one class, or with classes that a score parts.
  let calibrationLine: CalibrationLine?
  let calibrationInTheLarge: CalibrationInTheLarge?

  init(_ rows: PartCells, _ binning: NumericBinning) {
    let cells = binning.cellCount
    ranking = rows.ranking(binning)
    decisions = rows.decisions(binning)
    let labelled = ranking.positiveCount &+ ranking.negativeCount
    brier = rows.brier(labelled)
    logLoss = rows.logLoss(labelled)
    reliability = ReliabilityTable(
      counts: rows.counts(2 * cells + BinaryOffset.bins, 10),
      scoreSums: (0..<10).map { rows.fraction(BinarySum.bins + $0) },
      positives: rows.counts(2 * cells + BinaryOffset.positives, 10))
    spiegelhalterZ = LeewayStatistics.spiegelhalterZ(
      numerator: rows.fraction(BinarySum.spiegelhalterNumerator),
      variance: rows.fraction(BinarySum.spiegelhalterVariance))

    let groups = ScoreGroups(ranking, binning) { rows.fraction(BinarySum.cells + $0 / 2) }
    calibrationLine =
      groups.scores.isEmpty
      ? nil
      : calibrationRegression(
        scores: groups.scores, lowerEdges: groups.lowerEdges, upperEdges: groups.upperEdges,
        positives: groups.positives, negatives: groups.negatives)
    calibrationInTheLarge = CalibrationInTheLarge(
      scores: groups.scores, lowerEdges: groups.lowerEdges, upperEdges: groups.upperEdges, positives: groups.positives,
      negatives: groups.negatives)
  }

  /// That the scores are probabilities: twice the smaller of Spiegelhalter's and the bins' p-value, since the smaller of two is
  /// below a limit up to twice as often as either (Bonferroni). At most 1; nil where neither test can be made.
  var calibrationPValue: Double? {
    let tests = [spiegelhalterZ.map(spiegelhalterPValue(z:)), reliability.chiSquared?.pValue].compactMap { $0 }
    return tests.min().map { min(1, Double(tests.count) * $0) }
  }
}

/// Labelled scores by cell: at a knot the score itself, between knots the mean score of the cell and the cell's edges.
private struct ScoreGroups {
  var scores: [Double] = []
  var lowerEdges: [Double] = []
  var upperEdges: [Double] = []
  var positives: [Int64] = []
  var negatives: [Int64] = []

  /// - Parameter sum: of the scores in an even cell.
  init(_ ranking: RankingCells, _ binning: NumericBinning, sum: (_ cell: Int) -> Double) {
    let cells = binning.cellCount
    for cell in 0..<cells where ranking.positives[cell] &+ ranking.negatives[cell] > 0 {
      let rows = ranking.positives[cell] &+ ranking.negatives[cell]
      if cell % 2 == 1 {
        let knot = binning.knots[cell / 2]
        add(knot, knot, knot)
      } else {
        let low = cell == 0 ? 0 : binning.knots[cell / 2 - 1]
        let high = cell == cells - 1 ? 1 : binning.knots[cell / 2]
        add(min(max(sum(cell) / Double(rows), low), high), low, high)
      }
      positives.append(ranking.positives[cell])
      negatives.append(ranking.negatives[cell])
    }
  }

  private mutating func add(_ score: Double, _ lower: Double, _ upper: Double) {
    scores.append(score)
    lowerEdges.append(lower)
    upperEdges.append(upper)
  }
}
