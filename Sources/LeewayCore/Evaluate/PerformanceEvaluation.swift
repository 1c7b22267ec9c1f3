import LeewayStatistics

/// Works out the metrics of one window and slice from the parts of a block that belong to real and, where asked, implied labels.
struct PerformanceEvaluation {
  let layout: PerformanceLayout
  let block: CellBlock
  let parts: [PerformanceLayout.Part]
  private let rows: PartCells
  var metrics = MetricValues()
  private(set) var bounds: [Metric: OneSidedBounds] = [:]
  private(set) var labelled: Int64 = 0
  private(set) var implied: Int64 = 0
  /// Regression: labelled rows that are too far out to be summed.
  private(set) var outlying: Int64?
  private(set) var positives: Int64?
  private(set) var negatives: Int64?
  private(set) var reliability: [ReliabilityTable.Row] = []
  private(set) var calibrationPValue: Double?
  /// What `labelled_score_ks` holds against each other.
  private(set) var outputs: LabelledOutputs?
  private(set) var classes: [(name: String, counts: ConfusionCounts)] = []
  private(set) var confusion: (names: [String], counts: [[Int64]])?
  private(set) var ranking: RankingCells?
  private(set) var decisions: ConfusionCounts?

  init(layout: PerformanceLayout, block: CellBlock, parts: [PerformanceLayout.Part]) {
    self.layout = layout
    self.block = block
    self.parts = parts
    rows = PartCells(layout: layout, block: block, parts: parts)
  }

  private mutating func set(_ metric: Metric, _ found: MeasuredValue) {
    metrics.set(metric, found.value)
    if metric.performance?.hasCellBound == true { metrics.set("\(metric.name)_bound", found.cellBound) }
    bounds[metric] = found.bounds
  }

  /// Every metric that has a formula for such rows, in the list's order.
  private mutating func set<Rows>(
    _ formulas: [(metric: Metric, value: @Sendable (Rows) -> MeasuredValue)], _ rows: Rows
  ) {
    for (metric, value) in formulas { set(metric, value(rows)) }
  }

  mutating func binary(_ binning: NumericBinning) {
    let cells = binning.cellCount
    let rows = BinaryRows(rows, binning)
    positives = rows.ranking.positiveCount
    negatives = rows.ranking.negativeCount
    labelled = rows.ranking.positiveCount &+ rows.ranking.negativeCount
    implied = self.implied(2 * cells)
    ranking = rows.ranking
    decisions = rows.decisions
    reliability = rows.reliability.rows
    calibrationPValue = rows.calibrationPValue
    set(Metric.ofBinary, rows)
    let base = layout.firstCount(of: .labelled)
    labelledOutputs((0..<cells).map { block.counts[base + $0] &+ block.counts[base + cells + $0] })
  }

  mutating func multiclass(_ names: [String]) {
    let k = names.count + 1
    let rows = MulticlassRows(rows, classCount: k)
    labelled = rows.confusion.total
    implied = self.implied(k * k)
    reliability = rows.reliability.rows
    calibrationPValue = rows.calibrationPValue
    set(Metric.ofMulticlass, rows)
    let confident = block.counts[PerformanceLayout.outputs..<PerformanceLayout.outputs + ReliabilityTable.binCount]
    let predictions = confident.reduce(0, &+)
    metrics.set(.confidentRatio, predictions > 0 ? Double(confident.last ?? 0) / Double(predictions) : nil)
    let known = names + [Slice.otherValue]
    for index in 0..<k {
      let counts = rows.confusion.oneAgainstRest(index)
      if counts.positives &+ counts.predictedPositives > 0 { classes.append((known[index], counts)) }
    }
    if k <= PerformanceSummary.largestMatrix + 1 {
      confusion = (known, (0..<k).map { label in (0..<k).map { rows.confusion[label, $0] } })
    }
  }

  mutating func regression(_ fixedPoint: FixedPoint, _ binning: NumericBinning) {
    let rows = RegressionRows(rows, fixedPoint)
    labelled = rows.labelled
    outlying = rows.outlying
    if parts.contains(.implied) {
      implied = block.counts[layout.firstCount(of: .implied) + RegressionCount.values.rawValue]
    }
    set(Metric.ofRegression, rows)
    let base = layout.firstCount(of: .labelled) + RegressionOffset.cells
    labelledOutputs(Array(block.counts[base..<base + binning.cellCount]))
  }

  /// Rows whose label is implied, by the cells that begin their part.
  private func implied(_ cells: Int) -> Int64 {
    guard parts.contains(.implied) else { return 0 }
    let base = layout.firstCount(of: .implied)
    return block.counts[base..<base + cells].reduce(0, &+)
  }

  private mutating func labelledOutputs(_ cells: [Int64]) {
    let outputs = LabelledOutputs(
      cells: cells, of: block.counts[PerformanceLayout.outputs..<PerformanceLayout.outputs + cells.count])
    self.outputs = outputs
    set(Metric.ofOutputs, outputs)
  }

  /// How far the estimate was off, where what it estimates is known.
  mutating func compare(_ estimated: EstimatedPerformance) {
    for error in Metric.estimateErrors {
      guard let metric = error.performance?.estimate, let expected = estimated.values[metric],
        let found = metrics[metric]
      else { continue }
      set(error, MeasuredValue(abs(expected - found)))
    }
  }
}
