import LeewayStatistics

/// What checks look at: one window and end, by slice.
struct WindowView {
  let definition: WindowDefinition
  let end: EventTime
  /// Not across the generation's first pane.
  let complete: Bool
  var drift: [NameKey: CellBlock] = [:]
  var performance: [NameKey: PerformanceSummary] = [:]
  /// What detectors made of the window's errors; those that have not seen all of it are left out.
  var fed: [DetectorKey: FedCounts] = [:]
}

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

  /// Slices that the check runs on, ascending by bytes. Slices without values of their own identity are left out.
  func slices(_ known: some Collection<String>) -> [String] {
    switch check.slices {
    case .all: [Slice.all]
    case .each: known.filter { !$0.hasSuffix("=" + Slice.otherValue) }.sorted(by: utf8Order)
    case .listed(let names): names.sorted(by: utf8Order)
    }
  }

  /// Indices of the subjects, in the layout's order, that the check names in a slice.
  func subjects(in slice: String) -> [Int] {
    let layout = plan.drift
    let field = segmentField(of: slice)
    // Within a slice the segment's own feature is constant by construction.
    func isOwn(_ i: Int) -> Bool { i != plan.outputSubject && plan.monitor.features[i].field == field }
    return layout.subjects.indices.filter { i in
      let name = layout.subjects[i].name
      if check.metric.numericOnly, !layout.subjects[i].isNumeric { return false }
      switch check.on {
      case .features(let except): return i != plan.outputSubject && !except.contains(name) && !isOwn(i)
      case .named(let names): return names.contains(name) && !isOwn(i)
      case .output: return i == plan.outputSubject
      case .performance, .errors, .fairness, .traffic, .comparison: return false
      }
    }
  }

  /// The field whose value makes a slice; nil for `all`.
  private func segmentField(of slice: String) -> FieldPath? {
    guard let equals = slice.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    let segment = String(decoding: slice.utf8[..<equals], as: UTF8.self)
    if segment == Slice.version { return plan.monitor.predictions.version }
    return plan.monitor.segments.first { $0.name == segment }?.field
  }

  private struct Member {
    var verdict: Verdict
    var comparison: DriftComparison?
    var sufficient: Bool
  }

  private func members(_ view: WindowView) -> [Member] {
    var out: [Member] = []
    for slice in slices(view.drift.keys.map(\.name)) {
      guard let block = view.drift[NameKey(slice)] else { continue }
      for i in subjects(in: slice) {
        let subject = plan.drift.subjects[i]
        let name = subject.name
        guard let baseline = plan.baselineSide(subject: i, slice: slice) else {
          out.append(
            Member(
              verdict: Verdict(
                check: check, window: view.definition, end: view.end, slice: slice, subject: name, value: nil, rows: 0),
              comparison: nil, sufficient: false))
          continue
        }
        let comparison = DriftComparison(
          domain: subject.domain, baseline: baseline,
          baselineDeviation: plan.baseline.subject(named: name)?.standardDeviation,
          window: plan.drift.cells(of: subject, in: block))
        let used =
          check.metric.family == .ratio
          ? comparison.ratio(check.metric)?.trials ?? 0 : comparison.valuesUsed(check.metric)
        let value = comparison.value(check.metric)
        let verdict = Verdict(
          check: check, window: view.definition, end: view.end, slice: slice, subject: name, value: value, rows: used)
        let enough = check.metric.family == .ratio ? used > 0 : used >= check.minimumRows
        out.append(Member(verdict: verdict, comparison: comparison, sufficient: judged(view) && enough && value != nil))
      }
    }
    return out
  }

  // MARK: Distances and levels

  private func distanceVerdicts(_ view: WindowView) -> [Verdict] {
    let members = members(view)
    let tested = check.significance != nil && check.metric.family == .distance
    var q: [Int: Double] = [:]
    var p: [Int: Double] = [:]
    if check.metric.family == .distance {
      for (i, member) in members.enumerated() where member.sufficient {
        guard let comparison = member.comparison else { continue }
        // A constant subject has nothing to test and would only dilute the family.
        if comparison.isConstant(check.metric) { continue }
        p[i] = comparison.pValue(check.metric)
      }
      let family = p.keys.sorted()
      for (i, adjusted) in zip(family, benjaminiHochberg(family.map { p[$0]! })) { q[i] = adjusted }
    }
    return members.enumerated().map { i, member in
      var verdict = member.verdict
      verdict.pValue = p[i]
      verdict.qValue = q[i]
      if check.metric.family == .distance { verdict.null = "iid" }
      guard member.sufficient, let value = verdict.value else { return verdict }
      let noise = check.metric == .psi ? member.comparison?.psiNoise ?? 0 : 0
      verdict.rawTier = .ok
      var blind = false
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: nil) else { continue }
        verdict.threshold = verdict.threshold ?? threshold
        // At this many rows the tier would fire on noise alone.
        guard threshold >= 2 * noise || check.metric != .psi else {
          blind = true
          continue
        }
        guard Limit.isReached(value, threshold, fires) else { continue }
        if tested, let significance = check.significance {
          guard let q = q[i], q <= significance else { continue }
        }
        verdict.rawTier = tier.tier
        verdict.threshold = threshold
      }
      if verdict.rawTier == .ok, blind { verdict.rawTier = .insufficientData }
      if verdict.rawTier >= .info { verdict.worst = worstDrift(view, verdict) }
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  // MARK: Ratios

  /// One-sided exact test of every tier's own threshold, adjusted over the family of that tier.
  private func ratioVerdicts(_ view: WindowView) -> [Verdict] {
    let members = members(view)
    var verdicts = members.map(\.verdict)
    for i in members.indices where members[i].sufficient {
      verdicts[i].rawTier = .ok
    }
    for tier in check.limits {
      guard let (threshold, fires) = tier.limit.resolved(reference: nil) else { continue }
      let tested = members.indices.filter { members[$0].sufficient }
      let p = tested.map { i in
        let (k, n) = members[i].comparison?.ratio(check.metric) ?? (0, 1)
        return fires == .above
          ? SpecialFunctions.binomialAtLeast(k, trials: n, probability: min(max(threshold, 0), 1))
          : SpecialFunctions.binomialAtLeast(n - k, trials: n, probability: min(max(1 - threshold, 0), 1))
      }
      for (at, q) in zip(tested.indices, benjaminiHochberg(p)) {
        let i = tested[at]
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
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  // MARK: Performance

  /// What `max_drop` and `max_rise` are measured from, and whether that is of training rows.
  private func reference(_ slice: String, _ firstDays: [String: Double]) -> (value: Double?, inSample: Bool?) {
    switch check.reference {
    case .first: return (firstDays[slice], nil)
    case .baseline:
      let performance = plan.baseline.performance
      return (performance?.metrics[(check.metric.realised ?? check.metric).rawValue], performance?.inSample)
    }
  }

  private func performanceVerdicts(_ view: WindowView, _ firstDays: [String: Double]) -> [Verdict] {
    slices(view.performance.keys.map(\.name)).compactMap { slice in
      guard let summary = view.performance[NameKey(slice)] else { return nil }
      let value = summary.value(check.metric, at: check.place)
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "performance", value: value,
        rows: summary.labelled)
      if check.metric == .ece { verdict.pValue = summary.calibrationPValue }
      if slice == Slice.all { verdict.worst = worstPerformance(view) }
      guard judged(view), let value, isSufficient(summary) else { return verdict }
      verdict.isReference = true
      let reference = reference(slice, firstDays)
      let bounds = summary.bounds(check.metric, at: check.place)
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: reference.value) else { continue }
        if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
        verdict.threshold = verdict.threshold ?? threshold
        if tier.limit.isRelative { verdict.isInSample = reference.inSample }
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
      guard judged(view), let value = verdict.value, verdict.rows >= check.minimumRows, isCovered(summary) else {
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
      guard judged(view), let value, verdict.rows >= check.minimumRows else { return verdict }
      verdict.isReference = true
      let reference = reference(slice, firstDays)
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: reference.value) else { continue }
        if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
        verdict.threshold = verdict.threshold ?? threshold
        if tier.limit.isRelative { verdict.isInSample = reference.inSample }
        guard Limit.isReached(value, threshold, fires) else { continue }
        verdict.rawTier = tier.tier
        verdict.threshold = threshold
      }
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  func isCovered(_ summary: PerformanceSummary) -> Bool {
    guard let coverage = summary.coverage, let least = plan.monitor.labels?.minimumCoverage else { return true }
    return coverage >= least
  }

  func isSufficient(_ summary: PerformanceSummary) -> Bool {
    if check.metric == .coverage { return summary.predictions >= check.minimumRows }
    guard summary.labelled >= check.minimumRows, isCovered(summary) else { return false }
    if let positives = summary.positives, positives < check.minimumPositives { return false }
    if let negatives = summary.negatives, negatives < check.minimumNegatives { return false }
    return true
  }
}
