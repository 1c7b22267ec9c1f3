import Foundation
import LeewayCore
import LeewayDelivery
import LeewayWeb
import Logging

/// What the thread that judges does, and its state; made, used and dropped on it.
final class EvaluationThread {
  let loop: EvaluationLoop
  var setup: Setup
  private var revision: Int
  private var context: DecisionContext
  /// Monitors that were here and are no longer, whose incidents have to be resolved.
  private var removed: Set<String> = []
  private var withdrawalIsDue = true
  var ledger: any Ledger { loop.ledger }
  var metrics: ServiceMetrics { loop.metrics }
  var logger: Logger { loop.logger }
  /// Leases held, and until when.
  var leases: [String: (lease: EvaluationLease, until: SteadyTime)] = [:]
  private var paces: [String: EvaluationPace] = [:]
  /// Incidents that wait for a person, of the monitors whose lease is held, and when they were counted last.
  private var escalations: [String: (timers: EscalationTimers, counted: SteadyTime)] = [:]
  private let merges = WindowMerges()
  /// What all monitors have, as it was read last; nil where it could not be read.
  var fleet: Fleet?
  /// When ``fleet`` is read again between the steps of a backlog.
  var fleetDue = SteadyTime.now
  /// What monitors had when an evaluator found nothing to do, by monitor.
  var rests: [String: Rest] = [:]
  /// What is shown of monitors, as far as it has to be read for each.
  var shown: [String: Shown] = [:]
  /// Where the ledger has put the plans, by monitor; those that another instance has gone on from are not here.
  var placed: [String: MonitorPlan] = [:]
  var refreshDue: [String: SteadyTime] = [:]
  /// Before this what all monitors share is not looked at again.
  var sharedDue: SteadyTime?
  /// How far event time had come when it was last looked at: what it holds while every partition is idle.
  private var reached: [String: Watermarks] = [:]
  /// Why a monitor could not be judged when it was last tried, and when that was last logged.
  private var failures: [String: (text: String, logged: SteadyTime)] = [:]
  private var reclaimDue: SteadyTime
  /// How far the clock was off when that was last said; nil: it was believed.
  var toldJump: TimeSpan?

  static let leaseTime = TimeSpan.seconds(30)
  /// What pages and gauges show of a monitor that stands still is at most this old.
  static let refreshEvery = TimeSpan.seconds(5)
  private static let reclaimEvery = TimeSpan.minutes(1)
  /// For a monitor at a time; what is left waits for the next round, and evaluation has not to wait for it.
  private static let reclaimTime = Duration.seconds(5)
  /// How long one monitor's backlog is judged before the others have their turn, and what is due in each round.
  private let turn: Duration

  var every: TimeSpan { setup.configuration.evaluation.every }

  init(_ loop: EvaluationLoop, turn: Duration = .seconds(5)) {
    self.loop = loop
    self.turn = turn
    revision = loop.live.revision
    setup = loop.live.current
    context = setup.decisions()
    reclaimDue = .now + Self.reclaimEvery
    for plan in setup.plans { restoreMetrics(plan) }
    refreshWhatIsDue()
  }

  /// nil: another instance has begun a newer generation, which is for it to judge.
  func place(_ plan: MonitorPlan) throws -> MonitorPlan? {
    let found = try ledger.read { try Generations.placed(plan, in: $0, reading: loop.superseded.read) }
    placed[plan.monitor.name] = found
    return found
  }

  /// A turn for every monitor, and what is due besides.
  ///
  /// - Returns: whether some monitor has more to judge at once.
  func round(_ stop: StopFlag) -> Bool {
    noteClock()
    follow()
    withdraw()
    look()
    showWhatIsDue()
    var isBehind = false
    for plan in setup.plans where !stop.isRaised && !isAtRest(plan) {
      let end = ContinuousClock.now + turn
      if evaluate(plan, until: { stop.isRaised || ContinuousClock.now >= end }) { isBehind = true }
    }
    if SteadyTime.now >= reclaimDue {
      var isLeft = false
      for name in setup.plans.map(\.monitor.name) {
        guard let lease = leases[name]?.lease, let plan = placed[name] else { continue }
        fold(plan, lease)
        if reclaim(plan, lease, stop) { isLeft = true }
        loop.state.recordHeartbeat(of: .evaluation, now: .now)
      }
      reclaimDue = isLeft ? .now : .now + Self.reclaimEvery
    }
    return isBehind
  }

