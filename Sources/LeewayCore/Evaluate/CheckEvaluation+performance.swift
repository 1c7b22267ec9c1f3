/// Performance, once labels are there, and what the baseline lets expect of it before.
extension CheckEvaluation {
  // MARK: Performance

  /// What `max_drop` and `max_rise` are measured from.
  private struct Measure {
    var value: Double?
    /// For the baseline: the part, and whether the model was trained on its rows.
    var against: Against?
    var isInSample: Bool?
    /// Why there is no value.
    var missing: Shortfall
  }

  private func measure(_ view: WindowView, _ slice: String) -> Measure {
    guard let span = check.firstDays(at: view.stage, size: view.definition.size) else {
      if check.metric.family == .estimate, slice != Slice.all { return estimatedBefore(slice) }
      let found = plan.performanceBaseline(slice: slice)
      return Measure(
        value: found?.performance.metrics[(check.metric.realised ?? check.metric).name], against: found?.against,
        isInSample: found?.performance.inSample, missing: Shortfall(.noBaseline))
    }
    guard check.metric.family == .performance else { return estimated(view, slice, span) }
    switch view.performanceReferences[PerformanceReferenceKey(slice: NameKey(slice), span: span)] {
    case .full(let summary):
      // What could not be judged itself is nothing to measure from.
      let lack = shortfall(summary) ?? bias(view, summary)
      return Measure(
        value: lack == nil ? summary.value(check.metric, at: check.place) : nil,
        missing: Shortfall(.reference, lack?.numbers ?? []))
    case .learning(let why): return Measure(missing: why)
    case nil: return Measure(missing: Shortfall(.reference))
    }
  }

  /// For an estimate: from what the model put out in the first days.
  private func estimated(_ view: WindowView, _ slice: String, _ span: TimeSpan) -> Measure {
    switch view.references[DriftReferenceKey(slice: NameKey(slice), subject: plan.outputSubject, span: span)] {
    case .full(let found):
      let estimated = EstimatedPerformance(plan, found.side.cells)
      let lack = tooFew(estimated?.rows ?? 0)
      return Measure(
        value: lack == nil ? estimated?.value(check.metric) : nil, missing: Shortfall(.reference, lack?.numbers ?? []))
    case .learning(let why): return Measure(missing: why)
    case nil: return Measure(missing: Shortfall(.reference))
    }
  }

  /// For an estimate in a slice: what the same map makes of the slice's training rows. Their realised performance differs from that where the
  /// slice's outcomes follow the score otherwise than all, which is no change.
  private func estimatedBefore(_ slice: String) -> Measure {
    let (side, against) = plan.baselineSide(subject: plan.outputSubject, slice: NameKey(slice))
    // Worked out from the cells, and only where a limit asks for it.
    guard check.limits.contains(where: \.limit.isRelative), against == .slice,
      let estimated = EstimatedPerformance(plan, side.cells)
    else {
      return Measure(missing: Shortfall(.noBaseline))
    }
    return Measure(
      value: estimated.value(check.metric), against: .slice, isInSample: estimated.inSample,
      missing: Shortfall(.noBaseline))
  }

  /// What a slice's limits are a change from, with the labelled rows behind it; nil where it has nothing of its own.
  func ownReference(_ view: WindowView, _ slice: String) -> (value: Double, rows: Int64)? {
    let measure = measure(view, slice)
    guard let value = measure.value else { return nil }
    if let span = check.firstDays(at: view.stage, size: view.definition.size) {
      guard
        case .full(let summary)? = view.performanceReferences[
          PerformanceReferenceKey(slice: NameKey(slice), span: span)]
      else { return nil }
      return (value, summary.labelled)
    }
    guard let found = plan.performanceBaseline(slice: slice), slice == Slice.all || found.against == .slice else {
      return nil
    }
    return (value, found.performance.labelled)
  }

  /// nil where no limit is a change, or the baseline is what it is a change from.
  private func firstDays(_ view: WindowView) -> MeasuredFrom? {
    check.firstDays(at: view.stage, size: view.definition.size).map { .firstDays(ReferenceSubject.name($0)) }
  }

