import LeewayCore
import Synchronization

/// What the threads tell HTTP: immutable snapshots behind one lock, replaced per flush or evaluation.
final class ServiceState: Sendable {
  private struct Values {
    var views: [String: MonitorView] = [:]
    var assigned: Int?
    var ledgerFailure: String?
    var brokerFailure: String?
    var lag: Int64 = 0
    var lastProgress: EventTime
  }

  private let values: Mutex<Values>
  /// Lag that does not shrink for this long is a stall.
  private let patience: TimeSpan = .minutes(5)

  init(views: [MonitorView], now: EventTime) {
    values = Mutex(
      Values(views: Dictionary(uniqueKeysWithValues: views.map { ($0.monitor.name, $0) }), lastProgress: now))
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

  /// - Parameter partitions: nil before the group has answered.
  func set(assigned partitions: Int?) { values.withLock { $0.assigned = partitions } }
  func set(ledgerFailure: String?) { values.withLock { $0.ledgerFailure = ledgerFailure } }
  func set(brokerFailure: String?) { values.withLock { $0.brokerFailure = brokerFailure } }

  /// A flush committed something, or there was nothing to do.
  func flushed(lag: Int64, moved: Bool, now: EventTime) {
    values.withLock { values in
      values.lag = lag
      if moved || lag == 0 { values.lastProgress = now }
    }
  }

  func readiness(now: EventTime) -> [ReadinessCondition] {
    values.withLock { values in
      let stalled = values.lag > 0 && now > values.lastProgress + patience
      return [
        ReadinessCondition(name: "configured", holds: !values.views.isEmpty, detail: "\(values.views.count) monitors"),
        ReadinessCondition(
          name: "ledger", holds: values.ledgerFailure == nil, detail: values.ledgerFailure ?? "the last commit stands"),
        ReadinessCondition(
          name: "partitions", holds: values.assigned != nil && values.brokerFailure == nil,
          detail: values.brokerFailure ?? values.assigned.map { "\($0) partitions assigned" }
            ?? "the consumer group has not assigned partitions yet"),
        ReadinessCondition(
          name: "no_stall", holds: !stalled,
          detail: stalled
            ? "\(values.lag) messages behind and no progress for \(patience); look at the log for what holds the flush"
            : "\(values.lag) messages behind"),
      ]
    }
  }
}
