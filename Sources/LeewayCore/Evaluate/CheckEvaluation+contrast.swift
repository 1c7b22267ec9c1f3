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
  /// Where the limit is a change, slices are held against their own references, by how much they have changed: one that has always been
  /// worse than the others is not what the change comes from.
  ///
  /// - Parameter verdict: of the whole, which fires.
  func performanceContrast(_ view: WindowView, _ verdict: Verdict) -> SliceContrast? {
    guard let all = view.performance[NameKey(Slice.all)], let whole = all.value(check.metric, at: check.place) else {
      return nil
    }
    let fires = worseSide(whole, beyond: verdict.threshold)
    let isChange = isChange(verdict)
    let reference = isChange ? ownReference(view, Slice.all) : nil
    guard !isChange || reference != nil else { return nil }
    var leftOut = 0
    let candidates: [SliceCandidate] = view.performance.compactMap { slice, summary in
      guard Slice.isSingle(slice.name) else { return nil }
      guard shortfall(summary) == nil else {
        leftOut += 1
        return nil
      }
      guard let value = summary.value(check.metric, at: check.place),
        var difference = summary.difference(check.metric, fromRestOf: all)
      else { return nil }
      var before = 0.0
      if let reference {
        guard let own = ownReference(view, slice.name), own.rows < reference.rows else {
          leftOut += 1
          return nil
        }
        before = own.value
        // Means of the parts of a whole: of other metrics nearly so.
        let rest =
          (Double(reference.rows) * reference.value - Double(own.rows) * own.value) / Double(reference.rows - own.rows)
        difference = difference.beyond(own.value - rest)
      }
      return SliceCandidate(
        slice: slice.name, value: value, change: value - before,
        rows: check.metric == .coverage ? summary.predictions : summary.labelled,
        pValue: difference.oneSided(fires))
    }
    return SliceContrast(
      candidates.sorted { utf8Order($0.slice, $1.slice) }, leftOut: leftOut, whole: whole - (reference?.value ?? 0),
      size: whole, fires: fires, significance: check.significance ?? 0.01)
  }

  /// Whether the limit that fires is measured from a reference.
  private func isChange(_ verdict: Verdict) -> Bool {
    check.limits.contains { $0.tier == verdict.rawTier && $0.limit.isRelative }
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
    // Distances are changes by themselves; levels have changed from the baseline's, slice by slice.
    let isChange = check.metric.family == .level && isChange(verdict)
    if isChange, check.firstDays(at: .final, size: view.definition.size) != nil { return nil }
    let before = isChange ? view.comparisons[Slice.all, index]?.baselineValue(check.metric) : 0
    guard let before else { return nil }
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
      guard var difference = comparison.excess(check.metric, over: rest) else { continue }
      var own = 0.0
      if isChange {
        guard let mine = comparison.baselineValue(check.metric), let others = rest.baselineValue(check.metric) else {
          leftOut += 1
          continue
        }
        own = mine
        difference = difference.beyond(mine - others)
      }
      candidates.append(
        SliceCandidate(
          slice: slice.name, value: value, change: value - own, rows: used, pValue: difference.oneSided(fires)))
    }
    return SliceContrast(
      candidates.sorted { utf8Order($0.slice, $1.slice) }, leftOut: leftOut, whole: whole - before, size: whole,
      fires: fires, significance: check.significance ?? 0.01)
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
