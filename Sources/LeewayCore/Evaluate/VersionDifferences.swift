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
    /// For each version's own rows, as if they were independent.
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
  /// Multiclass: precision, recall and F1 of each class that came against all others.
  private(set) var classes: [(name: String, differences: [Difference])] = []

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
  ///   - block: a window's block of one slice.
  ///   - withImplied: unlabelled predictions count with the value that absence means (mature windows).
  /// - Returns: nil where versions are not compared, or there is nothing of either.
  init?(layout: PerformanceLayout, block: CellBlock, withImplied: Bool) {
    guard let pairLayout = layout.pairs else { return nil }
    let parts: [PerformanceLayout.Part] = withImplied && layout.hasImpliedLabels ? [.labelled, .implied] : [.labelled]
    let a = ComparedRows(layout, parts, block, .champion)
    let b = ComparedRows(layout, parts, block, .challenger)
    guard a.side.predictions > 0 || b.side.predictions > 0 else { return nil }
    champion = a.side
    challenger = b.side
    let both = PairRows(layout, pairLayout, parts, block)
    pairs = both.side
    let isPaired = isPaired
    for metric in Self.metrics(layout.task.kind) {
      if isPaired, let found = both.difference(metric) {
        differences.append(found)
      } else if let found = a.difference(metric, to: b) {
        differences.append(found)
      }
    }
    guard case .multiclass(let names) = layout.task, names.count <= PerformanceSummary.largestMatrix else { return }
    for (index, name) in (names + [Slice.otherValue]).enumerated() {
      let found = Self.ofClass.compactMap { metric in
        isPaired ? both.difference(metric, ofClass: index) : a.difference(metric, ofClass: index, to: b)
      }
      if !found.isEmpty { classes.append((name, found)) }
    }
  }

  /// For every slice that holds rows of either version; those of versions have nothing to compare.
  static func bySlice(
    layout: PerformanceLayout, performance: [NameKey: CellBlock], withImplied: Bool
  ) -> [NameKey: VersionDifferences] {
    guard layout.pairs != nil else { return [:] }
    return performance.compactMapValues { VersionDifferences(layout: layout, block: $0, withImplied: withImplied) }
  }

  subscript(_ metric: Metric) -> Difference? { differences.first { $0.metric == metric } }

  private static let ofClass: [Metric] = [.precision, .recall, .f1]

  /// Metrics that are compared, in the order of their lines: all that have an interval.
  package static func metrics(_ task: ModelTask) -> [Metric] {
    switch task {
    case .binary:
      [
        .auc, .averagePrecision, .brier, .logLoss, .accuracy, .precision, .recall, .f1, .positiveRate,
        .predictedPositiveRate,
      ]
    case .multiclass: [.accuracy, .macroF1, .logLoss]
    case .regression: [.mae, .rmse, .bias, .mape, .wape, .r2]
    }
  }

  static func of(
    _ metric: Metric, _ method: Method, _ champion: Double?, _ challenger: Double?,
    _ difference: (_ confidence: Double) -> MetricDifference?
  ) -> Difference? {
    guard let champion, let challenger, let found = difference(0.99), let bounds = difference(0.98) else { return nil }
    return Difference(
      metric: metric, method: method, champion: champion, challenger: challenger, difference: found, bounds: bounds)
  }

  static func unpaired(_ metric: Metric, _ champion: Estimate?, _ challenger: Estimate?) -> Difference? {
    guard let champion, let challenger else { return nil }
    return of(metric, .unpaired, champion.value, challenger.value) {
      challenger.difference(from: champion, confidence: $0)
    }
  }

  static func unpaired(
    _ metric: Metric, _ ratio: DecisionRatio, _ champion: ConfusionCounts, _ challenger: ConfusionCounts
  ) -> Difference? {
    of(metric, .unpaired, champion.value(ratio), challenger.value(ratio)) {
      challenger.difference(ratio, from: champion, confidence: $0)
    }
  }

  static func paired(_ metric: Metric, _ ratio: DecisionRatio, _ decisions: PairedDecisions) -> Difference? {
    of(metric, .paired, decisions.champion.value(ratio), decisions.challenger.value(ratio)) {
      decisions.difference(ratio, confidence: $0)
    }
  }
}

