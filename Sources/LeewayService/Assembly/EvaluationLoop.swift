import Foundation
import LeewayCore
import LeewayDelivery
import Logging
import ServiceLifecycle

/// Judges every monitor on a thread of its own, round after round, under a lease in the ledger.
struct EvaluationLoop: Service {
  let live: LiveSetup
  /// Whether no other instance can use this ledger.
  let isAlone: Bool
  let ledger: any Ledger
  let superseded: SupersededPlans
  let metrics: ServiceMetrics
  let state: ServiceState
  /// Names this process among the holders of leases: `HOST/PROCESS/` and what is its own.
  let holder: String
  let logger: Logger

  /// A writer that has not been heard of for so long is taken for dead, and what it left is folded up.
  static let deadAfter = TimeSpan.minutes(2)

  func run() async throws {
    try await withDedicatedThread("leeway-evaluate") { stop in
      let thread = EvaluationThread(self)
      while !stop.isRaised {
        state.madeRound(of: .evaluation, now: .now)
        thread.round(stop)
        WallClock.pause(milliseconds: Int(thread.every.milliseconds), unless: stop)
      }
      thread.finish()
    }
  }
}

/// The state of the evaluation thread; made, used and dropped on it.
private final class EvaluationThread {
  private let loop: EvaluationLoop
  private var setup: Setup
  private var revision: Int
  private var context: DecisionContext
  /// Monitors that were here and are no longer, whose incidents have to be resolved.
  private var removed: Set<String> = []
  private var withdrawalIsDue = true
  private var ledger: any Ledger { loop.ledger }
  private var metrics: ServiceMetrics { loop.metrics }
  private var logger: Logger { loop.logger }
  /// Leases held, and until when.
  private var leases: [String: (lease: EvaluationLease, until: SteadyTime)] = [:]
  private var paces: [String: EvaluationPace] = [:]
  private let merges = WindowMerges()
  /// Where the ledger has put the plans, by monitor; those that another instance has gone on from are not here.
  private var placed: [String: MonitorPlan] = [:]
  private var refreshDue: [String: SteadyTime] = [:]
  /// How far event time had come when it was last looked at: what it holds while every partition is idle.
  private var reached: [String: Watermarks] = [:]
  /// Why a monitor could not be judged when it was last tried, and when that was last logged.
  private var failures: [String: (text: String, logged: SteadyTime)] = [:]
  private var reclaimDue: SteadyTime

  private static let leaseTime = TimeSpan.seconds(30)
  /// What pages and gauges show of a monitor that stands still is at most this old.
  private static let refreshEvery = TimeSpan.seconds(5)
  private static let reclaimEvery = TimeSpan.minutes(1)
  /// Of a monitor at a time; what is left waits for the next round, and evaluation has not to wait for it.
  private static let reclaimTime = Duration.seconds(5)

  var every: TimeSpan { setup.configuration.evaluation.every }

  init(_ loop: EvaluationLoop) {
    self.loop = loop
    revision = loop.live.revision
    setup = loop.live.current
    context = setup.decisions()
    reclaimDue = .now + Self.reclaimEvery
    for plan in setup.plans { restoreMetrics(plan) }
    refreshWhatIsDue()
  }

  /// nil: another instance has begun a newer generation, which is for it to judge.
  private func place(_ plan: MonitorPlan) throws -> MonitorPlan? {
    let found = try ledger.read { try Generations.placed(plan, in: $0, reading: loop.superseded.read) }
    placed[plan.monitor.name] = found
    return found
  }

  func round(_ stop: StopFlag) {
    follow()
    withdraw()
    for plan in setup.plans where !stop.isRaised { evaluate(plan) { stop.isRaised } }
    if SteadyTime.now >= reclaimDue {
      var isLeft = false
      for name in setup.plans.map(\.monitor.name) {
        guard let lease = leases[name]?.lease, let plan = placed[name] else { continue }
        fold(plan, lease)
        if reclaim(plan, lease, stop) { isLeft = true }
        loop.state.madeRound(of: .evaluation, now: .now)
      }
      reclaimDue = isLeft ? .now : .now + Self.reclaimEvery
    }
  }

  /// What the intake committed last is judged, then others may go on. A long backlog is left to them, or to the next start:
  /// nothing is lost by that, and there is a time to end in.
  func finish() {
    let end = ContinuousClock.now + .milliseconds(setup.configuration.limits.shutdownTime.milliseconds / 4)
    for plan in setup.plans {
      if ContinuousClock.now < end { evaluate(plan) { ContinuousClock.now >= end } }
      try? ledger.write { try $0.release(lease: EvaluationLease.name(monitor: plan.monitor.name), holder: loop.holder) }
    }
  }

