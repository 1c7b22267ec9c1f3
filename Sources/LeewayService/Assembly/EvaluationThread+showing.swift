import LeewayCore
import LeewayDelivery
import LeewayWeb
import Logging

/// What pages and gauges show of what was judged.
extension EvaluationThread {
  func publish(_ report: EvaluationReport, _ plan: MonitorPlan) {
    let monitor = plan.monitor.name
    show(MetricsUpdate(monitor: monitor, records: report.results))
    for transition in report.decisions.transitions {
      metrics.count(transition: transition.transition, monitor: monitor)
      logger.log(transition)
    }
    for (detector, changes) in report.changes { metrics.count(changes: changes, of: detector, monitor: monitor) }
    for spending in report.shift { metrics.count(spending, monitor: monitor) }
    if report.lateErrors > 0 { metrics.count(lateErrors: report.lateErrors, monitor: monitor) }
    for _ in 0..<report.decisions.retrainsRequested { metrics.count(retrain: "requested", monitor: monitor) }
    for _ in 0..<report.decisions.retrainsHeld { metrics.count(retrain: "held", monitor: monitor) }
  }

  /// Between the steps of a backlog, too, which may take minutes: what is shown of no monitor waits for them.
  func refreshWhatIsDue() {
    guard SteadyTime.now >= fleetDue else { return }
    look()
    showWhatIsDue()
  }

  /// What is shown of every monitor of which it is old, by what was read of all.
  func showWhatIsDue() {
    let now = SteadyTime.now
    for plan in setup.plans where refreshDue[plan.monitor.name].map({ now >= $0 }) ?? true {
      if show(plan) { continue }
      do { try refresh(try placed[plan.monitor.name] ?? place(plan) ?? plan) } catch {
        // Due again when the monitor is judged, which tells of what fails.
        refreshDue[plan.monitor.name] = nil
      }
    }
    // Left out after the last monitor that was looked at; what fails here fails for the next one, too.
    try? refreshWhatAllShare()
  }

  /// Shows of a monitor what has been read of all; false where something else may have changed, too.
  private func show(_ setupPlan: MonitorPlan) -> Bool {
    let monitor = setupPlan.monitor.name
    let plan = placed[monitor] ?? setupPlan
    guard let fleet, let known = shown[monitor] else { return false }
    let standing = fleet.standing(of: monitor)
    guard known.generations == standing.generations, known.progress == standing.progress(of: plan) else { return false }
    refreshDue[monitor] = .now + Self.refreshEvery
    let partitions = standing.partitions.filter { plan.reads($0.key, as: $0.role) }
    let (predictions, labels) = show(partitions, of: plan, writers: fleet.writers, at: fleet.now)
    loop.state.update(monitor) { view in
      view.partitions = partitions
      view.watermark = predictions
      view.labelWatermark = labels
    }
    return true
  }

  /// - Returns: how far predictions and labels have come.
  private func show(
    _ partitions: [PartitionRecord], of plan: MonitorPlan, writers: [WriterRecord], at time: EventTime
  ) -> (predictions: EventTime?, labels: EventTime?) {
    let monitor = plan.monitor.name
    // By the ledger's clock, as windows are closed.
    let watermarks = watermarks(of: plan, partitions, at: time)
    let (predictions, labels) = (known(watermarks.predictions), known(watermarks.labels))
    metrics.set(watermark: predictions, monitor: monitor, stream: .predictions)
    metrics.set(watermark: labels, monitor: monitor, stream: .labels)
    let living = writers.filter(\.alive)
    metrics.set(instances: Set(living.map(\.instance)).count)
    let mine = Set(living.filter { $0.instance == .ofThisProcess }.map(\.id))
    metrics.set(
      partitions: partitions.filter { $0.owner.map(mine.contains) ?? false }, of: monitor,
      limit: setup.configuration.limits.maximumSeries)
    return (predictions, labels)
  }

