/// What a window has too little of to be judged.
extension CheckEvaluation {
  func tooFew(_ rows: Int64) -> Shortfall? {
    rows < check.minimumRows
      ? Shortfall(.rows, [("rows", .count(rows)), ("needed", .count(check.minimumRows))]) : nil
  }

  func tooLittleCoverage(_ summary: PerformanceSummary) -> Shortfall? {
    guard let coverage = summary.coverage, let least = plan.monitor.labels?.minimumCoverage, coverage < least else {
      return nil
    }
    return Shortfall(.coverage, [("coverage", .value(coverage)), ("needed", .value(least))])
  }

  /// One label in a hundred that is out of all proportion says that something is wrong with the labels.
  func tooFarOut(_ summary: PerformanceSummary) -> Shortfall? {
    guard check.metric != .labelledScoreKS, let outlying = summary.outlying,
      Double(outlying) > 0.01 * Double(summary.labelled)
    else { return nil }
    return Shortfall(.outlying, [("outlying", .count(outlying)), ("labelled", .count(summary.labelled))])
  }

  /// What a performance metric lacks to be judged; nil if nothing.
  func shortfall(_ summary: PerformanceSummary) -> Shortfall? {
    if check.metric == .coverage { return tooFew(summary.predictions) }
    if let found = tooFew(summary.judged) ?? tooLittleCoverage(summary) ?? tooFarOut(summary) { return found }
    for (name, count, needed) in [
      ("positives", summary.positives, check.minimumPositives),
      ("negatives", summary.negatives, check.minimumNegatives),
    ] {
      if let count, count < needed { return Shortfall(.rows, [(name, .count(count)), ("needed", .count(needed))]) }
    }
    return nil
  }
}
