import Foundation
import LeewayCore
import Logging
import ServiceLifecycle

/// Judges every monitor on a thread of its own, round after round, under a lease in the ledger.
struct EvaluationLoop: Service {
  let plans: [MonitorPlan]
  let context: DecisionContext
  let configuration: ServiceConfiguration
  let ledger: any Ledger
  let metrics: ServiceMetrics
  let state: ServiceState
  /// Names this process among the holders of leases.
  let holder: String
  let logger: Logger

  private static let leaseTime = TimeSpan.seconds(30)

  func run() async throws {
    try await withDedicatedThread("leeway-evaluate") { stop in
      for plan in plans { restoreMetrics(plan) }
      var reclaimDue = WallClock.now() + .minutes(1)
      while !stop.isRaised {
        for plan in plans where !stop.isRaised { evaluate(plan, stop) }
        if WallClock.now() >= reclaimDue {
          for plan in plans { reclaim(plan) }
          reclaimDue = WallClock.now() + .minutes(1)
        }
        WallClock.pause(milliseconds: Int(configuration.evaluation.every.milliseconds), unless: stop)
      }
      // What the intake committed last is judged before the end.
      for plan in plans {
        evaluate(plan, StopFlag())
        try? ledger.write { try $0.release(lease: EvaluationLease.name(monitor: plan.monitor.name), holder: holder) }
      }
    }
  }

  private func evaluate(_ plan: MonitorPlan, _ stop: StopFlag) {
    let monitor = plan.monitor.name
    let evaluator = Evaluator(plan: plan, context: context)
    do {
      var rounds = 0
      while true {
        let now = WallClock.now()
        let name = EvaluationLease.name(monitor: monitor)
        guard
          let epoch = try ledger.write({
            try $0.acquire(lease: name, holder: holder, now: now, until: now + Self.leaseTime)
          })
        else { return }
        let started = ContinuousClock.now
        let report = try evaluator.evaluate(ledger, lease: EvaluationLease(name: name, epoch: epoch), now: now)
        rounds += 1
        if report.progress != nil {
          metrics.evaluated(seconds: started.duration(to: .now) / .seconds(1), monitor: monitor)
          publish(report, plan)
        }
        if report.isComplete || stop.isRaised { break }
      }
      try refresh(plan)
      state.set(ledgerFailure: nil)
    } catch is LeaseLost {
      // Another instance goes on; nothing was written.
    } catch let error as LedgerError {
      state.set(ledgerFailure: error.description)
      logger.warning("monitor \(monitor) cannot be judged now: \(error.description)")
    } catch {
      logger.error("monitor \(monitor) cannot be judged: \(error)")
    }
  }

  private func publish(_ report: EvaluationReport, _ plan: MonitorPlan) {
    let monitor = plan.monitor.name
    metrics.apply(
      MetricsUpdate(monitor: monitor, maximumSeries: configuration.limits.maximumSeries, records: report.results))
    for transition in report.transitions {
      metrics.count(transition: transition.transition, monitor: monitor)
      logger.info(
        "incident \(transition.incident) \(transition.transition) at \(transition.tier.name): \(transition.checks.joined(separator: ", ")) on \(transition.subjects.joined(separator: ", "))")
    }
  }

  /// What the API and the gauges show of a monitor.
  private func refresh(_ plan: MonitorPlan) throws {
    let monitor = plan.monitor.name
    let now = WallClock.now()
    let (generation, partitions, progress, incidents, backlog, retrains, latest) = try ledger.read { reader in
      let generation = try reader.generation(of: monitor)
      return (
        generation, try reader.partitions(of: monitor),
        try reader.progress(monitor: monitor, generation: plan.generation),
        try reader.incidents(IncidentQuery(open: true, limit: 1000)), try reader.outboxBacklog(),
        try reader.retrains(monitor: monitor, limit: 1),
        try reader.latestResults(monitor: monitor, generation: plan.generation, type: .drift)
      )
    }
    _ = retrains
    let watermarks = Watermarks(partitions: partitions, now: now)
    func known(_ time: EventTime, _ role: StreamRole) -> EventTime? {
      // While all are idle the watermark holds where it was: at the highest.
      let fallback = partitions.filter { $0.role == role }.map(\.watermark).min()
      let value = time == .distantPast ? fallback ?? time : time
      return value == .distantPast ? nil : value
    }
    let predictions = known(watermarks.predictions, .predictions)
    let labels = known(watermarks.labels, .labels)
    let prefix = Slice.version + "="
    let versions = Set(latest.map(\.slice).filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    metrics.set(watermark: predictions, monitor: monitor, stream: .predictions)
    metrics.set(watermark: labels, monitor: monitor, stream: .labels)
    metrics.set(incidents: incidents)
    metrics.set(outbox: backlog, now: now)
    metrics.set(ready: state.readiness(now: now).allSatisfy(\.holds))
    state.update(monitor) { view in
      view.generation = generation
      view.partitions = partitions
      view.progress = progress
      view.watermark = predictions
      view.labelWatermark = labels
      view.versions = versions.sorted(by: utf8Order)
    }
  }

  /// After a restart gauges show what was found before it.
  private func restoreMetrics(_ plan: MonitorPlan) {
    let records = try? ledger.read { reader in
      try [ResultType.drift, .performance, .verdict].flatMap {
        try reader.latestResults(monitor: plan.monitor.name, generation: plan.generation, type: $0)
      }
    }
    metrics.apply(
      MetricsUpdate(
        monitor: plan.monitor.name, maximumSeries: configuration.limits.maximumSeries, records: records ?? []))
  }

  /// Removes, in bounded steps, what no window, label or check can need any more.
  private func reclaim(_ plan: MonitorPlan) {
    let monitor = plan.monitor
    guard let progress = try? ledger.read({ try $0.progress(monitor: monitor.name, generation: plan.generation) }),
      let largest = monitor.windows.map(\.size).max()
    else { return }
    func step(_ before: EventTime, _ body: (any LedgerWriter, EventTime) throws -> Int) {
      guard before > .earliestWritable else { return }
      var removed = 0
      do {
        repeat { removed = try ledger.write { try body($0, before) } } while removed == 5000
      } catch {
        logger.warning("reclaiming rows of \(monitor.name) failed and will be tried again: \(error)")
      }
    }
    // Twice the window, so that pages can still draw the newest one.
    step(progress.closedThrough - largest * 2) {
      try $0.reclaimPanes(.drift, monitor: monitor.name, generation: plan.generation, before: $1, limit: 5000)
    }
    guard monitor.labels != nil else { return }
    step(progress.maturedThrough - largest * 2) {
      try $0.reclaimPanes(.performance, monitor: monitor.name, generation: plan.generation, before: $1, limit: 5000)
    }
    let partitions = (try? ledger.read { try $0.partitions(of: monitor.name) }) ?? []
    let least = partitions.map(\.watermark).min() ?? .distantPast
    guard least > .distantPast else { return }
    step(least - monitor.lateness) {
      try $0.reclaimWaiting(monitor: monitor.name, generation: plan.generation, before: $1, limit: 5000)
    }
  }
}
