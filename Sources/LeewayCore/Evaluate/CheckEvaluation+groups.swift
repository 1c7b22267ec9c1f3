import LeewayStatistics

/// Fairness between the values of a segment.
extension CheckEvaluation {
  /// One verdict for each group beside the reference. A tier fires where the whole interval is beyond its limit and the
  /// p-value, adjusted over the groups, is small.
  func fairnessVerdicts(_ view: WindowView) -> [Verdict] {
    guard case .fairness(let groups) = check.on, let measure = check.metric.fairness else { return [] }
    let reference = view.performance[NameKey(groups.referenceSlice)]
    let names = view.performance.keys.map(\.name).filter(groups.compares).sorted(by: utf8Order)
    let members: [(verdict: Verdict, fairness: GroupFairness?, interval: RateComparison?)] = names.compactMap { slice in
      guard let summary = view.performance[NameKey(slice)] else { return nil }
      var verdict = Verdict(
        check: check, window: view.definition, end: view.end, slice: slice, subject: "fairness", value: nil,
        rows: summary.labelled)
      verdict.measuredFrom = .group(groups.referenceSlice)
      let fairness = GroupFairness(summary, beside: reference, groups)
      let interval = fairness?.comparison(measure)
      verdict.finding = .fairness(FairnessFinding(interval: interval))
      verdict.value = interval?.estimate
      verdict.why =
        judged(view)
        ? lack(summary)
          ?? (reference.map(lack) ?? Shortfall(.rows, [("rows", .count(0)), ("needed", .count(check.minimumRows))]))
          ?? (verdict.value == nil ? Shortfall(.undefined) : nil) : partial(view)
      return (verdict, verdict.why == nil ? fairness : nil, interval)
    }
    let tests = FamilyLadder(limits: check.limits, significance: check.significance).climb(members.count) { i, limit in
      guard let limit = limit.fairness, let fairness = members[i].fairness, let value = members[i].verdict.value,
        let interval = members[i].interval
      else { return nil }
      return .init(
        threshold: limit.threshold, isReached: limit.side.isReached(by: value) && limit.side.excludes(interval),
        pValue: fairness.pValue(measure, beyond: limit.side) ?? 1)
    }
    return zip(members, tests).map { member, test in
      var verdict = member.verdict
      if member.fairness != nil {
        verdict.take(test)
        verdict.judge(clears: check.clears, reference: nil)
        verdict.finding = .fairness(FairnessFinding(test: test.test, interval: member.interval))
      }
      return verdict
    }
  }

  private func lack(_ group: PerformanceSummary) -> Shortfall? { tooFew(group.labelled) ?? tooLittleCoverage(group) }
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
