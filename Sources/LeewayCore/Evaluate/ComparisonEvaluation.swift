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

  /// For a distance, when a window closes.
  func verdict(_ view: WindowView, _ drift: VersionDrift) -> Verdict {
    let found = drift.comparison
    let used = drift.valuesUsed(check.metric)
    var verdict = verdict(view, value: found.value(check.metric), rows: used)
    // A family of one.
    let p = found.isConstant(check.metric) ? nil : found.pValue(check.metric)
    verdict.finding = .drift(DriftFinding(test: FamilyTest(pValue: p, qValue: p), isOfIndependentRows: true))
    let evaluation = CheckEvaluation(check: check, plan: plan)
    verdict.why =
      evaluation.judged(view)
      ? evaluation.tooFew(used) ?? (verdict.value == nil ? Shortfall(.undefined) : nil) : evaluation.partial(view)
    guard verdict.why == nil, let value = verdict.value else { return verdict }
    let outcome = Ladder(check.limits, reference: nil, noise: found.noise(check.metric)).climb { rung in
      guard rung.isReached(by: value) else { return false }
      guard let significance = check.significance else { return true }
      return p.map { $0 <= significance } ?? false
    }
    verdict.take(outcome, missing: Shortfall(.undefined))
    verdict.judge(clears: check.clears, reference: nil)
    return verdict
  }

  /// For performance, when a window is mature: one for each slice that the check runs on and that has rows.
  func verdicts(_ view: WindowView, _ versions: [NameKey: VersionDifferences]) -> [Verdict] {
    CheckEvaluation(check: check, plan: plan).slices(versions.keys.map(\.name)).compactMap { slice in
      versions[NameKey(slice)].map { verdict(view, slice, $0) }
    }
  }

  private func verdict(_ view: WindowView, _ slice: String, _ differences: VersionDifferences) -> Verdict {
    let used = differences.used
    let found = differences[check.metric]
    var verdict = verdict(view, slice, value: found?.challenger, rows: used.labelled)
    var finding = PerformanceFinding(pValue: found?.difference.pValue)
    verdict.finding = .performance(finding)
    let evaluation = CheckEvaluation(check: check, plan: plan)
    verdict.why =
      evaluation.judged(view)
      ? shortfall(differences, used) ?? (found == nil ? Shortfall(.undefined) : nil) : evaluation.partial(view)
    guard verdict.why == nil, let found else { return verdict }
    let outcome = Ladder(check.limits, reference: found.champion).climb { rung in
      // For the difference, since the champion's value moves with the challenger's.
      let bound = found.champion + (rung.fires == .above ? found.bounds.lower : found.bounds.upper)
      if finding.bound == nil { finding.bound = bound }
      guard rung.isReached(by: found.challenger) else { return false }
      let certain = rung.isReached(by: bound)
      finding.isCertain = certain
      finding.bound = bound
      return certain || !check.certain
    }
    verdict.finding = .performance(finding)
    verdict.take(outcome, missing: Shortfall(.undefined))
    verdict.judge(clears: check.clears, reference: found.champion)
    return verdict
  }

  private func shortfall(_ found: VersionDifferences, _ used: VersionDifferences.Side) -> Shortfall? {
    if let few = CheckEvaluation(check: check, plan: plan).tooFew(used.labelled) { return few }
    let sides = found.isPaired ? [found.pairs] : [found.champion, found.challenger]
    if let least = plan.monitor.labels?.minimumCoverage,
      let coverage = sides.map({ $0.coverage ?? 1 }).min(), coverage < least
    {
      return Shortfall(.coverage, [("coverage", .value(coverage)), ("needed", .value(least))])
    }
    guard plan.monitor.task == .binary else { return nil }
    for (name, count, needed) in [
      ("positives", used.positives, check.minimumPositives), ("negatives", used.negatives, check.minimumNegatives),
    ] where count < needed {
      return Shortfall(.rows, [(name, .count(count)), ("needed", .count(needed))])
    }
    return nil
  }
}
