import LeewayStatistics

/// The labelled rows of one version, or of one slice, that are held against those of another.
struct ComparedRows {
  var side = VersionDifferences.Side()
  private var ranking: RankingCells?
  private var decisions: ConfusionCounts?
  private var classes: MulticlassConfusion?
  private var regression: RegressionSums?
  private var losses: [Metric: MeanSums] = [:]

  init(
    _ layout: PerformanceLayout, _ parts: [PerformanceLayout.Part], _ block: CellBlock, _ rows: PerformanceLayout.Rows
  ) {
    let reading = PartCells(layout: layout, block: block, parts: parts, of: rows)
    side.predictions = block.counts[layout.predictions(of: rows)]
    switch layout.task {
    case .binary(let binning, _):
      let ranking = reading.ranking(binning)
      side.positives = ranking.positiveCount
      side.negatives = ranking.negativeCount
      side.labelled = ranking.positiveCount &+ ranking.negativeCount
      self.ranking = ranking
      decisions = reading.decisions(binning)
      losses[.brier] = reading.brier(side.labelled)
      losses[.logLoss] = reading.logLoss(side.labelled)
    case .multiclass(let names):
      let k = names.count + 1
      let all = reading.confusion(classes: k)
      side.labelled = all.total
      classes = all
      // Right and wrong are all that accuracy asks of a confusion.
      let right = (0..<k).reduce(Int64(0)) { $0 &+ all[$1, $1] }
      decisions = ConfusionCounts(
        truePositives: right, falsePositives: 0, falseNegatives: all.total &- right, trueNegatives: 0)
      losses[.logLoss] = reading.logLoss(classes: k)
    case .regression(let fixedPoint, _):
      side.labelled = reading.value(.values)
      regression = reading.regression(fixedPoint)
      if reading.value(.ratioOutlying) > 0 { regression?.squaredRelativeErrors = nil }
    }
  }

  /// The other (the challenger, or a slice) less this one (the champion, or the rest); nil for metrics without an interval.
  func difference(_ metric: Metric, to other: ComparedRows) -> VersionDifferences.Difference? {
    switch metric.performance?.comparison {
    case nil: return nil
    case .regression(let measure):
      return VersionDifferences.unpaired(
        metric, regression?.estimate(measure), other.regression?.estimate(measure))
    case .decision(let ratio):
      guard let decisions, let theirs = other.decisions else { return nil }
      return VersionDifferences.unpaired(metric, ratio, decisions, theirs)
    case .macroF1:
      return VersionDifferences.unpaired(metric, classes?.macroF1Estimate, other.classes?.macroF1Estimate)
    case .ranking(let area):
      guard let ranking, let theirs = other.ranking else { return nil }
      return VersionDifferences.of(metric, .unpaired, area.value(ranking), area.value(theirs)) {
        area.difference(theirs, ranking, $0)
      }
    case .loss:
      guard let mean = losses[metric], let theirs = other.losses[metric] else { return nil }
      return VersionDifferences.of(metric, .unpaired, mean.mean, theirs.mean) {
        theirs.unpairedDifference(from: mean, confidence: $0)
      }
    }
  }

  func difference(_ metric: Metric, ofClass index: Int, to other: ComparedRows) -> VersionDifferences.Difference? {
    guard let classes, let theirs = other.classes, case .decision(let ratio)? = metric.performance?.comparison else {
      return nil
    }
    return VersionDifferences.unpaired(
      metric, ratio, classes.oneAgainstRest(index), theirs.oneAgainstRest(index))
  }
}