  /// What the intake committed last is judged, then others may go on. A long backlog is left to them, or to the next start:
  /// nothing is lost by that, and there is a time to end in.
  func finish() {
    let end = ContinuousClock.now + .milliseconds(setup.configuration.limits.shutdownTime.milliseconds / 4)
    for plan in setup.plans {
      if ContinuousClock.now < end { _ = evaluate(plan) { ContinuousClock.now >= end } }
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
    // Checks and receivers may be others, and what generations are made of.
    rests = [:]
    shown = [:]
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
          loop.isSingleInstance || removed.contains(monitor)
        }
      }
      withdrawalIsDue = false
      removed = []
      for step in steps {
        if setup.plans.contains(where: { $0.monitor.name == step.monitor }) {
          metrics.count(transition: step.transition, monitor: step.monitor)
        }
        logger.log(step)
      }
    } catch {
      logger.warning("incidents without a check cannot be resolved now: \(error)")
    }
  }

  /// Judges what can be judged, step by step; at least one step.
  ///
  /// - Returns: whether it was over before all was judged.
  private func evaluate(_ setupPlan: MonitorPlan, until isOver: () -> Bool) -> Bool {
    let monitor = setupPlan.monitor.name
    var pace = paces[monitor] ?? EvaluationPace()
    defer { paces[monitor] = pace }
    var moved = false
    var isLeft = false
    do {
      rests[monitor] = nil
      var standing = fleet?.standing(of: monitor)
      guard let plan = try place(setupPlan) else {
        try letGo(of: monitor)
        if let standing { rests[monitor] = Rest(standing, whose: .otherGeneration) }
        return false
      }
      while let lease = try lease(monitor) {
        // A long backfill is many steps, and none of them a stall.
        loop.state.recordHeartbeat(of: .evaluation, now: .now)
        refreshWhatIsDue()
        standing = fleet?.standing(of: monitor)
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
        } else if !report.decisions.transitions.isEmpty {
          // People act between windows.
          moved = true
          publish(report, plan)
        }
        isLeft = !report.isComplete
        if !moved, report.isComplete, let standing {
          rests[monitor] = Rest(standing, whose: .mine(lease, watermarks))
        }
        if report.isComplete || isOver() { break }
      }
      if leases[monitor] == nil, let standing { rests[monitor] = Rest(standing, whose: .otherInstance) }
      try escalate(plan)
      if !moved, escalations[monitor]?.timers.waits ?? false { rests[monitor] = nil }
      if moved || refreshDue[monitor].map({ SteadyTime.now >= $0 }) ?? true { try refresh(plan) }
      note(nil, of: monitor)
    } catch is LeaseLost {
      // Another instance goes on; nothing was written.
      leases[monitor] = nil
      rests[monitor] = nil
      pace.lost()
      isLeft = false
    } catch {
      rests[monitor] = nil
      note("monitor \(monitor) cannot be judged: \(error)", of: monitor)
      isLeft = false
    }
    return isLeft
  }

  /// Hands incidents on that no person acknowledges, and reminds of them.
  private func escalate(_ plan: MonitorPlan) throws {
    let monitor = plan.monitor.name
    guard plan.monitor.hasTimers, let lease = leases[monitor]?.lease else {
      escalations[monitor] = nil
      return
    }
    let now = SteadyTime.now
    var (timers, counted) = escalations[monitor] ?? (EscalationTimers(monitor: monitor), now)
    defer { escalations[monitor] = (timers, counted) }
    // Longer than a lease lasts there was another holder, or no process at all.
    let elapsed = min(TimeSpan.milliseconds(counted.duration(to: now).milliseconds), Self.leaseTime)
    let outcome = try timers.tick(
      elapsed, plan: plan, context: context, ledger: ledger, lease: lease, now: WallClock.now())
    counted = now
    for (incidents, what) in [
      (outcome.handedOn, "it goes to further receivers"), (outcome.reminded, "those who heard of it are reminded"),
    ] {
      for incident in incidents {
        logger.notice(
          "no person has acknowledged \(incident); \(what)",
          metadata: ["monitor": "\(monitor)", "incident": "\(incident)"])
      }
    }
  }

  /// How far event time has come. While all partitions are idle it stands where it was, whatever has been judged by then.
  private func watermarks(of plan: MonitorPlan) throws -> Watermarks {
    let monitor = plan.monitor.name
    let (partitions, time) = try ledger.read { (try $0.partitions(of: monitor), try $0.now()) }
    return watermarks(of: plan, partitions.filter { plan.reads($0.key, as: $0.role) }, at: time)
  }

  func watermarks(of plan: MonitorPlan, _ partitions: [PartitionRecord], at time: EventTime) -> Watermarks {
    let found = Watermarks(partitions: partitions, now: time, reached: reached[plan.monitor.name])
    reached[plan.monitor.name] = found
    return found
  }

  /// A monitor that cannot be judged makes the instance unready until it can, whatever becomes of the others.
  private func note(_ failure: String?, of monitor: String) {
    let now = SteadyTime.now
    if let failure, failures[monitor]?.text != failure || now >= (failures[monitor]?.logged ?? now) + .minutes(1) {
      logger.error("\(failure)", metadata: .of(monitor: monitor))
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

  /// Adds up what earlier writers left, so that a window reads one row where many lives have each left one.
  private func fold(_ plan: MonitorPlan, _ lease: EvaluationLease) {
    do {
      let fold = Fold(plan: plan, deadAfter: EvaluationLoop.deadAfter)
      let report = try fold.step(ledger, lease: lease)
      if report.rows > 0 { merges.forget(monitor: plan.monitor.name) }
      for writer in report.retired {
        logger.notice(
          "writer \(writer) sent no heartbeat for \(EvaluationLoop.deadAfter); marked dead",
          metadata: .of(monitor: plan.monitor.name))
      }
    } catch is LeaseLost {
      leases[plan.monitor.name] = nil
    } catch {
      // Some rows may have been handed over.
      merges.forget(monitor: plan.monitor.name)
      logger.warning(
        "folding rows of \(plan.monitor.name) failed and will be tried again: \(error)",
        metadata: .of(monitor: plan.monitor.name))
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
      logger.warning(
        "reclaiming rows of \(plan.monitor.name) failed and will be tried again: \(error)",
        metadata: .of(monitor: plan.monitor.name))
    }
    return false
  }
}
