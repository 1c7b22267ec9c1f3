import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayLocks
import Logging

/// Superseded generations, made ready again from what the ledger has kept of them. Each is read once, and once more when the monitor's
/// checks change; any thread may ask.
final class SupersededPlans: Sendable {
  private let known = Mutex<[String: (now: Monitor, plan: MonitorPlan?)]>([:])
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  /// As `Generations.current` and `Generations.placed` take it.
  func read(
    _ record: GenerationRecord, _ now: Monitor, _ files: () throws -> GenerationFiles?
  ) throws -> MonitorPlan? {
    let key = "\(record.monitor)/\(record.generation)"
    if let known = known.withLock({ $0[key] }), known.now == now { return known.plan }
    let found = try files()
    let (plan, reason) = Self.plan(record, now, found)
    if let reason {
      logger.warning(
        "predictions of \(record.monitor) that wait under its baseline \(record.baseline) get no labels any more: \(reason)",
        metadata: .of(monitor: record.monitor))
    }
    if plan != nil, known.withLock({ $0[key] == nil }) {
      logger.info(
        "\(record.monitor): what waits under its baseline \(record.baseline) goes on taking labels and is judged by that",
        metadata: .of(monitor: record.monitor))
    }
    known.withLock { $0[key] = (now, plan) }
    return plan
  }

  private static func plan(
    _ record: GenerationRecord, _ now: Monitor, _ files: GenerationFiles?
  ) -> (plan: MonitorPlan?, reason: String?) {
    guard let files else { return (nil, "the ledger has no copy of its files") }
    let kept = KeptMonitorText(stored: files.monitor)
    // Copies of older releases have no values of their own.
    let environment = kept.values.isEmpty ? ProcessInfo.processInfo.environment : kept.values
    let file = MonitorFile(
      path: "the ledger's copy of \(record.monitor)", baseline: .none, environment: environment,
      content: Array(kept.text.utf8))
    guard let then = file.monitor else {
      return (nil, file.problems.first.map { "\($0)" } ?? "its monitor file cannot be read")
    }
    do {
      let baseline = try Baseline(decoding: files.baseline)
      let plan = try MonitorPlan(monitor: then.judged(as: now), baseline: baseline, source: files.monitor)
      guard plan.definition == record.definition else {
        return (nil, "its monitor file means something else by now; does it name a variable whose value has changed?")
      }
      return (plan, nil)
    } catch { return (nil, "\(error)") }
  }
}