  func performanceVerdicts(_ view: WindowView) -> [Verdict] {
    slices(view.performance.keys.map(\.name)).compactMap { slice in
      guard let summary = view.performance[NameKey(slice)] else { return nil }
      let value = summary.value(check.metric, at: check.place)
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "performance", value: value,
        rows: summary.judged)
      var found = PerformanceFinding(pValue: check.metric == .ece ? summary.calibrationPValue : nil)
      verdict.finding = .performance(found)
      verdict.stage = view.stage
      verdict.measuredFrom = firstDays(view)
      verdict.why =
        judged(view)
        ? shortfall(summary) ?? (value == nil ? Shortfall(.undefined) : nil) ?? bias(view, summary) : partial(view)
      guard verdict.why == nil, let value else { return verdict }
      let bounds = summary.bounds(check.metric, at: check.place)
      let reference = measure(view, slice)
      judge(&verdict, from: reference) { rung in
        let bound = bounds.map { rung.fires == .above ? $0.lower : $0.upper }
        if found.bound == nil { found.bound = bound }
        guard rung.isReached(by: value) else { return false }
        let certain = bound.map(rung.isReached)
        found.isCertain = certain
        found.bound = bound
        guard check.certain else { return true }
        if certain == false { return false }
        guard check.metric == .ece, let significance = check.significance else { return true }
        return summary.calibrationPValue.map { $0 <= significance } ?? false
      }
      if verdict.rawTier == .ok, let coarse = coarse(summary, value, reference) {
        (verdict.rawTier, verdict.tier) = (.insufficientData, .insufficientData)
        verdict.why = coarse
      }
      if slice == Slice.all, verdict.rawTier >= .info { found.contrast = performanceContrast(view, verdict) }
      verdict.finding = .performance(found)
      return verdict
    }
  }

  /// Why cells are too coarse to say that no limit is passed: many scores lie in one cell between training scores, as where a model puts out
  /// one and the same. Below five points the value is good enough.
  private func coarse(_ summary: PerformanceSummary, _ value: Double, _ reference: Measure) -> Shortfall? {
    guard check.metric.performance?.hasCellBound == true, check.metric.range?.upperBound == 1,
      let bound = summary.metrics["\(check.metric.name)_bound"], bound >= Self.coarseBound
    else { return nil }
    let limit = Ladder(check.limits, reference: reference.value).rungs.first { abs($0.threshold - value) <= bound }
    return limit.map { Shortfall(.noise, [("limit", .value($0.threshold)), ("noise", .value(bound))]) }
  }

  private static let coarseBound = 0.05

  /// Climbs the tiers, and says in the verdict what the limits are measured from.
  ///
  /// - Parameter isFired: whether a limit fires, for all that the check asks.
  private func judge(_ verdict: inout Verdict, from reference: Measure, isFired: (Ladder.Rung) -> Bool) {
    let ladder = Ladder(check.limits, reference: reference.value)
    if let against = reference.against, ladder.rungs.contains(where: \.isRelative) {
      verdict.measuredFrom = .baseline(against, isInSample: reference.isInSample)
    }
    verdict.take(ladder.climb(isFired), missing: reference.missing)
    verdict.judge(clears: check.clears, reference: reference.value)
  }

  // MARK: Estimates

  /// As soon as a window closes, from what the model put out. Without a bound: what an estimate rests on cannot be counted.
  func estimateVerdicts(_ view: WindowView) -> [Verdict] {
    return slices(view.drift.keys.map(\.name)).compactMap { slice in
      guard let block = view.drift[NameKey(slice)] else { return nil }
      let estimated = EstimatedPerformance(plan, block)
      let value = estimated?.value(check.metric)
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "performance", value: value,
        rows: estimated?.rows ?? 0)
      verdict.measuredFrom = firstDays(view)
      verdict.why =
        judged(view) ? tooFew(verdict.rows) ?? (value == nil ? Shortfall(.undefined) : nil) : partial(view)
      guard verdict.why == nil, let value else { return verdict }
      judge(&verdict, from: measure(view, slice)) { $0.isReached(by: value) }
      return verdict
    }
  }

  /// Why early labels say nothing of all predictions: those that have one score otherwise than those that have none yet.
  private func bias(_ view: WindowView, _ summary: PerformanceSummary) -> Shortfall? {
    guard view.stage == .early, check.metric != .coverage, check.metric != .labelledScoreKS,
      let ks = summary.value(.labelledScoreKS), ks >= Self.biasedKS,
      let p = summary.labelledScorePValue, p <= Self.biasedPValue
    else { return nil }
    return Shortfall(.biasedLabels, [("ks", .value(ks)), ("p_value", .value(p))])
  }

  private static let biasedKS = 0.1
  private static let biasedPValue = 0.01
}
