import LeewayStatistics

/// Judges one check on one window: values, family, tiers. Pure; what lies in other windows is passed in.
struct CheckEvaluation {
  let check: Check
  let plan: MonitorPlan

  /// - Parameters:
  ///   - usualRows: the reference of a traffic check, by slice.
  ///   - firstDays: the reference of a check that is measured from the first days of production, by slice.
  func verdicts(
    _ view: WindowView, usualRows: [String: Double] = [:], firstDays: [String: Double] = [:]
  ) -> [Verdict] {
    switch check.metric.family {
    case .distance, .level: distanceVerdicts(view)
    case .ratio: ratioVerdicts(view)
    case .traffic: trafficVerdicts(view, usualRows)
    case .performance: performanceVerdicts(view, firstDays)
    case .estimate: estimateVerdicts(view, firstDays)
    case .detector: detectorVerdicts(view)
    case .fairness: fairnessVerdicts(view)
    }
  }

  func judged(_ view: WindowView) -> Bool { view.complete || check.partial }

  /// Why a check that wants whole windows does not judge one.
  func partial(_ view: WindowView) -> Shortfall {
    if let read = view.readThrough, view.end > read {
      // Where some partition had not been read at all, there is no such time.
      let reached: [(name: String, value: Shortfall.Number)] =
        read > .distantPast ? [("read_through", .time(read))] : []
      return Shortfall(.generation, [("end", .time(view.end))] + reached)
    }
    var numbers: [(name: String, value: Shortfall.Number)] = [("start", .time(view.end - view.definition.size))]
    if let begins = view.begins { numbers.append(("begins", .time(begins))) }
    return Shortfall(.generation, numbers)
  }

  /// Slices that the check runs on, ascending by bytes. Values without a slice of their own are left out.
  func slices(_ known: some Collection<String>) -> [String] {
    func isJudged(_ slice: String) -> Bool { slice == Slice.all || Slice.isSingle(slice) }
    return switch check.slices {
    case .all: [Slice.all]
    case .each: known.filter(isJudged).sorted(by: utf8Order)
    case .listed(let names): names.filter(isJudged).sorted(by: utf8Order)
    }
  }

  /// Indices of the subjects, in the layout's order, that the check names in a slice.
  func subjects(in slice: String) -> [Int] {
    plan.subjects(in: slice).filter { i in
      let subject = plan.drift.subjects[i]
      if check.metric.numericOnly, !subject.isNumeric { return false }
      switch check.on {
      case .features(let except): return i != plan.outputSubject && !except.contains(subject.name)
      case .named(let names): return names.contains(subject.name)
      case .output: return i == plan.outputSubject
      case .performance, .errors, .fairness, .traffic, .comparison: return false
      }
    }
  }

  /// One subject of one slice, judged or not.
  private struct Member {
    var verdict: Verdict
    var comparison: DriftComparison
    /// What relative limits are measured from.
    var reference: Double?

    var isSufficient: Bool { verdict.why == nil }
  }

  /// Whether a limit is measured from the baseline: every distance is, ratios and levels where the limit is a change.
  private var needsBaseline: Bool {
    check.metric.family == .distance || check.limits.contains { $0.limit.isRelative }
  }

  private func members(_ view: WindowView) -> [Member] {
    slices(view.drift.keys.map(\.name)).flatMap { slice in
      subjects(in: slice).compactMap { i in
        view.comparisons[slice, i].map { member(view, slice, i, $0) }
      }
    }
  }

  private func member(_ view: WindowView, _ slice: String, _ subject: Int, _ comparison: DriftComparison) -> Member {
    let isRatio = check.metric.family == .ratio
    let used =
      isRatio ? comparison.ratio(check.metric)?.trials ?? 0 : comparison.valuesUsed(check.metric)
    var verdict = Verdict(
      check: check, window: view.definition, end: view.end, slice: slice, subject: plan.drift.subjects[subject].name,
      value: comparison.value(check.metric), rows: used)
    let reference = comparison.baselineValue(check.metric).flatMap { value in
      // A share of nothing is no limit.
      value == 0 && check.limits.contains { $0.limit.isShare } ? nil : value
    }
    if needsBaseline { verdict.against = comparison.against }
    let needed = isRatio ? 1 : check.minimumRows
    if !judged(view) {
      verdict.why = partial(view)
    } else if needsBaseline,
      !plan.isJudged(subject: subject, slice: slice, against: comparison.against)
        || plan.drift.subjects[subject].domain.hasNoValues
    {
      verdict.why = Shortfall(.noBaseline)
    } else if used < needed {
      verdict.why = Shortfall(.rows, [("rows", .count(used)), ("needed", .count(needed))])
    } else if verdict.value == nil {
      verdict.why =
        comparison.outlyingValues > 0
        ? Shortfall(.outlying, [("outlying", .count(comparison.outlyingValues))]) : Shortfall(.undefined)
    } else if check.limits.allSatisfy({ $0.limit.resolved(reference: reference) == nil }) {
      verdict.why = Shortfall(.noBaseline)
    }
    return Member(verdict: verdict, comparison: comparison, reference: reference)
  }

