extension LedgerReader {
  /// How far a plan's windows have been judged: drift as its generation has come, performance as its pairs have, which may have begun
  /// before it. nil if neither has been judged yet.
  package func progress(of plan: MonitorPlan) throws -> EvaluationProgress? {
    let drift = try progress(monitor: plan.monitor.name, generation: plan.generation)
    guard plan.pairs != plan.generation else { return drift }
    return EvaluationProgress.shown(
      drift: drift, pairs: try progress(monitor: plan.monitor.name, generation: plan.pairs))
  }
}

extension EvaluationProgress {
  /// Both in one; `pairs` is nil where they go on with the drift, or have not been judged yet.
  static func shown(drift: EvaluationProgress?, pairs: EvaluationProgress?) -> EvaluationProgress? {
    guard let pairs else { return drift }
    var out = drift ?? EvaluationProgress()
    out.maturedThrough = pairs.maturedThrough
    out.earlyMaturedThrough = pairs.earlyMaturedThrough
    return out
  }
}
