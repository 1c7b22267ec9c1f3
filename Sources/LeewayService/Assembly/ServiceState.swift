import LeewayCore
import LeewayLocks
import LeewayWeb

/// What the threads tell HTTP: immutable snapshots behind one lock, replaced per flush or evaluation.
final class ServiceState: Sendable {
  private struct Values {
    var views: [String: MonitorView] = [:]
    var assigned: Int?
    /// By who met it: that one of them can write does not mean that the other can.
    var ledgerFailures: [LedgerUser: String] = [:]
    var brokerFailure: String?
    /// Why the ledger has not given partitions that the group has.
    var claimFailure: String?
    /// Why this instance does no work: another one runs newer files.
    var outdated: String?
    var deadLetterFailure: String?
    var gaps: [String] = []
    /// Partitions that wait for a schema, and since when; nil: there is no registry.
    var schemaHolds: [(text: String, since: SteadyTime)]?
    var damage = LedgerDamage()
    var watch: StallWatch

    /// A registry may be away for a while: only what waits for long makes the service unready, and what waits is told at once.
    func schemasKnown(now: SteadyTime) -> [ReadinessCondition] {
      guard let schemaHolds else { return [] }
      let more = schemaHolds.count > 1 ? "; and \(schemaHolds.count - 1) more" : ""
      return [
        ReadinessCondition(
          name: "schemas_known", holds: !schemaHolds.contains { now > $0.since + watch.patience },
          detail: schemaHolds.first.map { $0.text + more } ?? "no partition waits for a schema")
      ]
    }
  }

  /// Threads that write to the ledger for themselves.
  enum LedgerUser { case intake, evaluation }

  private let values: Mutex<Values>

  /// - Parameter patience: for the watch over stalls.
  init(plans: [MonitorPlan], patience: TimeSpan, now: SteadyTime) {
    values = Mutex(Values(watch: StallWatch(patience: patience, now: now)))
    configure(plans, patience: patience)
  }

  /// Shows these monitors from now on. What is known of one that goes on in its generation stays.
  func configure(_ plans: [MonitorPlan], patience: TimeSpan) {
    values.withLock { values in
      values.watch.patience = patience
      let before = values.views
      values.views = [:]
      for plan in plans {
        var view = MonitorView(
          monitor: plan.monitor, baseline: plan.baseline.identity, baselineRows: plan.baseline.rows,
          estimates: plan.baseline.estimation != nil)
        view.baselinePerformance = plan.baseline.performance?.metrics ?? [:]
        if let known = before[plan.monitor.name], known.generation?.definition == plan.definition {
          view = known
          view.monitor = plan.monitor
        }
        values.views[plan.monitor.name] = view
      }
    }
  }

  var monitors: [MonitorView] {
    values.withLock { $0.views.values.sorted { utf8Order($0.monitor.name, $1.monitor.name) } }
  }

  func update(_ monitor: String, _ change: (inout MonitorView) -> Void) {
    values.withLock { values in
      guard var view = values.views[monitor] else { return }
      change(&view)
      values.views[monitor] = view
    }
  }

  func set(assigned partitions: Int, now: SteadyTime) {
    values.withLock { values in
      values.assigned = partitions
      if partitions > 0 { values.watch.expectFlushes(now: now) } else { values.watch.expectNone() }
    }
  }
  /// nil: the last call succeeded.
  func set(ledgerFailure: String?, of user: LedgerUser = .intake) {
    values.withLock { $0.ledgerFailures[user] = ledgerFailure }
  }
  func set(brokerFailure: String?) { values.withLock { $0.brokerFailure = brokerFailure } }
  func set(claimFailure: String?) { values.withLock { $0.claimFailure = claimFailure } }
  func set(outdated: String?) { values.withLock { $0.outdated = outdated } }

