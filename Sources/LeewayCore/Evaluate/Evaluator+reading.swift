/// What a round finds to do, in one snapshot.
extension Evaluator {
  func prepare(
    _ reader: any LedgerReader, watermarks: Watermarks?, _ cache: MergeCache, _ limits: MaturityLimits
  ) throws -> (round: Round?, noData: Bool, progress: EvaluationProgress) {
    let monitor = plan.monitor
    guard let current = try reader.generation(of: monitor.name),
      current.generation == draining?.current ?? plan.generation
    else { return (nil, false, EvaluationProgress()) }
    func marks(_ name: String) throws -> [DirtyMark] { try reader.dirtyMarks(monitor: monitor.name, generation: name) }
    func progress(_ name: String) throws -> EvaluationProgress? {
      try reader.progress(monitor: monitor.name, generation: name)
    }
    let driftMarks = draining == nil ? try marks(plan.generation) : []
    // Marks on drift that an earlier generation has left under the pairs' name mean nothing any more.
    let pairMarks = isOne ? [] : try marks(plan.pairs)
    let marks = driftMarks + pairMarks.filter { $0.kind != .drift }
    let storedDrift = draining == nil ? try progress(plan.generation) : nil
    let storedPairs = isOne ? storedDrift : try progress(plan.pairs)
    let before = storedDrift ?? EvaluationProgress()
    let pairsBefore = storedPairs ?? EvaluationProgress()
    let reached =
      try watermarks
      ?? Watermarks(
        partitions: reader.partitions(of: monitor.name).filter { plan.reads($0.key, as: $0.role) }, now: reader.now())

    var round = Round(
      standing: draining == nil ? GenerationStanding(current) : plan.standing, progress: before, pairs: pairsBefore,
      noData: draining == nil && reached.noData)
    let shownBefore = round.shown
    var cache = cache
    cache.marked = driftMarks.filter { $0.kind == .drift }.map(\.pane)
    func first(_ known: [EventTime?], _ marked: [EventTime]) -> EventTime? { (known.compactMap { $0 } + marked).min() }
    round.progress.firstPane = first([before.firstPane], cache.marked)
    // The first event may have had no output to be joined.
    round.pairs.firstPane = first([pairsBefore.firstPane, round.progress.firstPane], pairMarks.map(\.pane))
    var closedThrough = max(
      before.closedThrough, draining == nil ? reached.closedThrough(monitor) : before.closedThrough)
    // Nothing is accepted any more for pairs of a superseded generation.
    var pairsThrough = max(pairsBefore.closedThrough, draining?.pairs.until ?? reached.closedThrough(monitor))
    var finalThrough = max(before.finalThrough, min(reached.finalThrough(monitor), closedThrough))
    // Labels may go on while predictions are silent, and never get ahead of what is closed.
    var maturedThrough = max(
      pairsBefore.maturedThrough, min(reached.maturedThrough(monitor), pairsThrough, limits.final))
    var earlyThrough = max(
      pairsBefore.earlyMaturedThrough, min(reached.earlyMaturedThrough(monitor), pairsThrough, limits.early))

    let allHours = try cutHours(before, round.progress.firstPane, &closedThrough, &finalThrough, reader)
    let allHoursOfErrors = try cutHoursOfErrors(pairsBefore, round.pairs.firstPane, &maturedThrough, reader)
    // Windows that closed or matured since the last round, oldest first, as many as one round takes.
    var closing = try newWork(.drift, after: before.closedThrough, through: closedThrough, reader)
    let allClosed = cut(&closing, &closedThrough)
    var closingPairs = closing
    var allPairsClosed = true
    if isOne {
      pairsThrough = closedThrough
    } else {
      closingPairs = try newWork(.performance, after: pairsBefore.closedThrough, through: pairsThrough, reader)
      allPairsClosed = cut(&closingPairs, &pairsThrough)
    }
    var maturing = try newWork(.performance, after: pairsBefore.maturedThrough, through: maturedThrough, reader)
    var maturingEarly = try newWork(
      .earlyPerformance, after: pairsBefore.earlyMaturedThrough, through: earlyThrough, reader)
    let allMatured = cut(&maturing, &maturedThrough)
    let allMaturedEarly = cut(&maturingEarly, &earlyThrough)
    maturedThrough = min(maturedThrough, pairsThrough)
    earlyThrough = min(earlyThrough, pairsThrough)
    var feeding = try ErrorFeeding(plan: plan, maturedThrough: pairsBefore.maturedThrough, in: reader)
    let allFed = try feeding?.feed(through: &maturedThrough, atMost: maximumErrors, in: reader) ?? true
    finalThrough = min(finalThrough, closedThrough)
    // Windows that closed with the help of idleness, and that nothing can change any more: their lines say so.
    var settling = try newWork(
      .drift, after: before.finalThrough, through: min(finalThrough, before.closedThrough), reader)
    let allFinal = cut(&settling, &finalThrough)
    round.isComplete =
      allHours && allHoursOfErrors && allClosed && allPairsClosed && allMatured && allMaturedEarly && allFinal && allFed
    maturing.removeAll { $0.end > maturedThrough }
    maturingEarly.removeAll { $0.end > earlyThrough }

    // Windows that were closed before and whose panes have changed since; newest first, the rest waits with its marks.
    var revisedDrift = Set(settling)
    var revisedPerformance: [Stage: Set<Work>] = [:]
    round.consumedMarks = pairMarks.filter { $0.kind == .drift }.map(\.id)
    for mark in marks.sorted(by: { $0.pane > $1.pane }) {
      if revisedPerformance.values.reduce(revisedDrift.count, { $0 + $1.count }) >= maximumWindows * 2 {
        round.isComplete = false
        continue
      }
      let through = mark.kind == .drift ? before.closedThrough : pairsBefore.closedThrough
      for (i, window) in monitor.windows.enumerated() {
        for end in window.ends(holding: mark.pane).map(EventTime.init(milliseconds:)) where end <= through {
          switch mark.kind {
          case .drift: revisedDrift.insert(Work(window: i, end: end))
          case .performance: revisedPerformance[.final, default: []].insert(Work(window: i, end: end))
          case .earlyPerformance: revisedPerformance[.early, default: []].insert(Work(window: i, end: end))
          }
        }
      }
      round.consumedMarks.append(mark.id)
    }

    guard
      (draining == nil && storedDrift == nil) || closedThrough != before.closedThrough
        || pairsThrough != pairsBefore.closedThrough || maturedThrough != pairsBefore.maturedThrough
        || earlyThrough != pairsBefore.earlyMaturedThrough || finalThrough != before.finalThrough || !marks.isEmpty
    else { return (nil, round.noData, shownBefore) }

    round.feeding = feeding
    let closingSet = Set(closing)
    let closingPairsSet = Set(closingPairs)
    let maturingSets = [Stage.early: Set(maturingEarly), .final: Set(maturing)]
    round.progress.closedThrough = closedThrough
    round.progress.finalThrough = finalThrough
    round.pairs.closedThrough = pairsThrough
    round.pairs.maturedThrough = maturedThrough
    round.pairs.earlyMaturedThrough = earlyThrough
    var references = try takeReferences(before, pairsBefore, &round, cache.merges.references, reader)
    var history = VerdictHistory(plan: plan, reader: reader)
    for (i, window) in monitor.windows.enumerated() {
      if draining == nil {
        try judgeDrift(
          window, ends: ends(closingSet.union(revisedDrift), i), newlyClosed: Set(ends(closingSet, i)), reader, cache,
          &references, &history, &round)
      }
      for stage in Stage.allCases where plan.shape(of: stage.panes) != nil {
        // A performance line appears when its window closes and is revised until, and after, it matures.
        let maturing = maturingSets[stage] ?? []
        let all = closingPairsSet.union(maturing).union(revisedPerformance[stage] ?? [])
        try judgePerformance(
          window, stage, ends: ends(all, i), newlyMature: Set(ends(maturing, i)), reader, &references, &history, &round)
      }
    }
    try judgeHours(before, pairsBefore, reader, &round)
    round.verdicts.sort(by: Verdict.precedes)
    let lines = ResultLines(plan: plan)
    round.results.append(contentsOf: round.verdicts.map(lines.verdict))
    return (round, round.noData, round.shown)
  }

