/// Judges a check with `on: comparison`: the challenger beside the champion. Limits of change are measured from the
/// champion's value.
struct ComparisonEvaluation {
  let check: Check
  let plan: MonitorPlan

  private func verdict(_ view: WindowView, _ slice: String = Slice.all, value: Double?, rows: Int64) -> Verdict {
    var verdict = Verdict(
      check: check, window: view.definition, end: view.end, slice: slice, subject: Check.comparisonSubject,
      value: value, rows: rows)
    verdict.version = plan.monitor.comparison?.challenger
    return verdict
  }

  /// Of a distance, when a window closes.
  func verdict(_ view: WindowView, _ drift: VersionDrift) -> Verdict {
    let found = drift.comparison
    let used = drift.valuesUsed(check.metric)
    var verdict = verdict(view, value: found.value(check.metric), rows: used)
    verdict.null = "iid"
    if !found.isConstant(check.metric) {
      // A family of one.
      verdict.pValue = found.pValue(check.metric)
      verdict.qValue = verdict.pValue
    }
    guard view.complete || check.partial, let value = verdict.value, used >= check.minimumRows else { return verdict }
    verdict.rawTier = .ok
    var blind = false
    for tier in check.limits {
      guard let (threshold, fires) = tier.limit.resolved(reference: nil) else { continue }
      verdict.threshold = verdict.threshold ?? threshold
      guard check.metric != .psi || threshold >= 2 * (found.psiNoise ?? 0) else {
        blind = true
        continue
      }
      guard Limit.isReached(value, threshold, fires) else { continue }
      if let significance = check.significance { guard let p = verdict.pValue, p <= significance else { continue } }
      verdict.rawTier = tier.tier
      verdict.threshold = threshold
    }
    if verdict.rawTier == .ok, blind { verdict.rawTier = .insufficientData }
    verdict.tier = verdict.rawTier
    return verdict
  }

  /// Of performance, when a window is mature: one for each slice that the check runs on and that has rows.
  func verdicts(_ view: WindowView, _ versions: [NameKey: VersionDifferences]) -> [Verdict] {
    CheckEvaluation(check: check, plan: plan).slices(versions.keys.map(\.name)).compactMap { slice in
      versions[NameKey(slice)].map { verdict(view, slice, $0) }
    }
  }

  private func verdict(_ view: WindowView, _ slice: String, _ differences: VersionDifferences) -> Verdict {
    let used = differences.used
    let found = differences[check.metric]
    var verdict = verdict(view, slice, value: found?.challenger, rows: used.labelled)
    verdict.pValue = found?.difference.pValue
    guard view.complete || check.partial, let found, isSufficient(differences, used) else { return verdict }
    for tier in check.limits {
      guard let (threshold, fires) = tier.limit.resolved(reference: found.champion) else { continue }
      if verdict.rawTier == .insufficientData { verdict.rawTier = .ok }
      verdict.threshold = verdict.threshold ?? threshold
      // Of the difference, since the champion's value moves with the challenger's.
      let bound = found.champion + (fires == .above ? found.bounds.lower : found.bounds.upper)
      if verdict.bound == nil { verdict.bound = bound }
      guard Limit.isReached(found.challenger, threshold, fires) else { continue }
      let certain = Limit.isReached(bound, threshold, fires)
      verdict.certain = certain
      verdict.bound = bound
      if check.certain, !certain { continue }
      verdict.rawTier = tier.tier
      verdict.threshold = threshold
    }
    verdict.tier = verdict.rawTier
    return verdict
  }

  private func isSufficient(_ found: VersionDifferences, _ used: VersionDifferences.Side) -> Bool {
    guard used.labelled >= check.minimumRows else { return false }
    let sides = found.isPaired ? [found.pairs] : [found.champion, found.challenger]
    if let least = plan.monitor.labels?.minimumCoverage,
      sides.contains(where: { ($0.coverage ?? 1) < least })
    {
      return false
    }
    guard plan.monitor.task == .binary else { return true }
    return used.positives >= check.minimumPositives && used.negatives >= check.minimumNegatives
  }
}
