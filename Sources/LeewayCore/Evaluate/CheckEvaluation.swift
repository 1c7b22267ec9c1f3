import LeewayStatistics

/// Judges one check on one window: values, family, tiers. Pure; what lies in other windows is passed in.
struct CheckEvaluation {
  let check: Check
  let plan: MonitorPlan

  /// - Parameter usualRows: the reference of a traffic check, by slice.
  func verdicts(_ view: WindowView, usualRows: [String: Double] = [:]) -> [Verdict] {
    switch check.metric.family {
    case .distance, .level: distanceVerdicts(view)
    case .ratio: ratioVerdicts(view)
    case .traffic: trafficVerdicts(view, usualRows)
    case .performance: performanceVerdicts(view)
    case .estimate: estimateVerdicts(view)
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
    switch check.slices {
    case .all: [Slice.all]
    case .each: known.filter(check.isOn(slice:)).sorted(by: utf8Order)
    case .listed(let names): names.filter(check.isOn(slice:)).sorted(by: utf8Order)
    }
  }

  /// Indices of the subjects, in the layout's order, that the check names in a slice.
  func subjects(in slice: String) -> [Int] {
    plan.subjects(in: slice).filter { check.names(plan.drift.subjects[$0], isOutput: $0 == plan.outputSubject) }
  }

  /// One subject of one slice, judged or not.
  private struct Member {
    var verdict: Verdict
    var comparison: DriftComparison
    /// What relative limits are measured from.
    var reference: Double?

    /// Why some of the limits cannot be judged where others can.
    var unjudged: Shortfall?
    var isSufficient: Bool { verdict.why == nil }
  }

  /// Whether a limit is measured from something: every distance is, ratios and levels where the limit is a change.
  private var isMeasured: Bool {
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
    let isDistance = check.metric.family == .distance
    let used =
      isRatio ? comparison.ratio(check.metric)?.trials ?? 0 : comparison.valuesUsed(check.metric)
    var member = Member(
      verdict: Verdict(
        check: check, window: view.definition, end: view.end, slice: slice,
        subject: plan.drift.subjects[subject].name, value: comparison.value(check.metric), rows: used),
      comparison: comparison)
    // What the check is measured from, and why it cannot be.
    var missing: Shortfall?
    if let span = check.firstDays(at: .final, size: view.definition.size) {
      member.verdict.reference = ReferenceSubject.name(span)
      if isDistance { member.verdict.value = nil }
      missing = measure(&member, view, slice, subject, span)
      if !isDistance, check.limits.contains(where: { !$0.limit.isRelative }) {
        member.unjudged = missing
        missing = nil
      }
    } else {
      member.reference = comparison.baselineValue(check.metric)
      if isMeasured { member.verdict.against = comparison.against }
      if isMeasured, !plan.isJudged(subject: subject, slice: slice, against: comparison.against) {
        missing = Shortfall(.noBaseline)
      }
    }
    if member.reference == 0, check.limits.contains(where: { $0.limit.isShare }) {
      // A share of nothing is no limit.
      member.reference = nil
    }
    let needed = isRatio ? 1 : check.minimumRows
    if !judged(view) {
      member.verdict.why = partial(view)
    } else if isMeasured, plan.drift.subjects[subject].domain.hasNoValues {
      member.verdict.why = Shortfall(.noBaseline)
    } else if let missing {
      member.verdict.why = missing
    } else if used < needed {
      member.verdict.why = Shortfall(.rows, [("rows", .count(used)), ("needed", .count(needed))])
    } else if member.verdict.value == nil {
      member.verdict.why =
        comparison.outlyingValues > 0
        ? Shortfall(.outlying, [("outlying", .count(comparison.outlyingValues))]) : Shortfall(.undefined)
    } else if check.limits.allSatisfy({ $0.limit.resolved(reference: member.reference) == nil }) {
      member.verdict.why = Shortfall(member.verdict.reference == nil ? .noBaseline : .reference)
    }
    return member
  }

  /// Measures a member from the first days of production.
  ///
  /// - Returns: why it cannot be: the days are not over, or held too little.
  private func measure(
    _ member: inout Member, _ view: WindowView, _ slice: String, _ subject: Int, _ span: TimeSpan
  ) -> Shortfall? {
    let isDistance = check.metric.family == .distance
    switch view.references[DriftReferenceKey(slice: NameKey(slice), subject: subject, span: span)] {
    case .full(let found):
      if isDistance, let comparison = found.comparison {
        member.comparison = comparison
        member.verdict.value = comparison.value(check.metric)
      }
      let used = DriftComparison.valuesUsed(check.metric, in: found.side.cells)
      guard used >= max(1, check.minimumRows) else {
        return Shortfall(.reference, [("rows", .count(used)), ("needed", .count(max(1, check.minimumRows)))])
      }
      member.reference = found.value(check.metric)
      return nil
    case .learning(let why): return why
    case nil: return Shortfall(.reference)
    }
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
      verdict = settled(verdict, member)
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
    for i in verdicts.indices {
      verdicts[i] = settled(verdicts[i], members[i])
      verdicts[i].tier = verdicts[i].rawTier
    }
    return verdicts
  }

  /// Where some limit cannot be judged the others may fire, and never say that all is well.
  private func settled(_ verdict: Verdict, _ member: Member) -> Verdict {
    guard verdict.rawTier == .ok,
      check.limits.contains(where: { $0.limit.resolved(reference: member.reference) == nil })
    else { return verdict }
    var verdict = verdict
    verdict.rawTier = .insufficientData
    verdict.why = member.unjudged ?? Shortfall(verdict.reference == nil ? .noBaseline : .reference)
    return verdict
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
      var isPartly = false
      for tier in check.limits {
        guard let (threshold, fires) = tier.limit.resolved(reference: usualRows[slice]) else {
          isPartly = true
          continue
        }
        if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
        verdict.threshold = verdict.threshold ?? threshold
        if Limit.isReached(Double(rows), threshold, fires) {
          verdict.rawTier = tier.tier
          verdict.threshold = threshold
        }
      }
      if isPartly, verdict.rawTier == .ok { verdict.rawTier = .insufficientData }
      // The usual rows are the median of at least three windows.
      if verdict.rawTier == .insufficientData { verdict.why = Shortfall(.reference, [("needed", .count(3))]) }
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
}
