extension Evaluator {
  /// Adds what has become final, or mature, to the references that still learn: before anything is judged, so that a window
  /// finds them as they are at its end.
  func takeReferences(
    _ before: EvaluationProgress, _ round: inout Round, _ cache: ReferenceCache, _ reader: any LedgerReader
  ) throws -> FrozenReferences {
    let after = round.progress
    guard var taking = try ReferenceTaking(plan: plan, in: reader) else {
      return FrozenReferences(plan: plan, records: [], fresh: [], cache: cache)
    }
    // As `Reclaim` keeps them.
    let reach = (plan.monitor.windows.map(\.size).max() ?? .zero) * 2
    try taking.takeOver(startsAt: round.startsAt, in: reader)
    round.referenceSource = taking.newSource
    try taking.take(
      .drift, after: ReferenceTaking.driftThrough(before), through: ReferenceTaking.driftThrough(after),
      keptFrom: before.finalThrough - reach, in: reader)
    let kept = min(before.finalThrough, before.maturedThrough) - reach
    try taking.take(
      .performance, after: before.maturedThrough, through: after.maturedThrough, keptFrom: kept, in: reader)
    try taking.take(
      .earlyPerformance, after: before.earlyMaturedThrough, through: after.earlyMaturedThrough, keptFrom: kept,
      in: reader)
    round.references = try taking.finish(at: after.closedThrough, in: reader)
    return FrozenReferences(
      plan: plan, records: Array(taking.records.values), fresh: round.references, cache: cache)
  }
}