  /// What the API and the gauges show of a monitor.
  func refresh(_ plan: MonitorPlan) throws {
    let monitor = plan.monitor.name
    refreshDue[monitor] = .now + Self.refreshEvery
    shown[monitor] = nil
    let (time, generation, partitions, progress, writers) = try ledger.read { reader in
      (
        try reader.now(), try reader.generation(of: monitor),
        try reader.partitions(of: monitor).filter { plan.reads($0.key, as: $0.role) },
        try reader.progress(of: plan), try reader.writers()
      )
    }
    let versions = try versions(of: plan)
    let (predictions, labels) = show(partitions, of: plan, writers: writers, at: time)
    try refreshWhatAllShare()
    loop.state.update(monitor) { view in
      view.generation = generation
      view.partitions = partitions
      view.draining = plan.standing.draining.map { MonitorView.Draining($0) }
      view.progress = progress
      view.watermark = predictions
      view.labelWatermark = labels
      if let versions { view.versions = versions }
    }
    // What was read before says no more than what is shown now.
    shown[monitor] = (fleet?.standing(of: monitor)).map { Shown(generations: $0.generations, progress: progress) }
  }

  /// What the gauges show of the service and not of one monitor. It takes a tenth of the thread's time at most: after each of a
  /// thousand monitors it would take all of it, and after each of a few it takes nothing.
  private func refreshWhatAllShare() throws {
    let start = SteadyTime.now
    guard start >= sharedDue ?? start else { return }
    let (incidents, backlog, dead, silences, time) = try ledger.read { reader in
      (
        try reader.incidents(IncidentQuery(open: true, limit: 1000)), try reader.outboxBacklog(),
        try reader.deliveries(state: .dead, limit: ServiceMetrics.deadLimit),
        try reader.silences([.active, .pending], limit: SilenceActs.mostAtOnce), try reader.wallTime()
      )
    }
    metrics.set(incidents: incidents)
    metrics.set(outbox: backlog, now: WallClock.now())
    metrics.set(dead: dead, receivers: setup.receivers.map(\.name))
    let counts = Dictionary(grouping: silences) { $0.state(at: time) }.mapValues(\.count)
    metrics.set(silences: [.active: 0, .pending: 0].merging(counts) { $1 })
    metrics.set(ready: loop.state.readiness(now: .now).allSatisfy(\.holds))
    let end = SteadyTime.now
    sharedDue = end + (end - start) * 9
  }

  private func known(_ time: EventTime) -> EventTime? { time == .distantPast ? nil : time }

  /// Versions that the newest performance lines have; nil where these lines are damaged, which keeps nothing else back.
  private func versions(of plan: MonitorPlan) throws -> [String]? {
    let latest: [ResultRecord]
    do {
      latest = try ledger.read {
        try $0.latestResults(monitor: plan.monitor.name, generation: plan.pairs, type: .performance)
      }
    } catch let error as LedgerError where error.isDamage { return nil }
    let prefix = Slice.version + "="
    let newest = latest.map(\.end).max()
    let found = latest.filter { $0.end == newest && $0.slice.hasPrefix(prefix) }
    return Set(found.map { String($0.slice.dropFirst(prefix.count)) }).sorted(by: utf8Order)
  }

  /// After a restart gauges show what was found before it.
  func restoreMetrics(_ plan: MonitorPlan) {
    let monitor = plan.monitor.name
    let records = try? ledger.read { reader -> [ResultRecord] in
      guard let current = try reader.generation(of: monitor), current.definition == plan.definition else { return [] }
      var found: [ResultRecord] = []
      for type in [ResultType.drift, .performance, .comparison, .verdict] {
        found += try reader.latestResults(of: current, type: type)
      }
      return found
    }
    // What a check or window that is no longer there said stays in the ledger.
    let mine = (records ?? []).filter { record in
      record.type == .verdict
        ? plan.monitor.checks.contains { $0.name == record.check }
        : plan.monitor.windows.contains { $0.name == record.window }
    }
    metrics.export(SeriesPlan(plan, limit: setup.configuration.limits.maximumSeries))
    show(MetricsUpdate(monitor: monitor, records: mine))
  }

  private func show(_ update: MetricsUpdate) {
    if let leftOut = metrics.apply(update) { logger.warning("\(leftOut)") }
  }
}

extension MonitorView.Draining {
  init(_ pairs: DrainingPairs) {
    let monitor = pairs.plan.monitor
    let wait = (monitor.labels?.horizon ?? .zero) + monitor.lateness
    self.init(
      generation: pairs.plan.generation, baseline: pairs.plan.baseline.identity, until: pairs.until,
      due: pairs.until + wait)
  }
}