  /// Goes on with what a reload has put in force.
  private func follow() {
    let now = loop.live.revision
    guard now != revision else { return }
    revision = now
    let before = setup
    setup = loop.live.current
    context = setup.decisions()
    let change = SetupChange(from: before, to: setup)
    for name in change.removed {
      try? ledger.write { try $0.release(lease: EvaluationLease.name(monitor: name), holder: loop.holder) }
      leases[name] = nil
      refreshDue[name] = nil
      failures[name] = nil
      placed[name] = nil
      reached[name] = nil
      merges.forget(monitor: name)
      paces[name] = nil
      metrics.forget(monitor: name)
    }
    removed.formUnion(change.removed)
    removed.subtract(setup.plans.map(\.monitor.name))
    withdrawalIsDue = true
    loop.state.configure(setup.plans, patience: setup.configuration.limits.stallAfter)
    metrics.announce(setup.plans.map(\.monitor), receivers: setup.receivers.map(\.name))
    let isOtherLimit = before.configuration.limits.maximumSeries != setup.configuration.limits.maximumSeries
    for plan in setup.plans where isOtherLimit || !change.unchanged.contains(plan.monitor.name) {
      refreshDue[plan.monitor.name] = nil
      restoreMetrics(plan)
    }
  }

  /// Resolves what no verdict can resolve any more. Tried again in the next round if the ledger fails.
  private func withdraw() {
    guard withdrawalIsDue else { return }
    do {
      let steps = try ledger.write { tx in
        try Withdrawal.apply(plans: setup.plans, context: context, now: WallClock.now(), in: tx) { monitor in
          loop.isAlone || removed.contains(monitor)
        }
      }
      withdrawalIsDue = false
      removed = []
      for step in steps {
        if setup.plans.contains(where: { $0.monitor.name == step.monitor }) {
          metrics.count(transition: step.transition, monitor: step.monitor)
        }
        logger.notice("incident \(step.incident) is resolved, since nothing can judge it any more")
      }
    } catch {
      logger.warning("incidents without a check cannot be resolved now: \(error)")
    }
  }

  /// Judges all that can be judged, step by step; at least one step.
  private func evaluate(_ setupPlan: MonitorPlan, until isOver: () -> Bool) {
    let monitor = setupPlan.monitor.name
    var pace = paces[monitor] ?? EvaluationPace()
    defer { paces[monitor] = pace }
    var moved = false
    do {
      guard let plan = try place(setupPlan) else { return try letGo(of: monitor) }
      while let lease = try lease(monitor) {
        // A long backfill is many steps, and none of them a stall.
        loop.state.madeRound(of: .evaluation, now: .now)
        refreshWhatIsDue()
        let watermarks = try watermarks(of: plan)
        let started = ContinuousClock.now
        let evaluator = Evaluator(plan: plan, context: context, maximumWindows: pace.windows)
        let report = try evaluator.evaluate(
          ledger, lease: lease, now: WallClock.now(), watermarks: watermarks, merges: merges)
        let time = started.duration(to: .now)
        pace.took(
          time, windows: report.windows, lines: report.results.count,
          lease: .milliseconds(Self.leaseTime.milliseconds))
        if report.progress != nil {
          moved = true
          metrics.evaluated(seconds: time / .seconds(1), monitor: monitor)
          publish(report, plan)
        }
        if report.isComplete || isOver() { break }
      }
      if moved || refreshDue[monitor].map({ SteadyTime.now >= $0 }) ?? true { try refresh(plan) }
      note(nil, of: monitor)
    } catch is LeaseLost {
      // Another instance goes on; nothing was written.
      leases[monitor] = nil
      pace.lost()
    } catch {
      note("monitor \(monitor) cannot be judged: \(error)", of: monitor)
    }
  }

  /// How far event time has come. While all partitions are idle it stands where it was, whatever has been judged by then.
  private func watermarks(of plan: MonitorPlan) throws -> Watermarks {
    let monitor = plan.monitor.name
    let (partitions, time) = try ledger.read { (try $0.partitions(of: monitor), try $0.now()) }
    return watermarks(of: plan, partitions.filter { plan.reads($0.key, as: $0.role) }, at: time)
  }

  private func watermarks(of plan: MonitorPlan, _ partitions: [PartitionRecord], at time: EventTime) -> Watermarks {
    let found = Watermarks(partitions: partitions, now: time, reached: reached[plan.monitor.name])
    reached[plan.monitor.name] = found
    return found
  }

  /// A monitor that cannot be judged makes the instance unready until it can, whatever becomes of the others.
  private func note(_ failure: String?, of monitor: String) {
    let now = SteadyTime.now
    if let failure, failures[monitor]?.text != failure || now >= (failures[monitor]?.logged ?? now) + .minutes(1) {
      logger.error("\(failure)")
      failures[monitor] = (failure, now)
    } else if failure == nil {
      failures[monitor] = nil
    }
    let first = failures.min { utf8Order($0.key, $1.key) }
    loop.state.set(ledgerFailure: first?.value.text, of: .evaluation)
  }

  private func letGo(of monitor: String) throws {
    guard leases.removeValue(forKey: monitor) != nil else { return }
    try ledger.write { try $0.release(lease: EvaluationLease.name(monitor: monitor), holder: loop.holder) }
  }