  // MARK: Distances and levels

  private func distanceVerdicts(_ view: WindowView) -> [Verdict] {
    let members = members(view)
    let isDistance = check.metric.family == .distance
    let tested = check.significance != nil && isDistance
    var q: [Int: Double] = [:]
    var p: [Int: Double] = [:]
    if isDistance {
      // A constant subject has nothing to test and would only dilute the family.
      for (i, member) in members.enumerated() where member.isSufficient && !member.comparison.isConstant(check.metric) {
        p[i] = member.comparison.pValue(check.metric)
      }
      let family = p.keys.sorted()
      for (i, adjusted) in zip(family, benjaminiHochberg(family.map { p[$0]! })) { q[i] = adjusted }
    }
    return members.enumerated().map { i, member in
      var verdict = member.verdict
      verdict.pValue = p[i]
      verdict.qValue = q[i]
      if isDistance { verdict.null = "iid" }
      guard member.isSufficient, let value = verdict.value else { return verdict }
      let noise = member.comparison.noise(check.metric)
      verdict.rawTier = .ok
      var blind: Double?
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: member.reference) else { continue }
        verdict.threshold = verdict.threshold ?? threshold
        if let noise, threshold < 2 * noise {
          // At this many rows the tier would fire on noise alone.
          blind = blind ?? threshold
          continue
        }
        guard Limit.isReached(value, threshold, fires) else { continue }
        if tested, let significance = check.significance {
          guard let q = q[i], q <= significance else { continue }
        }
        verdict.rawTier = tier.tier
        verdict.threshold = threshold
      }
      if verdict.rawTier == .ok, let blind {
        verdict.rawTier = .insufficientData
        verdict.why = Shortfall(.noise, [("limit", .value(blind)), ("noise", .value(noise ?? 0))])
      }
      if verdict.rawTier >= .info { verdict.contrast = driftContrast(view, verdict) }
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  // MARK: Ratios

  /// One-sided exact test of every tier's own threshold, adjusted over the family of that tier.
  private func ratioVerdicts(_ view: WindowView) -> [Verdict] {
    let members = members(view)
    var verdicts = members.map(\.verdict)
    for i in members.indices where members[i].isSufficient { verdicts[i].rawTier = .ok }
    for tier in check.limits {
      // A change is measured from each slice's own ratio, so members differ in their threshold.
      let tested = members.indices.filter {
        members[$0].isSufficient && tier.limit.resolved(reference: members[$0].reference) != nil
      }
      let limits = tested.map { tier.limit.resolved(reference: members[$0].reference) ?? (0, .above) }
      let p = zip(tested, limits).map { i, limit in
        let (k, n) = members[i].comparison.ratio(check.metric) ?? (0, 1)
        return limit.fires == .above
          ? SpecialFunctions.binomialAtLeast(k, trials: n, probability: min(max(limit.threshold, 0), 1))
          : SpecialFunctions.binomialAtLeast(n - k, trials: n, probability: min(max(1 - limit.threshold, 0), 1))
      }
      for (at, q) in zip(tested.indices, benjaminiHochberg(p)) {
        let i = tested[at]
        let (threshold, fires) = limits[at]
        guard let value = verdicts[i].value else { continue }
        let reached = Limit.isReached(value, threshold, fires) && (check.significance.map { q <= $0 } ?? true)
        if reached || verdicts[i].threshold == nil {
          verdicts[i].pValue = p[at]
          verdicts[i].qValue = q
          verdicts[i].threshold = threshold
        }
        if reached { verdicts[i].rawTier = tier.tier }
      }
    }
    for i in verdicts.indices { verdicts[i].tier = verdicts[i].rawTier }
    return verdicts
  }

  // MARK: Traffic

