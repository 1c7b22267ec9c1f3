import LeewayStatistics

/// Judges one check on one window: values, family, tiers. Pure; what lies in other windows is passed in.
struct CheckEvaluation {
  let check: Check
  let plan: MonitorPlan

  /// - Parameter usualRows: the reference of a traffic check, by slice.
  func verdicts(_ view: WindowView, usualRows: [String: UsualRows] = [:]) -> [Verdict] {
    switch check.metric.family {
    case .distance, .level: distanceVerdicts(view)
    case .ratio: ratioVerdicts(view)
    case .traffic: trafficVerdicts(view, usualRows)
    case .performance: performanceVerdicts(view)
    case .estimate: estimateVerdicts(view)
    case .detector: detectorVerdicts(view)
    case .fairness: fairnessVerdicts(view)
    // Hours are judged one after another, not windows.
    case .shift: []
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
      member.verdict.measuredFrom = .firstDays(ReferenceSubject.name(span))
      if isDistance { member.verdict.value = nil }
      missing = measure(&member, view, slice, subject, span)
      if !isDistance, check.limits.contains(where: { !$0.limit.isRelative }) {
        member.unjudged = missing
        missing = nil
      }
    } else {
      member.reference = comparison.baselineValue(check.metric)
      if isMeasured { member.verdict.measuredFrom = .baseline(comparison.against) }
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
      var found = DriftFinding(test: FamilyTest(pValue: p[i], qValue: q[i]), isOfIndependentRows: isDistance)
      verdict.finding = .drift(found)
      guard member.isSufficient, let value = verdict.value else { return verdict }
      let ladder = Ladder(check.limits, reference: member.reference, noise: member.comparison.noise(check.metric))
      let outcome = ladder.climb { rung in
        guard rung.isReached(by: value) else { return false }
        guard tested, let significance = check.significance else { return true }
        return q[i].map { $0 <= significance } ?? false
      }
      verdict.take(outcome, missing: missing(member))
      verdict.judge(clears: check.clears, reference: member.reference)
      if verdict.rawTier >= .info {
        found.contrast = driftContrast(view, verdict)
        verdict.finding = .drift(found)
      }
      return verdict
    }
  }

  // MARK: Ratios

  /// One-sided exact test of every tier's own threshold, adjusted over the family of that tier.
  private func ratioVerdicts(_ view: WindowView) -> [Verdict] {
    let members = members(view)
    let tests = FamilyLadder(limits: check.limits, significance: check.significance).climb(members.count) { i, limit in
      // A change is measured from each slice's own ratio, so members differ in their threshold.
      guard members[i].isSufficient, let value = members[i].verdict.value,
        let (threshold, fires) = limit.resolved(reference: members[i].reference)
      else { return nil }
      let (k, n) = members[i].comparison.ratio(check.metric) ?? (0, 1)
      let p =
        fires == .above
        ? SpecialFunctions.binomialAtLeast(k, trials: n, probability: min(max(threshold, 0), 1))
        : SpecialFunctions.binomialAtLeast(n - k, trials: n, probability: min(max(1 - threshold, 0), 1))
      return .init(threshold: threshold, isReached: Limit.isReached(value, threshold, fires), pValue: p)
    }
    return zip(members, tests).map { member, test in
      var verdict = member.verdict
      guard member.isSufficient else { return verdict }
      verdict.take(test)
      verdict.judge(clears: check.clears, reference: member.reference)
      verdict.finding = .ratio(test.test)
      // Where some limit cannot be judged the others may fire, and never say that all is well.
      if verdict.rawTier == .ok, check.limits.contains(where: { $0.limit.resolved(reference: member.reference) == nil })
      {
        (verdict.rawTier, verdict.tier) = (.insufficientData, .insufficientData)
        verdict.why = missing(member)
      }
      return verdict
    }
  }

  /// Why a limit of a member has no reference.
  private func missing(_ member: Member) -> Shortfall {
    member.unjudged ?? Shortfall(member.verdict.reference == nil ? .noBaseline : .reference)
  }

  // MARK: Traffic

  private func trafficVerdicts(_ view: WindowView, _ usualRows: [String: UsualRows]) -> [Verdict] {
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
      let usual = usualRows[slice] ?? UsualRows()
      verdict.take(
        Ladder(check.limits, reference: usual.median).climb(Double(rows)),
        missing: Shortfall(
          .reference,
          [("windows", .count(Int64(usual.windows))), ("needed", .count(Int64(UsualRows.neededWindows)))]))
      verdict.judge(clears: check.clears, reference: usual.median)
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
      verdict.finding = .detector(DetectorFinding(changedAt: fed?.lastChange))
      verdict.why =
        judged(view) ? tooFew(verdict.rows) ?? tooLittleCoverage(summary) : partial(view)
      guard verdict.why == nil, let value = verdict.value else {
        verdict.why = verdict.why ?? Shortfall(.undefined)
        return verdict
      }
      verdict.take(Ladder(check.limits, reference: nil).climb(value), missing: Shortfall(.undefined))
      return verdict
    }
  }
}