/// The pairs of a window and slice.
private struct PairRows {
  var side = VersionDifferences.Side()
  private var decisions: PairedDecisions?
  private var grid: PairedScoreGrid?
  private var classes: PairedClasses?
  private var regression: RegressionPairSums?
  /// The champion's mean, and the sums of d.
  private var losses: [Metric: (champion: Double, difference: MeanSums)] = [:]

  init(_ layout: PerformanceLayout, _ pairs: PairLayout, _ parts: [PerformanceLayout.Part], _ block: CellBlock) {
    let reading = PairCells(pairs: pairs, block: block, parts: parts)
    side.predictions = block.counts[pairs.pairs]
    switch layout.task {
    case .binary:
      let decisions = PairedDecisions(counts: reading.counts(0, PairedDecisions.count))
      let cells = PairedScoreGrid.side * PairedScoreGrid.side
      self.decisions = decisions
      side.positives = decisions.positives
      side.negatives = decisions.negatives
      side.labelled = decisions.total
      guard side.labelled > 0 else { return }
      grid = PairedScoreGrid(
        positives: reading.counts(BinaryPair.positives, cells), negatives: reading.counts(BinaryPair.negatives, cells))
      losses[.brier] = reading.loss(BinaryPair.brier, side.labelled)
      losses[.logLoss] = reading.loss(BinaryPair.logLoss, side.labelled)
    case .multiclass(let names):
      let k = names.count + 1
      let classes = PairedClasses(
        classCount: k, counts: reading.counts(MulticlassPair.classes, PairedClasses.tables * k * k))
      self.classes = classes
      side.labelled = classes.total
      losses[.logLoss] = reading.loss(MulticlassPair.logLoss, reading.count(MulticlassPair.probabilities))
    case .regression(let fixedPoint, _):
      side.labelled = reading.count(RegressionPairCount.values.rawValue)
      regression = reading.regression(fixedPoint, targets: layout.targetSizes)
    }
  }

  func difference(_ metric: Metric) -> VersionDifferences.Difference? {
    switch metric.performance?.comparison {
    case nil: return nil
    case .regression(let measure):
      let values = regression?.values(measure)
      return VersionDifferences.of(metric, .paired, values?.champion, values?.challenger) {
        regression?.difference(measure, confidence: $0)
      }
    case .ranking(let area):
      let values = grid.flatMap(area.pair)
      return VersionDifferences.of(metric, .pairedBinned, values?.champion, values?.challenger) { confidence in
        grid.flatMap { area.pairedDifference($0, confidence) }
      }
    case .decision(let ratio):
      if let decisions { return VersionDifferences.paired(metric, ratio, decisions) }
      // Among several classes right and wrong are all that is asked.
      guard let classes, ratio == .accuracy else { return nil }
      return VersionDifferences.of(metric, .paired, classes.champion.accuracy, classes.challenger.accuracy) {
        classes.accuracy?.difference(confidence: $0)
      }
    case .macroF1:
      guard let classes else { return nil }
      return VersionDifferences.of(metric, .paired, classes.champion.macroF1, classes.challenger.macroF1) {
        classes.macroF1Difference(confidence: $0)
      }
    case .loss:
      guard let loss = losses[metric], let d = loss.difference.mean else { return nil }
      return VersionDifferences.of(metric, .paired, loss.champion, loss.champion + d) {
        loss.difference.pairedDifference(confidence: $0)
      }
    }
  }

  func difference(_ metric: Metric, ofClass index: Int) -> VersionDifferences.Difference? {
    guard let decisions = classes?.oneAgainstRest(index), case .decision(let ratio)? = metric.performance?.comparison
    else { return nil }
    return VersionDifferences.paired(metric, ratio, decisions)
  }
}