  func set(deadLetterFailure: String?) { values.withLock { $0.deadLetterFailure = deadLetterFailure } }
  /// Partitions that are not read until somebody decides about what the broker no longer has.
  func set(gaps: [String]) { values.withLock { $0.gaps = gaps } }

  /// Partitions that wait for a schema, the one that has waited longest first.
  func set(schemaHolds: [(text: String, since: SteadyTime)]) { values.withLock { $0.schemaHolds = schemaHolds } }

  /// What a look through the ledger's pages has come to.
  func set(look: LedgerLook, at now: EventTime) { values.withLock { $0.damage.looked(look, at: now) } }

  /// A call to the ledger could not read what is stored.
  ///
  /// - Returns: whether it is to be logged: it is other than the last one, or that was a minute ago.
  func met(damage: String, now: SteadyTime) -> Bool { values.withLock { $0.damage.met(damage, now: now) } }

  /// When a call last met damage.
  var lastDamage: SteadyTime? { values.withLock { $0.damage.lastMet } }

  /// What was wrong with the partitions that are given back is another reader's to say.
  func leftGroup() {
    values.withLock { values in
      values.assigned = nil
      values.watch.expectNone()
      values.claimFailure = nil
      values.deadLetterFailure = nil
      values.gaps = []
      values.schemaHolds = values.schemaHolds.map { _ in [] }
    }
  }

  /// What a flush, failed or not, has left: see ``StallWatch/sawFlush(lag:advanced:now:)``.
  func flushed(lag: Int64, advanced: Bool, now: SteadyTime) {
    values.withLock { $0.watch.sawFlush(lag: lag, advanced: advanced, now: now) }
  }

  /// A thread says that it is there. Deliveries have one for each receiver.
  func recordHeartbeat(of part: ServicePart, _ thread: String = "", now: SteadyTime) {
    values.withLock { $0.watch.sawRound(of: part, thread, now: now) }
  }

  func ended(_ part: ServicePart, _ thread: String) { values.withLock { $0.watch.forget(part, thread) } }

  func stalledParts(now: SteadyTime) -> Set<ServicePart> {
    values.withLock { values in
      Set(ServicePart.allCases.filter { values.watch.stall(of: $0, now: now) != nil })
    }
  }

  func readiness(now: SteadyTime) -> [ReadinessCondition] {
    values.withLock { values in
      let ledgerFailure = values.ledgerFailures[.intake] ?? values.ledgerFailures[.evaluation]
      let stalls = ServicePart.allCases.compactMap { values.watch.stall(of: $0, now: now) }
      return [
        ReadinessCondition(
          name: "configured", holds: !values.views.isEmpty && values.outdated == nil,
          detail: values.outdated ?? (values.views.count == 1 ? "1 monitor" : "\(values.views.count) monitors")),
        ReadinessCondition(
          name: "ledger", holds: ledgerFailure == nil, detail: ledgerFailure ?? "the last commit stands"),
        ReadinessCondition(
          name: "partitions",
          holds: values.assigned != nil && values.brokerFailure == nil && values.claimFailure == nil,
          detail: values.brokerFailure ?? values.claimFailure ?? values.assigned.map { "\($0) partitions assigned" }
            ?? "the consumer group has not assigned partitions yet"),
        ReadinessCondition(
          name: "no_gap", holds: values.gaps.isEmpty,
          detail: values.gaps.first.map { values.gaps.count == 1 ? $0 : "\($0); and \(values.gaps.count - 1) more" }
            ?? "no offset is missing"),
      ] + values.schemasKnown(now: now) + [
        values.damage.condition(now: now),
        ReadinessCondition(
          name: "dead_letters", holds: values.deadLetterFailure == nil,
          detail: values.deadLetterFailure ?? "none is waiting"),
        ReadinessCondition(
          name: "no_stall", holds: stalls.isEmpty,
          detail: stalls.isEmpty ? values.watch.standing : stalls.joined(separator: "; ")),
      ]
    }
  }
}
