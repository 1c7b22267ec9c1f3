import LeewayStatistics

/// What the challenger does beside the champion in one window: on the ids that both scored where there are enough of them,
/// else on the rows of each.
package struct VersionDifferences {
  /// How a difference was found.
  enum Method: String {
    /// On pairs.
    case paired
    /// On pairs, scores of one of 64 bins being ties.
    case pairedBinned = "paired_binned"
    /// Of each version's own rows, as if they were independent.
    case unpaired
  }

  struct Difference {
    var metric: Metric
    var method: Method
    var champion: Double
    var challenger: Double
    /// Challenger less champion, with a two-sided 99 % interval.
    var difference: MetricDifference
    /// The same with a two-sided 98 % interval: each end is a one-sided 99 % bound.
    var bounds: MetricDifference
  }

  struct Side {
    var predictions: Int64 = 0
    var labelled: Int64 = 0
    var positives: Int64 = 0
    var negatives: Int64 = 0

    var coverage: Double? { predictions > 0 ? Double(labelled) / Double(predictions) : nil }
  }

  private(set) var champion = Side()
  private(set) var challenger = Side()
  private(set) var pairs = Side()
  private(set) var differences: [Difference] = []

  /// Pairs say more than rows of their own, unless most rows have none: then they would leave most of the data out.
  var isPaired: Bool {
    pairs.labelled > 0 && pairs.labelled * 2 >= min(champion.labelled, challenger.labelled)
  }

  /// What a verdict rests on.
  var used: Side {
    guard !isPaired else { return pairs }
    return Side(
      predictions: min(champion.predictions, challenger.predictions),
      labelled: min(champion.labelled, challenger.labelled), positives: min(champion.positives, challenger.positives),
      negatives: min(champion.negatives, challenger.negatives))
  }

  /// - Parameters:
  ///   - performance: a window's blocks by slice.
  ///   - withImplied: unlabelled predictions count with the value that absence means (mature windows).
  init(
    layout: PerformanceLayout, comparison: VersionComparison, performance: [NameKey: CellBlock], withImplied: Bool
  ) {
    let parts: [PerformanceLayout.Part] = withImplied && layout.hasImpliedLabels ? [.labelled, .implied] : [.labelled]
    func rows(_ version: String) -> VersionRows {
      VersionRows(layout, parts, performance[NameKey(Slice.name(Slice.version, version))])
    }
    let a = rows(comparison.champion)
    let b = rows(comparison.challenger)
    champion = a.side
    challenger = b.side
    guard let pairLayout = layout.pairs else { return }
    let both = PairRows(layout, pairLayout, parts, performance[NameKey(Slice.all)])
    pairs = both.side
    let isPaired = isPaired
    for metric in Self.metrics(layout.task.kind) {
      if isPaired, let found = both.difference(metric) {
        differences.append(found)
      } else if let found = a.difference(metric, to: b) {
        differences.append(found)
      }
    }
  }

  /// Whether there is nothing of either version.
  var isEmpty: Bool { champion.predictions == 0 && challenger.predictions == 0 }

  subscript(_ metric: Metric) -> Difference? { differences.first { $0.metric == metric } }

  /// Metrics that are compared, in the order of their lines.
  package static func metrics(_ task: ModelTask) -> [Metric] {
    switch task {
    case .binary: [.auc, .brier, .logLoss, .accuracy, .precision, .recall, .f1, .predictedPositiveRate]
    case .multiclass: [.accuracy, .logLoss]
    case .regression: [.mae]
    }
  }

  fileprivate static func of(
    _ metric: Metric, _ method: Method, _ champion: Double?, _ challenger: Double?,
    _ difference: (_ confidence: Double) -> MetricDifference?
  ) -> Difference? {
    guard let champion, let challenger, let found = difference(0.99), let bounds = difference(0.98) else { return nil }
    return Difference(
      metric: metric, method: method, champion: champion, challenger: challenger, difference: found, bounds: bounds)
  }
}

extension Metric {
  fileprivate var decisionRatio: DecisionRatio? {
    switch self {
    case .accuracy: .accuracy
    case .precision: .precision
    case .recall: .recall
    case .f1: .f1
    case .predictedPositiveRate: .predictedPositiveRate
    default: nil
    }
  }
}

