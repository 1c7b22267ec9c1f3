import LeewayStatistics

/// Performance and calibration of one window and slice, from its block.
struct PerformanceSummary {
  let predictions: Int64
  /// Real labels, and implied ones once the window is mature.
  let labelled: Int64
  let implied: Int64
  /// Regression: labelled rows whose label or prediction is beyond 10⁹ standard deviations, which no metric counts.
  let outlying: Int64?
  let positives: Int64?
  let negatives: Int64?
  let metrics: MetricValues
  /// Rows of [count, mean score, positive share] for the bins that hold anything; multiclass: of the predicted class's
  /// probability, and how often it was right.
  let reliability: [ReliabilityTable.Row]
  /// Multiclass: every class that came as a label or a prediction against all others.
  let classes: [(name: String, counts: ConfusionCounts)]
  /// Multiclass with at most `largestMatrix` classes: rows by label, columns by prediction.
  let confusion: (names: [String], counts: [[Int64]])?
  /// Binary: labelled decisions at the threshold.
  let decisions: ConfusionCounts?
  /// What the baseline lets expect of all predictions, labelled or not.
  let estimated: EstimatedPerformance?
  /// Binary: the labelled scores.
  private let ranking: RankingCells?
  private let bounds: [Metric: OneSidedBounds]
  private let outputs: LabelledOutputs?
  /// For verdicts on `ece`: binary twice the smaller of Spiegelhalter's and the bins' p-value, multiclass the bins'. At most 1.
  let calibrationPValue: Double?
  private let layout: PerformanceLayout
  private let parts: [PerformanceLayout.Part]
  private let block: CellBlock

  /// Labelled rows that metrics rest on.
  var judged: Int64 { labelled &- (outlying ?? 0) }

  var coverage: Double? { predictions > 0 ? Double(labelled) / Double(predictions) : nil }

  /// `labelled_score_ks`: how likely outputs with a label and those without are so far apart by chance.
  var labelledScorePValue: Double? { outputs?.pValue }

  static let largestMatrix = 20

  /// - Parameter place: of a metric that has one.
  func value(_ metric: Metric, at place: Double? = nil) -> Double? {
    if metric == .coverage { return coverage }
    return metric.place == nil ? metrics[metric] : placed(metric, at: place)?.value
  }

  /// A metric that has a place, there; nil of others, and where it has no value.
  func placed(_ metric: Metric, at place: Double?) -> RankingCells.AtThreshold? {
    guard let place, let ranking else { return nil }
    return metric.performance?.placed?(ranking, place)
  }

  /// One-sided 99 % bounds where the metric has them.
  func bounds(_ metric: Metric, at place: Double? = nil) -> OneSidedBounds? {
    metric.place == nil ? bounds[metric] : placed(metric, at: place)?.bounds
  }

  /// A metric of these rows less that of all others of a whole that holds them, as if the two were independent; nil where the
  /// metric has no interval, or one of the two has no value.
  func difference(_ metric: Metric, fromRestOf whole: PerformanceSummary) -> MetricDifference? {
    if metric == .coverage {
      func labelled(_ labelled: Int64, of predictions: Int64) -> ConfusionCounts {
        ConfusionCounts(
          truePositives: labelled, falsePositives: 0, falseNegatives: predictions &- labelled, trueNegatives: 0)
      }
      let rest = labelled(whole.labelled &- self.labelled, of: whole.predictions &- predictions)
      return labelled(self.labelled, of: predictions).difference(.accuracy, from: rest, confidence: 0.99)
    }
    var rest = whole.block
    rest -= block
    return ComparedRows(layout, parts, rest, .every)
      .difference(metric, to: ComparedRows(layout, parts, block, .every))?.difference
  }

  /// - Parameters:
  ///   - withImplied: unlabelled predictions count with the value that absence means (mature windows).
  ///   - longestDelay: no label that counts came later after its prediction.
  init(layout: PerformanceLayout, block: CellBlock, withImplied: Bool, longestDelay: TimeSpan? = nil) {
    let parts: [PerformanceLayout.Part] = withImplied && layout.hasImpliedLabels ? [.labelled, .implied] : [.labelled]
    self.layout = layout
    self.parts = parts
    self.block = block
    var reading = PerformanceEvaluation(layout: layout, block: block, parts: parts)
    predictions = block.counts[PerformanceLayout.predictions]
    switch layout.task {
    case .binary(let binning, _): reading.binary(binning)
    case .multiclass(let classes): reading.multiclass(classes)
    case .regression(let fixedPoint, let binning): reading.regression(fixedPoint, binning)
    }
    labelled = reading.labelled
    implied = reading.implied
    outlying = reading.outlying
    positives = reading.positives
    negatives = reading.negatives
    reliability = reading.reliability
    classes = reading.classes
    confusion = reading.confusion
    ranking = reading.ranking
    decisions = reading.decisions
    estimated = EstimatedPerformance(layout, block)
    if let estimated { reading.compare(estimated) }
    bounds = reading.bounds
    calibrationPValue = reading.calibrationPValue
    outputs = reading.outputs
    for (name, share) in [("label_delay_p50_seconds", 0.5), ("label_delay_p90_seconds", 0.9)] {
      reading.metrics.set(name, Self.delayQuantile(share, block, longestDelay))
    }
    metrics = reading.metrics
  }

  /// In seconds, within 1/64, and never above the longest delay.
  private static func delayQuantile(_ share: Double, _ block: CellBlock, _ longest: TimeSpan?) -> Double? {
    let buckets = block.counts[PerformanceLayout.delays..<PerformanceLayout.delays + PerformanceLayout.delayBuckets]
    return OctaveBins.delays.quantile(share, buckets).map { steps in
      min(steps / 32, longest.map { Double($0.milliseconds) } ?? .infinity) / 1000
    }
  }
}