  private func ends(_ work: Set<Work>, _ window: Int) -> [EventTime] {
    work.filter { $0.window == window }.map(\.end).sorted()
  }

  /// Empty windows after the last pane that a traffic check still judges: by then its reference is 0 as well.
  private static let emptyWindows: Int64 = 28

  /// Windows with end in (after, through] that hold a pane, and where a traffic check looks, empty ones behind a pane.
  private func newWork(
    _ kind: PaneKind, after: EventTime, through: EventTime, _ reader: any LedgerReader
  ) throws -> [Work] {
    guard through > after, let largest = plan.monitor.windows.map(\.size).max() else { return [] }
    let watched = plan.monitor.windows.map { window in
      kind == .drift && plan.monitor.checks.contains { $0.metric.family == .traffic && $0.isOn(window) }
    }
    let reach = watched.contains(true) ? largest * (Self.emptyWindows + 1) : largest
    let from = after == .distantPast ? after : after - reach
    let panes = try reader.paneStarts(
      kind, monitor: plan.monitor.name, generation: plan.key(of: kind), in: from..<through)
    var work: [Work] = []
    for (i, window) in plan.monitor.windows.enumerated() {
      var next = after.floor(to: window.every) + window.every
      if after == .distantPast { next = .distantPast }
      for pane in panes {
        // Where windows are further apart than they are long, this one may not hold the pane: then it ends after `last`.
        var end = max(next, pane.floor(to: window.every) + window.every)
        // Silence is judged too, for a while: by then an incident is open.
        let span = watched[i] ? window.size * (Self.emptyWindows + 1) : window.size
        let last = min((pane + span).floor(to: window.every), through)
        while end <= last {
          work.append(Work(window: i, end: end))
          end = end + window.every
        }
        next = max(next, end)
      }
    }
    return work.sorted { $0.end != $1.end ? $0.end < $1.end : $0.window < $1.window }
  }

  /// Keeps what one round takes, whole ends at a time; false if something was left for the next.
  private func cut(_ work: inout [Work], _ through: inout EventTime) -> Bool {
    guard work.count > maximumWindows else { return true }
    let last = work[maximumWindows - 1].end
    guard let next = work.first(where: { $0.end > last }) else { return true }
    work.removeAll { $0.end >= next.end }
    through = last
    return false
  }
}