  /// The monitor's lease, renewed when half of it is over; nil while another instance holds it.
  private func lease(_ monitor: String) throws -> EvaluationLease? {
    let now = SteadyTime.now
    if let held = leases[monitor], now + Self.leaseTime < held.until + .seconds(15) { return held.lease }
    let name = EvaluationLease.name(monitor: monitor)
    let until = now + Self.leaseTime
    let epoch = try ledger.write { try $0.acquire(lease: name, holder: loop.holder, lasting: Self.leaseTime) }
    leases[monitor] = epoch.map { (EvaluationLease(name: name, epoch: $0), until) }
    return leases[monitor]?.lease
  }

  private func publish(_ report: EvaluationReport, _ plan: MonitorPlan) {
    let monitor = plan.monitor.name
    show(MetricsUpdate(monitor: monitor, records: report.results))
    for transition in report.decisions.transitions {
      metrics.count(transition: transition.transition, monitor: monitor)
      let held = transition.held.map { "; retrain held: \($0)" } ?? ""
      logger.info(
        "incident \(transition.incident) \(transition.transition) at \(transition.tier.name): \(transition.checks.joined(separator: ", ")) on \(transition.subjects.joined(separator: ", "))\(held)"
      )
    }
    for (detector, changes) in report.changes { metrics.count(changes: changes, of: detector, monitor: monitor) }
    if report.lateErrors > 0 { metrics.count(lateErrors: report.lateErrors, monitor: monitor) }
    for _ in 0..<report.decisions.retrainsRequested { metrics.count(retrain: "requested", monitor: monitor) }
    for _ in 0..<report.decisions.retrainsHeld { metrics.count(retrain: "held", monitor: monitor) }
  }

  /// Between the steps of a backlog, too, which may take minutes: what is shown of no monitor waits for them.
  private func refreshWhatIsDue() {
    for plan in setup.plans where refreshDue[plan.monitor.name].map({ SteadyTime.now >= $0 }) ?? true {
      do { try refresh(try placed[plan.monitor.name] ?? place(plan) ?? plan) } catch {
        // Due again when the monitor is judged, which tells of what fails.
        refreshDue[plan.monitor.name] = nil
      }
    }
  }

  /// What the API and the gauges show of a monitor.
  private func refresh(_ plan: MonitorPlan) throws {
    let monitor = plan.monitor.name
    let now = WallClock.now()
    refreshDue[monitor] = .now + Self.refreshEvery
    let (time, generation, partitions, progress, incidents, backlog, dead, writers) = try ledger.read {
      reader in
      (
        try reader.now(), try reader.generation(of: monitor),
        try reader.partitions(of: monitor).filter { plan.reads($0.key, as: $0.role) },
        try reader.progress(of: plan),
        try reader.incidents(IncidentQuery(open: true, limit: 1000)), try reader.outboxBacklog(),
        try reader.deliveries(state: .dead, limit: ServiceMetrics.deadLimit),
        try reader.writers()
      )
    }
    let versions = try versions(of: plan)
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
    metrics.set(incidents: incidents)
    metrics.set(outbox: backlog, now: now)
    metrics.set(dead: dead, receivers: setup.receivers.map(\.name))
    metrics.set(ready: loop.state.readiness(now: .now).allSatisfy(\.holds))
    loop.state.update(monitor) { view in
      view.generation = generation
      view.partitions = partitions
      view.progress = progress
      view.watermark = predictions
      view.labelWatermark = labels
      if let versions { view.versions = versions }
    }
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
  private func restoreMetrics(_ plan: MonitorPlan) {
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

  /// Adds up what earlier writers left, so that a window reads one row where many lives have each left one.
  private func fold(_ plan: MonitorPlan, _ lease: EvaluationLease) {
    do {
      let fold = Fold(plan: plan, deadAfter: EvaluationLoop.deadAfter)
      let report = try fold.step(ledger, lease: lease)
      if report.rows > 0 { merges.forget(monitor: plan.monitor.name) }
      for writer in report.retired { logger.notice("writer \(writer) is silent and taken for dead") }
    } catch is LeaseLost {
      leases[plan.monitor.name] = nil
    } catch {
      // Some rows may have been handed over.
      merges.forget(monitor: plan.monitor.name)
      logger.warning("folding rows of \(plan.monitor.name) failed and will be tried again: \(error)")
    }
  }

  /// Removes what nothing can need any more, in small transactions, between which flushes get their turn.
  ///
  /// - Returns: whether some is left.
  private func reclaim(_ plan: MonitorPlan, _ lease: EvaluationLease, _ stop: StopFlag) -> Bool {
    let end = ContinuousClock.now + Self.reclaimTime
    let limits = setup.configuration.limits
    let reclaim = Reclaim(
      plan: plan, results: limits.resultsKept, wholeResults: limits.resultsWhole, deliveries: limits.deliveriesKept)
    do {
      while !stop.isRaised {
        let report = try reclaim.step(ledger, lease: lease, now: WallClock.now())
        if report.orphanedLabels > 0 {
          loop.metrics.count(labels: report.orphanedLabels, .orphaned, monitor: plan.monitor.name)
        }
        if report.isComplete { return false }
        if ContinuousClock.now >= end { return true }
      }
    } catch is LeaseLost {
      leases[plan.monitor.name] = nil
    } catch {
      logger.warning("reclaiming rows of \(plan.monitor.name) failed and will be tried again: \(error)")
    }
    return false
  }
}
