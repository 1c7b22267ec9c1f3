/// Results and verdicts of the windows that a round has found.
extension Evaluator {
  func judgeDrift(
    _ window: WindowDefinition, ends: [EventTime], newlyClosed: Set<EventTime>, _ reader: any LedgerReader,
    _ cache: MergeCache, _ references: inout FrozenReferences, _ history: inout VerdictHistory, _ round: inout Round
  ) throws {
    var merge = cache.merges.take(window, plan: plan, epoch: cache.epoch, marked: cache.marked)
    let lines = ResultLines(plan: plan)
    let checks = plan.monitor.checks.filter { $0.isOn(window) && !$0.metric.isOfLabels }
    let begins = round.progress.firstPane.map { max($0, round.standing.startsAt) }
    for end in ends {
      let range = window.range(endingAt: end)
      try merge.move(to: range, in: reader)
      var view = WindowView(
        definition: window, end: end, complete: begins.map { range.lowerBound >= $0 } ?? false, begins: begins)
      view.setDrift(try merge.view(), plan)
      view.references = try references.drift(view, in: reader)
      let final = end <= round.progress.finalThrough
      round.results.append(contentsOf: lines.drift(view, closed: true, final: final))
      let versions = plan.monitor.comparison.flatMap { VersionDrift(plan, $0, view.drift) }
      if let versions { round.results.append(lines.comparison(view, versions, closed: true, final: final)) }
      round.windows += 1
      guard newlyClosed.contains(end) else { continue }
      for check in checks {
        if check.on == .comparison {
          let verdicts = versions.map { [ComparisonEvaluation(check: check, plan: plan).verdict(view, $0)] } ?? []
          round.verdicts.append(contentsOf: try history.applyingConsecutive(verdicts, check, window, end))
          continue
        }
        guard check.metric.family == .traffic || !view.drift.isEmpty else { continue }
        let usual = check.metric.family == .traffic ? try history.usualRows(check, window, end) : [:]
        let verdicts = CheckEvaluation(check: check, plan: plan).verdicts(view, usualRows: usual)
          .map { $0.with(version: mostFrequentVersion(view.drift) { $0.counts[DriftLayout.rows] }) }
        round.verdicts.append(contentsOf: try history.applyingConsecutive(verdicts, check, window, end))
      }
    }
    // For an older window the panes may be reclaimed before they leave it.
    if let range = merge.range, range.upperBound > round.progress.closedThrough - window.every {
      cache.merges.keep(merge, window, plan: plan, epoch: cache.epoch)
    }
  }

  func judgePerformance(
    _ window: WindowDefinition, _ stage: Stage, ends: [EventTime], newlyMature: Set<EventTime>,
    _ reader: any LedgerReader, _ references: inout FrozenReferences, _ history: inout VerdictHistory,
    _ round: inout Round
  ) throws {
    guard let layout = plan.performance else { return }
    var merge = WindowMerge(stage.panes, plan: plan, shape: layout.shape)
    let lines = ResultLines(plan: plan)
    let found = stage == .final ? try round.feeding?.found(in: ends.map(window.range(endingAt:)), reader) : nil
    let maturedThrough = stage == .final ? round.pairs.maturedThrough : round.pairs.earlyMaturedThrough
    let startsAt = stage == .final ? round.standing.pairsStartAt : round.standing.earlyStartsAt
    let begins = round.pairs.firstPane.map { max($0, startsAt) }
    let readThrough = draining?.pairs.readThrough
    let checks = plan.monitor.checks.filter {
      $0.isOn(window) && $0.metric.isOfLabels && $0.isJudged(at: stage)
    }
    for end in ends {
      let range = window.range(endingAt: end)
      try merge.move(to: range, in: reader)
      let mature = end <= maturedThrough
      let blocks = try merge.view()
      let summaries = blocks.mapValues {
        PerformanceSummary(
          layout: layout, block: $0, withImplied: mature && stage == .final,
          longestDelay: plan.monitor.labels?.longestDelay(at: stage))
      }
      var view = WindowView(
        definition: window, end: end,
        complete: begins.map { range.lowerBound >= $0 } ?? false && readThrough.map { end <= $0 } ?? true,
        begins: begins)
      view.readThrough = readThrough
      view.performance = summaries
      view.fed = mature ? found?.counts(in: range) ?? [:] : [:]
      view.stage = stage
      round.results.append(contentsOf: lines.performance(view, mature: mature))
      let versions =
        stage == .final
        ? VersionDifferences.bySlice(layout: layout, performance: blocks, withImplied: mature) : [:]
      round.results.append(contentsOf: lines.comparison(view, versions, mature: mature))
      round.windows += 1
      guard newlyMature.contains(end), !view.performance.isEmpty else { continue }
      view.performanceReferences = try references.performance(view, in: reader)
      for check in checks {
        if check.on == .comparison {
          let verdicts = ComparisonEvaluation(check: check, plan: plan).verdicts(view, versions)
          round.verdicts.append(contentsOf: try history.applyingConsecutive(verdicts, check, window, end))
          continue
        }
        let verdicts = CheckEvaluation(check: check, plan: plan).verdicts(view)
          .map { $0.with(version: mostFrequentVersion(view.performance) { $0.predictions }) }
        round.verdicts.append(contentsOf: try history.applyingConsecutive(verdicts, check, window, end, stage))
      }
    }
  }

  /// The model version that most of the window's rows came from.
  func mostFrequentVersion<Part>(_ slices: [NameKey: Part], _ rows: (Part) -> Int64) -> String? {
    let prefix = Slice.version + "="
    return slices.filter { $0.key.name.utf8.starts(with: prefix.utf8) && Slice.isSingle($0.key.name) }
      .max { a, b in
        rows(a.value) != rows(b.value) ? rows(a.value) < rows(b.value) : utf8Order(b.key.name, a.key.name)
      }
      .map { String(decoding: $0.key.name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) }
  }
}
