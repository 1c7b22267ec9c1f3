import LeewayStatistics

/// What differs between slices: fairness between the values of a segment, and the slice of which a metric is worst.
extension CheckEvaluation {
  // MARK: Fairness

  /// One verdict for each group beside the reference. A tier fires where the whole interval is beyond its limit and the
  /// p-value, adjusted over the groups, is small.
  func fairnessVerdicts(_ view: WindowView) -> [Verdict] {
    guard case .fairness(let groups) = check.on, let measure = check.metric.fairness else { return [] }
    let reference = view.performance[NameKey(groups.referenceSlice)]
    let names = view.performance.keys.map(\.name).filter(groups.compares).sorted(by: utf8Order)
    var members: [(verdict: Verdict, fairness: GroupFairness?)] = names.compactMap { slice in
      guard let summary = view.performance[NameKey(slice)] else { return nil }
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "fairness", value: nil,
        rows: summary.labelled)
      verdict.reference = groups.referenceSlice
      let fairness = GroupFairness(summary, beside: reference, groups)
      verdict.interval = fairness?.comparison(measure)
      verdict.value = verdict.interval?.estimate
      let isEnough =
        judged(view) && verdict.value != nil && hasEnough(summary) && (reference.map(hasEnough) ?? false)
      return (verdict, isEnough ? fairness : nil)
    }
    let tested = members.indices.filter { members[$0].fairness != nil }
    for i in tested { members[i].verdict.rawTier = .ok }
    for tier in check.limits {
      guard let limit = tier.limit.fairness else { continue }
      let p = tested.map { members[$0].fairness?.pValue(measure, beyond: limit.side) ?? 1 }
      for (at, q) in zip(tested.indices, benjaminiHochberg(p)) {
        let i = tested[at]
        guard let value = members[i].verdict.value, let interval = members[i].verdict.interval else { continue }
        let fires =
          limit.side.isReached(by: value) && limit.side.excludes(interval)
          && (check.significance.map { q <= $0 } ?? true)
        if fires || members[i].verdict.threshold == nil {
          members[i].verdict.pValue = p[at]
          members[i].verdict.qValue = q
          members[i].verdict.threshold = limit.threshold
        }
        if fires { members[i].verdict.rawTier = tier.tier }
      }
    }
    return members.map { member in
      var verdict = member.verdict
      verdict.tier = verdict.rawTier
      return verdict
    }
  }

  private func hasEnough(_ summary: PerformanceSummary) -> Bool {
    summary.labelled >= check.minimumRows && isCovered(summary)
  }

  // MARK: The worst slice

  /// Of the slices that could be judged by themselves, the one with the worst value; the first by name of equals.
  func worstPerformance(_ view: WindowView) -> WorstSlice? {
    let candidates = view.performance.filter { Slice.isSingle($0.key.name) && isSufficient($0.value) }
    return worst(
      candidates.compactMap { slice, summary in
        summary.value(check.metric, at: check.place).map {
          WorstSlice(
            slice: slice.name, value: $0, rows: check.metric == .coverage ? summary.predictions : summary.labelled)
        }
      })
  }

  /// The same of a subject's drift, each slice beside its own baseline. Worked out where a check fires alone, since it is
  /// as much work as the check for every slice.
  func worstDrift(_ view: WindowView, _ verdict: Verdict) -> WorstSlice? {
    guard verdict.slice == Slice.all,
      let index = plan.drift.subjects.firstIndex(where: { $0.name == verdict.subject })
    else { return nil }
    let subject = plan.drift.subjects[index]
    return worst(
      view.drift.compactMap { slice, block in
        guard Slice.isSingle(slice.name), subjects(in: slice.name).contains(index),
          let baseline = plan.baselineSide(subject: index, slice: slice.name)
        else { return nil }
        let comparison = DriftComparison(
          domain: subject.domain, baseline: baseline,
          baselineDeviation: plan.baseline.subject(named: subject.name)?.standardDeviation,
          window: plan.drift.cells(of: subject, in: block))
        let used = comparison.valuesUsed(check.metric)
        guard used >= check.minimumRows, let value = comparison.value(check.metric) else { return nil }
        return WorstSlice(slice: slice.name, value: value, rows: used)
      })
  }

  private func worst(_ slices: [WorstSlice]) -> WorstSlice? {
    let fires = check.limits.first.flatMap { $0.limit.resolved(reference: 0)?.fires } ?? check.metric.direction
    return slices.min { a, b in
      if a.value == b.value { return utf8Order(a.slice, b.slice) }
      switch fires {
      case .above: return a.value > b.value
      case .below: return a.value < b.value
      case .eitherSide: return abs(a.value) > abs(b.value)
      }
    }
  }
}

extension GroupFairness {
  /// nil where one of the two has no decisions.
  init?(_ group: PerformanceSummary, beside reference: PerformanceSummary?, _ groups: FairnessGroups) {
    guard let own = group.decisions, let others = reference?.decisions else { return nil }
    self.init(group: own, reference: others, favourable: groups.favourable)
  }
}

extension Limit {
  /// As fairness takes it; nil for what is measured from a reference.
  fileprivate var fairness: (side: FairnessLimit, threshold: Double)? {
    switch self {
    case .above(.absolute(let x)): (.above(x), x)
    case .below(.absolute(let x)): (.below(x), x)
    case .beyond(.absolute(let x)): (.eitherSide(x), x)
    default: nil
    }
  }
}
