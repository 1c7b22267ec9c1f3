import LeewayStatistics

/// What the baseline lets expect of predictions whose labels have not come, under the names of what is estimated.
///
/// It takes P(label | score), or the size of errors by prediction, to be what it was: concept drift does not show in it.
struct EstimatedPerformance {
  let inSample: Bool
  /// Predictions that it rests on.
  let rows: Int64
  let values: MetricValues
  /// For a binary model's scores.
  ///
  /// - Parameters:
  ///   - counts: by cell.
  ///   - mean: of the scores in an even cell.
  init(
    _ map: IsotonicMap, inSample: Bool, binning: NumericBinning, threshold: Double, counts: ArraySlice<Int64>,
    mean: (_ cell: Int) -> Double
  ) {
    self.inSample = inSample
    var cells: [ScoreEstimate.Cell] = []
    var confident: Int64 = 0
    var total: Int64 = 0
    for (cell, count) in counts.enumerated() where count > 0 {
      var row = ScoreEstimate.Cell(rows: count, score: 0, lower: 0, upper: 0)
      if cell % 2 == 1 {
        row.score = binning.knots[cell / 2]
        row.lower = row.score
        row.upper = row.score
      } else {
        row.lower = cell == 0 ? 0 : binning.knots[cell / 2 - 1]
        row.upper = cell == binning.cellCount - 1 ? 1 : binning.knots[cell / 2]
        row.score = min(max(mean(cell), row.lower), row.upper)
      }
      cells.append(row)
      total &+= count
      if row.score <= 0.1 || row.score > 0.9 { confident &+= count }
    }
    rows = total
    let estimate = ScoreEstimate(cells, map: map, threshold: threshold)
    var values = MetricValues()
    values.set(.auc, estimate.auc)
    values.set(.accuracy, estimate.accuracy)
    values.set(.precision, estimate.precision)
    values.set(.recall, estimate.recall)
    values.set(.f1, estimate.f1)
    values.set(.brier, estimate.brier)
    values.set(.positiveRate, estimate.positiveRate)
    // Scores of at most 0.1 or above 0.9.
    values.set(.confidentRatio, total > 0 ? Double(confident) / Double(total) : nil)
    self.values = values
  }

  /// For a regression's predictions, by cell.
  init(
    errors: [Double], rows baselineRows: [Int64], inSample: Bool, binning: NumericBinning, counts: ArraySlice<Int64>
  ) {
    self.inSample = inSample
    rows = counts.reduce(0, &+)
    var values = MetricValues()
    let bins = binning.decileBins(Array(counts))
    // A baseline for another output would have other bins; the plan refuses it.
    values.set(
      .mae,
      bins.count == errors.count
        ? expectedAbsoluteError(rows: bins, baselineRows: baselineRows, baselineErrors: errors) : nil)
    self.values = values
  }

  /// From a performance block: of distinct predictions.
  init?(_ layout: PerformanceLayout, _ block: CellBlock) {
    guard let estimation = layout.estimation else { return nil }
    switch (layout.task, estimation.basis) {
    case (.binary(let binning, let threshold), .scores(let map)):
      let outputs = PerformanceLayout.outputs..<PerformanceLayout.outputs + binning.cellCount
      self.init(
        map, inSample: estimation.inSample, binning: binning, threshold: threshold, counts: block.counts[outputs]
      ) { cell in
        Fraction64.double(block.sums[layout.outputSums + cell / 2])
          / Double(max(1, block.counts[outputs.lowerBound + cell]))
      }
    case (.regression(_, let binning), .errors(let rows, let errors)):
      let outputs = PerformanceLayout.outputs..<PerformanceLayout.outputs + binning.cellCount
      self.init(
        errors: errors, rows: rows, inSample: estimation.inSample, binning: binning, counts: block.counts[outputs])
    default: return nil
    }
  }

  /// From a drift block: of messages, with or without labels.
  init?(_ plan: MonitorPlan, _ block: CellBlock) {
    self.init(plan, plan.drift.cells(of: plan.drift.subjects[plan.outputSubject], in: block))
  }

  /// From the counts of the model's output.
  init?(_ plan: MonitorPlan, _ cells: SubjectCells) {
    let subject = plan.drift.subjects[plan.outputSubject]
    guard let estimation = plan.baseline.estimation, case .numeric(let domain) = subject.domain else { return nil }
    switch estimation.basis {
    case .scores(let map):
      self.init(
        map, inSample: estimation.inSample, binning: domain.binning, threshold: plan.monitor.threshold,
        counts: cells.counts[...]
      ) { cell in
        domain.fixedPoint.origin
          + domain.fixedPoint.unscaled(cells.sums[cell / 2]) / Double(max(1, cells.counts[cell]))
      }
    case .errors(let rows, let errors):
      self.init(
        errors: errors, rows: rows, inSample: estimation.inSample, binning: domain.binning, counts: cells.counts[...])
    }
  }

  /// By the name that a check gives it.
  func value(_ metric: Metric) -> Double? {
    values[metric.realised ?? metric]
  }

  /// As a member of a result: says on which rows the map was fitted and what it cannot see.
  func write(to w: inout JSONWriter) {
    w.key("estimated")
    w.beginObject()
    w.key("rows")
    w.number(rows)
    w.key("in_sample")
    w.bool(inSample)
    w.key("blind_to")
    w.string("concept drift")
    w.key("metrics")
    values.write(to: &w)
    w.endObject()
  }
}