  private func trafficVerdicts(_ view: WindowView, _ usualRows: [String: Double]) -> [Verdict] {
    slices(view.drift.isEmpty ? [Slice.all] : view.drift.keys.map(\.name)).map { slice in
      let rows = view.drift[NameKey(slice)]?.counts[DriftLayout.rows] ?? 0
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "traffic", value: Double(rows),
        rows: rows)
      guard judged(view) else {
        // A part of a window is no reference for later ones.
        verdict.value = nil
        verdict.why = partial(view)
        return verdict
      }
      verdict.isReference = true
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: usualRows[slice]) else { continue }
        if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
        verdict.threshold = verdict.threshold ?? threshold
        if Limit.isReached(Double(rows), threshold, fires) {
          verdict.rawTier = tier.tier
          verdict.threshold = threshold
        }
      }
      // The usual rows are the median of at least three windows.
      if verdict.rawTier == .insufficientData { verdict.why = Shortfall(.reference, [("needed", .count(3))]) }
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  // MARK: Performance

  /// What `max_drop` and `max_rise` are measured from.
  private struct Reference {
    var value: Double?
    /// Of the baseline: the part, and whether the model was trained on its rows.
    var against: Against?
    var isInSample: Bool?
    /// Why there is no value.
    var missing: Shortfall.Reason
  }

  private func reference(_ view: WindowView, _ slice: String, _ firstDays: [String: Double]) -> Reference {
    switch check.reference(at: view.stage, size: view.definition.size) {
    case .first: return Reference(value: firstDays[slice], missing: .reference)
    case .baseline:
      let found = plan.performanceBaseline(slice: slice)
      return Reference(
        value: found?.performance.metrics[(check.metric.realised ?? check.metric).rawValue], against: found?.against,
        isInSample: found?.performance.inSample, missing: .noBaseline)
    }
  }

  private func performanceVerdicts(_ view: WindowView, _ firstDays: [String: Double]) -> [Verdict] {
    slices(view.performance.keys.map(\.name)).compactMap { slice in
      guard let summary = view.performance[NameKey(slice)] else { return nil }
      let value = summary.value(check.metric, at: check.place)
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "performance", value: value,
        rows: summary.judged)
      if check.metric == .ece { verdict.pValue = summary.calibrationPValue }
      verdict.stage = view.stage
      verdict.why =
        judged(view)
        ? shortfall(summary) ?? (value == nil ? Shortfall(.undefined) : nil) ?? bias(view, summary) : partial(view)
      guard verdict.why == nil, let value else { return verdict }
      verdict.isReference = true
      let reference = reference(view, slice, firstDays)
      let bounds = summary.bounds(check.metric, at: check.place)
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: reference.value) else { continue }
        if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
        verdict.threshold = verdict.threshold ?? threshold
        if tier.limit.isRelative {
          verdict.isInSample = reference.isInSample
          verdict.against = reference.against
        }
        let bound = bounds.map { fires == .above ? $0.lower : $0.upper }
        if verdict.bound == nil { verdict.bound = bound }
        guard Limit.isReached(value, threshold, fires) else { continue }
        let certain = bound.map { Limit.isReached($0, threshold, fires) }
        verdict.certain = certain
        verdict.bound = bound
        if check.certain {
          if certain == false { continue }
          if check.metric == .ece, let significance = check.significance {
            guard let p = summary.calibrationPValue, p <= significance else { continue }
          }
        }
        verdict.rawTier = tier.tier
        verdict.threshold = threshold
      }
      if verdict.rawTier == .insufficientData { verdict.why = Shortfall(reference.missing) }
      if slice == Slice.all, verdict.rawTier >= .info { verdict.contrast = performanceContrast(view) }
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  // MARK: Detectors

  /// How often the errors' level changed in the window, as the detector says, which has no test.
  private func detectorVerdicts(_ view: WindowView) -> [Verdict] {
    guard let method = check.metric.detector else { return [] }
    return slices(view.performance.keys.map(\.name)).compactMap { slice in
      guard let summary = view.performance[NameKey(slice)] else { return nil }
      let fed = view.fed[DetectorKey(method: method, slice: slice)]
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "errors",
        value: fed.map { Double($0.changes) }, rows: fed?.errors ?? 0)
      verdict.changedAt = fed?.lastChange
      verdict.why =
        judged(view) ? tooFew(verdict.rows) ?? tooLittleCoverage(summary) : partial(view)
      guard verdict.why == nil, let value = verdict.value else {
        verdict.why = verdict.why ?? Shortfall(.undefined)
        return verdict
      }
      verdict.rawTier = .ok
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: nil) else { continue }
        verdict.threshold = verdict.threshold ?? threshold
        guard Limit.isReached(value, threshold, fires) else { continue }
        verdict.rawTier = tier.tier
        verdict.threshold = threshold
      }
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  // MARK: Estimates

  /// As soon as a window closes, from what the model put out. Without a bound: what an estimate rests on cannot be counted.
  private func estimateVerdicts(_ view: WindowView, _ firstDays: [String: Double]) -> [Verdict] {
    return slices(view.drift.keys.map(\.name)).compactMap { slice in
      guard let block = view.drift[NameKey(slice)] else { return nil }
      let estimated = EstimatedPerformance(plan, block)
      let value = estimated?.value(check.metric)
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "performance", value: value,
        rows: estimated?.rows ?? 0)
      verdict.why =
        judged(view) ? tooFew(verdict.rows) ?? (value == nil ? Shortfall(.undefined) : nil) : partial(view)
      guard verdict.why == nil, let value else { return verdict }
      verdict.isReference = true
      let reference = reference(view, slice, firstDays)
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: reference.value) else { continue }
        if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
        verdict.threshold = verdict.threshold ?? threshold
        if tier.limit.isRelative {
          verdict.isInSample = reference.isInSample
          verdict.against = reference.against
        }
        guard Limit.isReached(value, threshold, fires) else { continue }
        verdict.rawTier = tier.tier
        verdict.threshold = threshold
      }
      if verdict.rawTier == .insufficientData { verdict.why = Shortfall(reference.missing) }
      verdict.tier = verdict.rawTier
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