/// One version's labelled rows of a window.
private struct VersionRows {
  var side = VersionDifferences.Side()
  private var ranking: RankingCells?
  private var confusion: ConfusionCounts?
  private var means: [Metric: MeanSums] = [:]

  init(_ layout: PerformanceLayout, _ parts: [PerformanceLayout.Part], _ block: CellBlock?) {
    guard let block else { return }
    func count(_ offset: Int) -> Int64 { parts.reduce(0) { $0 &+ block.counts[layout.counts($1) + offset] } }
    func sum(_ offset: Int) -> Int128 { parts.reduce(0) { $0 &+ block.sums[layout.sums($1) + offset] } }
    func fraction(_ offset: Int) -> Double { Fraction64.double(sum(offset)) }
    side.predictions = block.counts[PerformanceLayout.predictions]
    switch layout.task {
    case .binary(let binning, _):
      let cells = binning.cellCount
      let ranking = RankingCells(
        positives: (0..<cells).map(count), negatives: (0..<cells).map { count(cells + $0) })
      side.positives = ranking.positiveCount
      side.negatives = ranking.negativeCount
      side.labelled = ranking.positiveCount &+ ranking.negativeCount
      self.ranking = ranking
      let table = 2 * cells + BinaryOffset.confusion
      confusion = ConfusionCounts(
        truePositives: count(table), falsePositives: count(table + 1), falseNegatives: count(table + 2),
        trueNegatives: count(table + 3))
      means[.brier] = MeanSums(
        count: side.labelled, sum: fraction(BinarySum.brier), squares: fraction(BinarySum.brierSquared))
      means[.logLoss] = MeanSums(
        count: side.labelled, sum: fraction(BinarySum.logLoss), squares: fraction(BinarySum.logLossSquared))
    case .multiclass(let classes):
      let k = classes.count + 1
      let all = MulticlassConfusion(classCount: k, counts: (0..<k * k).map(count))
      side.labelled = all.total
      // Right and wrong are all that accuracy asks of a confusion.
      let right = (0..<k).reduce(Int64(0)) { $0 &+ all[$1, $1] }
      confusion = ConfusionCounts(
        truePositives: right, falsePositives: 0, falseNegatives: all.total &- right, trueNegatives: 0)
      means[.logLoss] = MeanSums(
        count: count(MulticlassOffset.of(classes: k).probabilities), sum: fraction(MulticlassSum.logLoss),
        squares: fraction(MulticlassSum.logLossSquared))
    case .regression(let fixedPoint, _):
      side.labelled = count(RegressionCount.values.rawValue)
      guard count(RegressionCount.outlying.rawValue) == 0 else { return }
      let unit = fixedPoint.unscaled(1)
      let squares = parts.reduce(into: Int192.zero) { $0 += block.squares[layout.squares($1)] }
      means[.mae] = MeanSums(
        count: side.labelled, sum: fixedPoint.unscaled(sum(RegressionSum.absoluteError.rawValue)),
        squares: squares.double * unit * unit)
    }
  }

  /// The other, the challenger, less this one.
  func difference(_ metric: Metric, to other: VersionRows) -> VersionDifferences.Difference? {
    if metric == .auc {
      guard let ranking, let theirs = other.ranking else { return nil }
      return VersionDifferences.of(metric, .unpaired, ranking.auc, theirs.auc) {
        theirs.aucDifference(from: ranking, confidence: $0)
      }
    }
    if let ratio = metric.decisionRatio {
      guard let confusion, let theirs = other.confusion else { return nil }
      return VersionDifferences.of(metric, .unpaired, confusion.value(ratio), theirs.value(ratio)) {
        theirs.difference(ratio, from: confusion, confidence: $0)
      }
    }
    guard let mean = means[metric], let theirs = other.means[metric] else { return nil }
    return VersionDifferences.of(metric, .unpaired, mean.mean, theirs.mean) {
      theirs.unpairedDifference(from: mean, confidence: $0)
    }
  }
}

