import LeewayStatistics

/// The slice of which a metric is worse than of the rest, each tested by its own rows against all others.
extension CheckEvaluation {
  /// The side on which the check fires; of a check with limits on both, the one on which this value has fired.
  private func worseSide(_ value: Double, beyond threshold: Double?) -> Metric.Direction {
    let sides = check.limits.compactMap { $0.limit.resolved(reference: 0)?.fires }
    if let threshold, sides.contains(.above), sides.contains(.below) { return value >= threshold ? .above : .below }
    return sides.first ?? check.metric.direction
  }

  /// For performance: slices that could be judged by themselves. nil also where the metric has no interval, since nothing could
  /// be said of chance then.
  ///
  /// - Parameter threshold: the limit that the whole is beyond.
  func performanceContrast(_ view: WindowView, beyond threshold: Double?) -> SliceContrast? {
    guard let all = view.performance[NameKey(Slice.all)], let whole = all.value(check.metric, at: check.place) else {
      return nil
    }
    let fires = worseSide(whole, beyond: threshold)
    var leftOut = 0
    let candidates: [SliceCandidate] = view.performance.compactMap { slice, summary in
      guard Slice.isSingle(slice.name) else { return nil }
      guard shortfall(summary) == nil else {
        leftOut += 1
        return nil
      }
      guard let value = summary.value(check.metric, at: check.place),
        let difference = summary.difference(check.metric, fromRestOf: all)
      else { return nil }
      return SliceCandidate(
        slice: slice.name, value: value, rows: check.metric == .coverage ? summary.predictions : summary.labelled,
        pValue: difference.oneSided(fires))
    }
    return SliceContrast(
      candidates.sorted { utf8Order($0.slice, $1.slice) }, leftOut: leftOut, whole: whole, fires: fires,
      significance: check.significance ?? 0.01)
  }

  /// For a subject's drift: each slice beside its own baseline, and the rest of the window beside the rest of the baseline.
  /// Worked out only where a check fires, since it is as much work as the check for every slice.
  func driftContrast(_ view: WindowView, _ verdict: Verdict) -> SliceContrast? {
    guard verdict.slice == Slice.all, let whole = verdict.value, let all = view.drift[NameKey(Slice.all)],
      let index = plan.drift.subjects.firstIndex(where: { utf8Equal($0.name, verdict.subject) })
    else { return nil }
    let subject = plan.drift.subjects[index]
    let allCells = plan.drift.cells(of: subject, in: all)
    let fires = worseSide(whole, beyond: verdict.threshold)
    var candidates: [SliceCandidate] = []
    var leftOut = 0
    for (slice, block) in view.drift where Slice.isSingle(slice.name) {
      guard let (comparison, restOfBaseline) = sides(view, slice, index) else {
        // A segment's own feature has no comparison in its slices, and is nothing that is left out.
        if view.comparisons[slice.name, index] != nil { leftOut += 1 }
        continue
      }
      let used = comparison.valuesUsed(check.metric)
      guard used >= check.minimumRows else {
        leftOut += 1
        continue
      }
      guard let value = comparison.value(check.metric) else { continue }
      let rest = DriftComparison(
        domain: subject.domain, baseline: restOfBaseline,
        baselineDeviation: plan.baseline.subject(named: subject.name)?.standardDeviation,
        window: allCells.less(plan.drift.cells(of: subject, in: block)))
      guard let difference = comparison.excess(check.metric, over: rest) else { continue }
      candidates.append(
        SliceCandidate(slice: slice.name, value: value, rows: used, pValue: difference.oneSided(fires)))
    }
    return SliceContrast(
      candidates.sorted { utf8Order($0.slice, $1.slice) }, leftOut: leftOut, whole: whole, fires: fires,
      significance: check.significance ?? 0.01)
  }
}

extension CheckEvaluation {
  /// A slice beside what it is measured from, and what the rest of the window is; nil where nothing can be said of it.
  fileprivate func sides(
    _ view: WindowView, _ slice: NameKey, _ subject: Int
  ) -> (comparison: DriftComparison, rest: BaselineSide)? {
    guard check.metric.family == .distance, let span = check.firstDays(at: .final, size: view.definition.size) else {
      guard let comparison = view.comparisons[slice.name, subject],
        plan.isJudged(subject: subject, slice: slice.name, against: comparison.against)
      else { return nil }
      return (comparison, plan.restOfBaseline(subject: subject, slice: slice))
    }
    func reference(_ slice: NameKey) -> DriftReference? {
      guard
        case .full(let found)? = view.references[DriftReferenceKey(slice: slice, subject: subject, span: span)]
      else { return nil }
      return found
    }
    // For a slice that came later the first days are no part of everybody's.
    guard let own = reference(slice), let all = reference(NameKey(Slice.all)), let comparison = own.comparison,
      own.begins == all.begins, own.ends == all.ends
    else { return nil }
    let rest = BaselineSide(domain: plan.drift.subjects[subject].domain, cells: all.side.cells.less(own.side.cells))
    return (comparison, rest)
  }
}

extension MetricDifference {
  /// That a difference towards the worse side is chance.
  fileprivate func oneSided(_ fires: Metric.Direction) -> Double {
    switch fires {
    case .above: estimate > 0 ? pValue / 2 : 1 - pValue / 2
    case .below: estimate < 0 ? pValue / 2 : 1 - pValue / 2
    case .eitherSide: pValue
    }
  }
}
