/// Judges one monitor: reads what changed in one snapshot, computes results, verdicts and decisions, and commits them in
/// one transaction. Needs nothing of the round before, so whoever has the lease can go on.
package struct Evaluator: Sendable {
  package let plan: MonitorPlan
  let context: DecisionContext
  /// What a log had from outside, to be folded where it was then.
  let recorded: [DecisionRecord]
  /// Windows judged in one round; a round that reaches it says so, and the next goes on.
  let maximumWindows: Int
  /// Errors after which a round feeds detectors no further pane.
  let maximumErrors: Int

  package init(
    plan: MonitorPlan, context: DecisionContext = DecisionContext(), recorded: [DecisionRecord] = [],
    maximumWindows: Int = 512, maximumErrors: Int = 250_000
  ) {
    self.plan = plan
    self.context = context
    self.recorded = recorded
    self.maximumWindows = maximumWindows
    self.maximumErrors = maximumErrors
  }

  /// One round.
  ///
  /// - Parameters:
  ///   - now: wall clock, for deadlines and the outbox.
  ///   - partitions: what the topics' metadata say now; those without a row get one at −∞ first, so that a new partition
  ///     holds the watermark back before anybody has read it.
  ///   - watermarks: nil: as stored with the partitions.
  ///   - merges: what this thread has merged before; nil merges every window anew.
  /// - Throws: what the ledger throws; `LeaseLost` if another evaluator has taken over.
  package func evaluate(
    _ ledger: any Ledger, lease: EvaluationLease, now: EventTime, partitions: [TopicPartition] = [],
    watermarks: Watermarks? = nil, merges: WindowMerges? = nil
  ) throws -> EvaluationReport {
    try ensure(partitions, in: ledger)
    let cache = MergeCache(merges: merges ?? WindowMerges(limitBytes: 0), epoch: lease.epoch)
    let (prepared, noData) = try ledger.read { try prepare($0, watermarks: watermarks, cache) }
    var report = EvaluationReport()
    report.noData = noData
    guard let round = prepared else { return report }
    return try ledger.write { try commit(round, lease: lease, now: now, in: $0) }
  }

  /// Rows for what the metadata have and the ledger has not.
  private func ensure(_ places: [TopicPartition], in ledger: any Ledger) throws {
    guard !places.isEmpty else { return }
    let monitor = plan.monitor
    let known = try Set(ledger.read { try $0.partitions(of: monitor.name) }.map(\.key))
    let missing = places.compactMap { place -> (key: PartitionKey, role: StreamRole)? in
      let key = PartitionKey(monitor: monitor.name, topic: place.topic, partition: place.partition)
      guard !known.contains(key) else { return nil }
      if place.topic == monitor.predictions.topic { return (key, .predictions) }
      return place.topic == monitor.labels?.topic ? (key, .labels) : nil
    }
    if !missing.isEmpty { try ledger.write { try $0.ensure(partitions: missing) } }
  }

  // MARK: Reading

  /// What a round found in its snapshot.
  struct Round {
    var progress: EvaluationProgress
    /// The generation's first pane: a window that begins before it is not complete, whatever else is stored.
    var startsAt: EventTime
    var noData: Bool
    var consumedMarks: [Int64] = []
    var results: [ResultRecord] = []
    var verdicts: [Verdict] = []
    var isComplete = true
    var windows = 0
    /// nil where no check is on errors.
    var feeding: ErrorFeeding?
    /// Of the first days of production: those that this round has changed.
    var references: [ReferenceRecord] = []
    /// Where its panes have what they are summed from; nil where that is stored already.
    var referenceSource: [UInt8]?
  }

  private struct Work: Hashable {
    var window: Int
    var end: EventTime
  }

  private struct MergeCache {
    var merges: WindowMerges
    var epoch: Int64
    /// Panes of drift with a mark.
    var marked: [EventTime] = []
  }

  private func prepare(
    _ reader: any LedgerReader, watermarks: Watermarks?, _ cache: MergeCache
  ) throws -> (round: Round?, noData: Bool) {
    let monitor = plan.monitor
    guard let generation = try reader.generation(of: monitor.name), generation.generation == plan.generation else {
      return (nil, false)
    }
    let marks = try reader.dirtyMarks(monitor: monitor.name, generation: plan.generation)
    let stored = try reader.progress(monitor: monitor.name, generation: plan.generation)
    let before = stored ?? EvaluationProgress()
    let reached =
      try watermarks
      ?? Watermarks(
        partitions: reader.partitions(of: monitor.name).filter { plan.reads($0.key, as: $0.role) }, now: reader.now())

    var round = Round(progress: before, startsAt: generation.startsAt, noData: reached.noData)
    var cache = cache
    cache.marked = marks.filter { $0.kind == .drift }.map(\.pane)
    if let first = cache.marked.min() {
      round.progress.firstPane = min(first, before.firstPane ?? first)
    }
    var closedThrough = max(before.closedThrough, reached.closedThrough(monitor))
    var finalThrough = max(before.finalThrough, min(reached.finalThrough(monitor), closedThrough))
    // Labels may go on while predictions are silent, and never get ahead of what is closed.
    var maturedThrough = max(before.maturedThrough, min(reached.maturedThrough(monitor), closedThrough))

    var earlyThrough = max(before.earlyMaturedThrough, min(reached.earlyMaturedThrough(monitor), closedThrough))

    // Windows that closed or matured since the last round, oldest first, as many as one round takes.
    var closing = try newWork(.drift, after: before.closedThrough, through: closedThrough, reader)
    var maturing = try newWork(.performance, after: before.maturedThrough, through: maturedThrough, reader)
    var maturingEarly = try newWork(
      .earlyPerformance, after: before.earlyMaturedThrough, through: earlyThrough, reader)
    let allClosed = cut(&closing, &closedThrough)
    let allMatured = cut(&maturing, &maturedThrough)
    let allMaturedEarly = cut(&maturingEarly, &earlyThrough)
    maturedThrough = min(maturedThrough, closedThrough)
    earlyThrough = min(earlyThrough, closedThrough)
    var feeding = try ErrorFeeding(plan: plan, maturedThrough: before.maturedThrough, in: reader)
    let allFed = try feeding?.feed(through: &maturedThrough, atMost: maximumErrors, in: reader) ?? true
    finalThrough = min(finalThrough, closedThrough)
    // Windows that closed with the help of idleness, and that nothing can change any more: their lines say so.
    var settling = try newWork(
      .drift, after: before.finalThrough, through: min(finalThrough, before.closedThrough), reader)
    let allFinal = cut(&settling, &finalThrough)
    round.isComplete = allClosed && allMatured && allMaturedEarly && allFinal && allFed
    maturing.removeAll { $0.end > maturedThrough }
    maturingEarly.removeAll { $0.end > earlyThrough }

    // Windows that were closed before and whose panes have changed since; newest first, the rest waits with its marks.
    var revisedDrift = Set(settling)
    var revisedPerformance: [Stage: Set<Work>] = [:]
    for mark in marks.sorted(by: { $0.pane > $1.pane }) {
      if revisedPerformance.values.reduce(revisedDrift.count, { $0 + $1.count }) >= maximumWindows * 2 {
        round.isComplete = false
        continue
      }
      for (i, window) in monitor.windows.enumerated() {
        for end in window.ends(holding: mark.pane).map(EventTime.init(milliseconds:)) where end <= before.closedThrough
        {
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
      stored == nil || closedThrough != before.closedThrough || maturedThrough != before.maturedThrough
        || earlyThrough != before.earlyMaturedThrough || finalThrough != before.finalThrough || !marks.isEmpty
    else { return (nil, reached.noData) }

    round.feeding = feeding
    let closingSet = Set(closing)
    let maturingSets = [Stage.early: Set(maturingEarly), .final: Set(maturing)]
    round.progress.closedThrough = closedThrough
    round.progress.finalThrough = finalThrough
    round.progress.maturedThrough = maturedThrough
    round.progress.earlyMaturedThrough = earlyThrough
    var references = try takeReferences(before, &round, cache.merges.references, reader)
    var history = VerdictHistory(plan: plan, reader: reader)
    for (i, window) in monitor.windows.enumerated() {
      try judgeDrift(
        window, ends: ends(closingSet.union(revisedDrift), i), newlyClosed: Set(ends(closingSet, i)), reader, cache,
        &references, &history, &round)
      for stage in Stage.allCases where plan.shape(of: stage.panes) != nil {
        // A performance line appears when its window closes and is revised until, and after, it matures.
        let maturing = maturingSets[stage] ?? []
        let all = closingSet.union(maturing).union(revisedPerformance[stage] ?? [])
        try judgePerformance(
          window, stage, ends: ends(all, i), newlyMature: Set(ends(maturing, i)), reader, &references, &history, &round)
      }
    }
    round.verdicts.sort(by: Verdict.precedes)
    let lines = ResultLines(plan: plan)
    round.results.append(contentsOf: round.verdicts.map(lines.verdict))
    return (round, reached.noData)
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
      kind == .drift && plan.monitor.checks.contains { $0.metric.family == .traffic && $0.window == window.name }
    }
    let reach = watched.contains(true) ? largest * (Self.emptyWindows + 1) : largest
    let from = after == .distantPast ? after : after - reach
    let panes = try reader.paneStarts(
      kind, monitor: plan.monitor.name, generation: plan.generation, in: from..<through)
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

  // MARK: Judging

  private func judgeDrift(
    _ window: WindowDefinition, ends: [EventTime], newlyClosed: Set<EventTime>, _ reader: any LedgerReader,
    _ cache: MergeCache, _ references: inout FrozenReferences, _ history: inout VerdictHistory, _ round: inout Round
  ) throws {
    var merge = cache.merges.take(window, plan: plan, epoch: cache.epoch, marked: cache.marked)
    let lines = ResultLines(plan: plan)
    let checks = plan.monitor.checks.filter { $0.window == window.name && !$0.metric.isOfLabels }
    for end in ends {
      let range = window.range(endingAt: end)
      try merge.move(to: range, in: reader)
      var view = WindowView(
        definition: window, end: end, complete: isComplete(range, round), begins: begins(round))
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
    // Of an older window the panes may be reclaimed before they leave it.
    if let range = merge.range, range.upperBound > round.progress.closedThrough - window.every {
      cache.merges.keep(merge, window, plan: plan, epoch: cache.epoch)
    }
  }

  private func judgePerformance(
    _ window: WindowDefinition, _ stage: Stage, ends: [EventTime], newlyMature: Set<EventTime>,
    _ reader: any LedgerReader, _ references: inout FrozenReferences, _ history: inout VerdictHistory,
    _ round: inout Round
  ) throws {
    guard let layout = plan.performance else { return }
    var merge = WindowMerge(stage.panes, plan: plan, shape: layout.shape)
    let lines = ResultLines(plan: plan)
    let found = stage == .final ? try round.feeding?.found(in: ends.map(window.range(endingAt:)), reader) : nil
    let maturedThrough = stage == .final ? round.progress.maturedThrough : round.progress.earlyMaturedThrough
    let checks = plan.monitor.checks.filter {
      $0.window == window.name && $0.metric.isOfLabels && $0.isJudged(at: stage)
    }
    for end in ends {
      let range = window.range(endingAt: end)
      try merge.move(to: range, in: reader)
      let mature = end <= maturedThrough
      let blocks = try merge.view()
      let summaries = blocks.mapValues {
        PerformanceSummary(layout: layout, block: $0, withImplied: mature && stage == .final)
      }
      var view = WindowView(
        definition: window, end: end, complete: isComplete(range, round), begins: begins(round))
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
  private func mostFrequentVersion<Part>(_ slices: [NameKey: Part], _ rows: (Part) -> Int64) -> String? {
    let prefix = Slice.version + "="
    return slices.filter { $0.key.name.utf8.starts(with: prefix.utf8) && Slice.isSingle($0.key.name) }
      .max { a, b in
        rows(a.value) != rows(b.value) ? rows(a.value) < rows(b.value) : utf8Order(b.key.name, a.key.name)
      }
      .map { String(decoding: $0.key.name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) }
  }

  private func isComplete(_ range: Range<EventTime>, _ round: Round) -> Bool {
    begins(round).map { range.lowerBound >= $0 } ?? false
  }

  /// The first moment of which windows hold everything; nil before the first event.
  private func begins(_ round: Round) -> EventTime? { round.progress.firstPane.map { max($0, round.startsAt) } }

  // MARK: Committing

  private func commit(_ round: Round, lease: EvaluationLease, now: EventTime, in tx: any LedgerWriter) throws
    -> EvaluationReport
  {
    guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
    let monitor = plan.monitor.name
    var report = EvaluationReport()
    // Before the marks: a flush takes these rows before those too.
    report.lateErrors = try round.feeding?.commit(in: tx) ?? 0
    report.changes = round.feeding?.changes ?? []
    report.progress = round.progress
    report.windows = round.windows
    report.noData = round.noData
    report.isComplete = round.isComplete
    report.verdicts = round.verdicts
    report.results = round.results
    if !round.references.isEmpty { try tx.put(references: round.references, monitor: monitor) }
    if let source = round.referenceSource {
      try tx.put(setting: ReferenceSource.setting(monitor: monitor), value: source)
    }
    try tx.put(results: round.results)
    report.decisions = try Decision(plan: plan, context: context, recorded: recorded)
      .decide(round.verdicts, now: now, in: tx)
    try tx.put(progress: round.progress, monitor: monitor, generation: plan.generation)
    try tx.delete(dirtyMarks: round.consumedMarks)
    return report
  }
}

/// The right to judge a monitor, as taken from the ledger.
package struct EvaluationLease: Sendable, Equatable {
  package var name: String
  package var epoch: Int64

  package init(name: String, epoch: Int64) {
    self.name = name
    self.epoch = epoch
  }

  package static func name(monitor: String) -> String { "evaluate/\(monitor)" }
}

/// Another evaluator has taken the monitor over; nothing was written.
package struct LeaseLost: Error, CustomStringConvertible {
  package var name: String

  package init(name: String) { self.name = name }

  package var description: String { "lease \(name) has been taken over by another instance" }
}

/// What one round did.
package struct EvaluationReport: Sendable {
  package var progress: EvaluationProgress?
  /// Windows computed, of drift and performance.
  package var windows = 0
  /// All prediction partitions are idle: the watermark holds, and nothing closes until data come.
  package var noData = false
  /// False: call again at once.
  package var isComplete = true
  package var results: [ResultRecord] = []
  package var verdicts: [Verdict] = []
  package var decisions = Decisions()
  /// Errors that came after detectors were fed with their pane, and never reach them.
  package var lateErrors: Int64 = 0
  /// What detectors found in the errors that they were fed in this round.
  package var changes: [(detector: MonitorDetector, count: Int64)] = []

  package init() {}
}
