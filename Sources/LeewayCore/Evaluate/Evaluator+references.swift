extension Evaluator {
  /// Adds what has become final, or mature, to the references that still learn: before anything is judged, so that a window
  /// finds them as they are at its end.
  ///
  /// - Parameters:
  ///   - before: how far drift had come before this round.
  ///   - pairsBefore: how far performance had.
  func takeReferences(
    _ before: EvaluationProgress, _ pairsBefore: EvaluationProgress, _ round: inout Round, _ cache: ReferenceCache,
    _ reader: any LedgerReader
  ) throws -> FrozenReferences {
    let sources = draining == nil ? try ReferenceSource.stored(monitor: plan.monitor.name, in: reader) : []
    let wanted = draining == nil ? ReferenceSource.list(plan) : []
    if wanted != sources { round.referenceSources = wanted }
    guard var taking = try ReferenceTaking(plan: plan, in: reader) else {
      return FrozenReferences(plan: plan, records: [], fresh: [], cache: cache)
    }
    // As `Reclaim` keeps them.
    let reach = (plan.monitor.windows.map(\.size).max() ?? .zero) * 2
    if draining == nil {
      try taking.takeOver(sources.filter { $0.generation != plan.generation }, in: reader)
      try taking.takeDrift(
        after: ReferenceTaking.driftThrough(before), through: ReferenceTaking.driftThrough(round.progress),
        keptFrom: before.finalThrough - reach, in: reader)
    }
    for (stage, after, through) in [
      (Stage.final, pairsBefore.maturedThrough, round.pairs.maturedThrough),
      (.early, pairsBefore.earlyMaturedThrough, round.pairs.earlyMaturedThrough),
    ] {
      try taking.takePerformance(
        stage, after: after, through: through, begins: round.standing.pairsStartAt, until: draining?.pairs.until,
        keptFrom: pairsBefore.maturedThrough - reach, in: reader)
    }
    round.references = try taking.finish(
      at: draining == nil ? round.progress.closedThrough : round.pairs.maturedThrough, in: reader)
    // What is kept between rounds is kept of the current generation.
    return FrozenReferences(
      plan: plan, records: Array(taking.records.values), fresh: round.references,
      cache: draining == nil ? cache : ReferenceCache(limitBytes: 0))
  }
}