/// The pairs of a window.
private struct PairRows {
  var side = VersionDifferences.Side()
  private var decisions: PairedDecisions?
  private var right: PairedAccuracy?
  private var grid: PairedScoreGrid?
  /// The champion's mean, and the sums of d.
  private var losses: [Metric: (champion: Double, difference: MeanSums)] = [:]

  init(
    _ layout: PerformanceLayout, _ pairs: PairLayout, _ parts: [PerformanceLayout.Part], _ block: CellBlock?
  ) {
    guard let block, block.counts[pairs.pairs] > 0 else { return }
    func count(_ offset: Int) -> Int64 { parts.reduce(0) { $0 &+ block.counts[pairs.counts($1) + offset] } }
    func counts(_ offset: Int, _ n: Int) -> [Int64] { (0..<n).map { count(offset + $0) } }
    func sum(_ offset: Int) -> Int128 { parts.reduce(0) { $0 &+ block.sums[pairs.sums($1) + offset] } }
    func fraction(_ offset: Int) -> Double { Fraction64.double(sum(offset)) }
    func loss(_ offset: Int, _ n: Int64) -> (champion: Double, difference: MeanSums)? {
      guard n > 0 else { return nil }
      return (
        fraction(offset + PairLoss.champion) / Double(n),
        MeanSums(count: n, sum: fraction(offset + PairLoss.difference), squares: fraction(offset + PairLoss.squares))
      )
    }
    side.predictions = block.counts[pairs.pairs]
    switch layout.task {
    case .binary:
      let decisions = PairedDecisions(counts: counts(0, PairedDecisions.count))
      let cells = PairedScoreGrid.side * PairedScoreGrid.side
      self.decisions = decisions
      grid = PairedScoreGrid(
        positives: counts(BinaryPair.positives, cells), negatives: counts(BinaryPair.negatives, cells))
      side.positives = decisions.positives
      side.negatives = decisions.negatives
      side.labelled = decisions.total
      losses[.brier] = loss(BinaryPair.brier, side.labelled)
      losses[.logLoss] = loss(BinaryPair.logLoss, side.labelled)
    case .multiclass:
      let right = PairedAccuracy(
        bothRight: count(3), championAlone: count(2), challengerAlone: count(1), bothWrong: count(0))
      self.right = right
      side.labelled = right.bothRight &+ right.championAlone &+ right.challengerAlone &+ right.bothWrong
      losses[.logLoss] = loss(MulticlassPair.logLoss, count(MulticlassPair.probabilities))
    case .regression(let fixedPoint, _):
      side.labelled = count(RegressionPair.values)
      guard side.labelled > 0, count(RegressionPair.outlying) == 0 else { return }
      let unit = fixedPoint.unscaled(1)
      let squares = parts.reduce(into: Int192.zero) { $0 += block.squares[pairs.squares($1)] }
      losses[.mae] = (
        fixedPoint.unscaled(sum(PairLoss.champion)) / Double(side.labelled),
        MeanSums(
          count: side.labelled, sum: fixedPoint.unscaled(sum(PairLoss.difference)),
          squares: squares.double * unit * unit)
      )
    }
  }

  func difference(_ metric: Metric) -> VersionDifferences.Difference? {
    if metric == .auc {
      guard let grid, let areas = grid.areas else { return nil }
      return VersionDifferences.of(metric, .pairedBinned, areas.champion, areas.challenger) {
        grid.aucDifference(confidence: $0)
      }
    }
    if let ratio = metric.decisionRatio, let decisions {
      return VersionDifferences.of(
        metric, .paired, decisions.champion.value(ratio), decisions.challenger.value(ratio)
      ) { decisions.difference(ratio, confidence: $0) }
    }
    if metric == .accuracy, let right {
      let n = Double(side.labelled)
      return VersionDifferences.of(
        metric, .paired, Double(right.bothRight &+ right.championAlone) / n,
        Double(right.bothRight &+ right.challengerAlone) / n
      ) { right.difference(confidence: $0) }
    }
    guard let loss = losses[metric], let d = loss.difference.mean else { return nil }
    return VersionDifferences.of(metric, .paired, loss.champion, loss.champion + d) {
      loss.difference.pairedDifference(confidence: $0)
    }
  }
}
