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

  /// Where the plan is a superseded generation's, and only its pairs are judged: what ends there, and which generation counts.
  let draining: (pairs: DrainingPairs, current: String)?

  package init(
    plan: MonitorPlan, context: DecisionContext = DecisionContext(), recorded: [DecisionRecord] = [],
    maximumWindows: Int = 512, maximumErrors: Int = 250_000
  ) {
    self.plan = plan
    self.context = context
    self.recorded = recorded
    self.maximumWindows = maximumWindows
    self.maximumErrors = maximumErrors
    draining = nil
  }

  private init(_ pairs: DrainingPairs, before other: Evaluator) {
    plan = pairs.plan
    context = other.context
    recorded = other.recorded
    maximumWindows = other.maximumWindows
    maximumErrors = other.maximumErrors
    draining = (pairs, other.plan.generation)
  }

  /// One round. Superseded generations come first, the oldest before the others, so that verdicts of every cause come in the order of
  /// their windows' ends.
  ///
  /// - Parameters:
  ///   - now: wall clock, for deadlines and the outbox.
  ///   - partitions: what the topics' metadata say now; those without a row get one at −∞ first, so that a new partition
  ///     holds the watermark back before anybody has read it.
  ///   - watermarks: nil: as stored with the partitions.
  ///   - merges: what this thread has merged before; nil merges every window from its panes.
  /// - Throws: what the ledger throws; `LeaseLost` if another evaluator has taken over.
  package func evaluate(
    _ ledger: any Ledger, lease: EvaluationLease, now: EventTime, partitions: [TopicPartition] = [],
    watermarks: Watermarks? = nil, merges: WindowMerges? = nil
  ) throws -> EvaluationReport {
    try ensure(partitions, in: ledger)
    let cache = MergeCache(merges: merges ?? WindowMerges(limitBytes: 0), epoch: lease.epoch)
    var report = EvaluationReport()
    // Performance matures in the order of windows' ends: pairs wait for those before them.
    var limits = MaturityLimits()
    for old in plan.standing.draining {
      let evaluator = Evaluator(old, before: self)
      let (part, progress) = try evaluator.round(ledger, lease, now, watermarks, cache, limits)
      report.add(part)
      guard part.isComplete else { return report }
      limits.hold(at: old.until, unlessReachedBy: progress, hasEarly: old.plan.monitor.labels?.early != nil)
    }
    let (part, progress) = try round(ledger, lease, now, watermarks, cache, limits)
    report.add(part)
    // What an earlier generation did shows as well.
    if report.progress != nil { report.progress = progress }
    report.noData = part.noData
    return report
  }

  /// How far windows may mature while pairs of earlier generations have not come to their end.
  struct MaturityLimits {
    var early = EventTime.distantFuture
    var final = EventTime.distantFuture

    mutating func hold(at until: EventTime, unlessReachedBy progress: EvaluationProgress, hasEarly: Bool) {
      if progress.maturedThrough < until { final = min(final, until) }
      if hasEarly, progress.earlyMaturedThrough < until { early = min(early, until) }
    }
  }

  private func round(
    _ ledger: any Ledger, _ lease: EvaluationLease, _ now: EventTime, _ watermarks: Watermarks?, _ cache: MergeCache,
    _ limits: MaturityLimits
  ) throws -> (report: EvaluationReport, progress: EvaluationProgress) {
    let name = plan.monitor.name
    var (found, acts, overdue) = try ledger.read { reader in
      (
        try prepare(reader, watermarks: watermarks, cache, limits),
        draining == nil ? try reader.queuedActs(monitor: name, limit: Self.mostActs) : [],
        draining == nil && plan.monitor.retrain != nil ? try RetrainActs.overdue(of: name, now: now, in: reader) : []
      )
    }
    // Before the verdicts of this round, which those who acted did not know.
    var decisions = acts.isEmpty ? Decisions() : try ledger.write { try fold(acts, lease: lease, now: now, in: $0) }
    // What is normal now, the hours of this round are judged by.
    if acts.contains(where: { $0.kind == "accept" || $0.kind == "undo_accept" }) {
      found = try ledger.read { try prepare($0, watermarks: watermarks, cache, limits) }
    }
    if !overdue.isEmpty {
      decisions.add(
        try ledger.write { tx in
          guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
          return try Decision(plan: plan, context: context).fold(
            overdue: try RetrainActs.overdue(of: name, now: now, in: tx), now: now, in: tx)
        })
    }
    var report = EvaluationReport()
    report.noData = found.noData
    report.decisions = decisions
    guard let round = found.round else { return (report, found.progress) }
    report = try ledger.write { try commit(round, lease: lease, now: now, in: $0) }
    var all = decisions
    all.add(report.decisions)
    report.decisions = all
    return (report, round.shown)
  }

  /// Acts that one round folds.
  private static let mostActs = 100

  /// Folds what people have done.
  private func fold(
    _ acts: [ActRecord], lease: EvaluationLease, now: EventTime, in tx: any LedgerWriter
  ) throws -> Decisions {
    guard try tx.epoch(ofLease: lease.name) == lease.epoch else { throw LeaseLost(name: lease.name) }
    let monitor = plan.monitor.name
    // The one before the lease may have folded some and have lost the lease before its next round.
    let waiting = Set(try tx.queuedActs(monitor: monitor, limit: Self.mostActs).map(\.number))
    let drift = try tx.progress(monitor: monitor, generation: plan.generation) ?? EvaluationProgress()
    let current = try tx.generation(of: monitor)
    let pairs = try (plan.standing.draining.map(\.plan.pairs) + [plan.pairs]).map {
      try tx.progress(monitor: monitor, generation: $0) ?? EvaluationProgress()
    }
    let closed = newestEnd(through: drift.closedThrough)
    let final = newestEnd(through: pairs.map(\.maturedThrough).max() ?? .distantPast)
    let early = newestEnd(through: pairs.map(\.earlyMaturedThrough).max() ?? .distantPast)
    let decided: [CauseGroup: EventTime] = [
      .dataQuality: closed, .drift: closed, .concept: final, .performanceEarly: early, .performanceFinal: final,
    ]
    return try Decision(plan: plan, context: context)
      .fold(
        queued: acts.filter { waiting.contains($0.number) }, decided: decided,
        normals: NormalDesk(
          plan, drift, pairs: pairs.last ?? EvaluationProgress(), startsAt: current?.startsAt ?? .distantPast,
          pairsStartAt: current?.pairsStartAt ?? .distantPast), now: now, in: tx)
  }

  /// The newest end of a window, or of an hour of `shift`, by `time`.
  private func newestEnd(through time: EventTime) -> EventTime {
    guard time > .earliestWritable else { return time }
    return (plan.monitor.windows.map(\.every) + [.hours(1)]).map { time.floor(to: $0) }.max() ?? time
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

  /// What a round found in its snapshot.
  struct Round {
    var standing: GenerationStanding
    /// For drift, as its generation has come.
    var progress: EvaluationProgress
    /// For performance, as the pairs have come; where they began with the generation, both are stored as one.
    var pairs: EvaluationProgress
    var noData: Bool
    var consumedMarks: [Int64] = []
    var results: [ResultRecord] = []
    var verdicts: [Verdict] = []
    var isComplete = true
    var windows = 0
    /// nil where no check is on errors.
    var feeding: ErrorFeeding?
    /// For the first days of production: those that this round has changed.
    var references: [ReferenceRecord] = []
    /// Where panes have what they are summed from; nil where that is stored already.
    var referenceSources: [ReferenceSource]?
    /// For the checks on `shift` whose hours were taken.
    var shifts: [ShiftFeeding] = []

    /// Both in one.
    var shown: EvaluationProgress {
      var out = progress
      out.maturedThrough = pairs.maturedThrough
      out.earlyMaturedThrough = pairs.earlyMaturedThrough
      return out
    }
  }

  struct Work: Hashable {
    var window: Int
    var end: EventTime
  }

  struct MergeCache {
    var merges: WindowMerges
    var epoch: Int64
    /// Panes of drift with a mark.
    var marked: [EventTime] = []
  }

  /// Whether drift and performance go on under one name, and so at one pace.
  var isOne: Bool { draining == nil && plan.pairs == plan.generation }

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
    report.progress = round.shown
    report.windows = round.windows
    report.noData = round.noData
    report.isComplete = round.isComplete
    report.verdicts = round.verdicts
    report.results = round.results
    for shift in round.shifts {
      try tx.put(shiftStates: shift.records, monitor: monitor)
      report.shift += shift.spending
    }
    if !round.references.isEmpty { try tx.put(references: round.references, monitor: monitor) }
    if let sources = round.referenceSources, try tx.generation(of: monitor)?.generation == plan.generation {
      try ReferenceSource.store(sources, monitor: monitor, in: tx)
    }
    try tx.put(results: round.results)
    try lookAgain(at: round.results, in: tx)
    report.decisions = try Decision(plan: plan, context: context, recorded: recorded)
      .decide(round.verdicts, now: now, in: tx)
    if isOne {
      try tx.put(progress: round.shown, monitor: monitor, generation: plan.generation)
    } else {
      if draining == nil { try tx.put(progress: round.progress, monitor: monitor, generation: plan.generation) }
      if plan.performance != nil { try tx.put(progress: round.pairs, monitor: monitor, generation: plan.pairs) }
    }
    try tx.delete(dirtyMarks: round.consumedMarks)
    return report
  }

  /// Hours that have been thinned and now have a line again are thinned again.
  private func lookAgain(at results: [ResultRecord], in tx: any LedgerWriter) throws {
    let monitor = plan.monitor.name
    guard let oldest = results.map(\.end).min(), var thinning = try tx.thinning(of: monitor),
      oldest <= thinning.through
    else { return }
    thinning.through = ThinningRule.hour(of: oldest) - ThinningRule.hour
    try tx.put(thinning: thinning, monitor: monitor)
  }
}
