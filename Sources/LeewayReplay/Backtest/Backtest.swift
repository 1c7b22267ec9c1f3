package import LeewayCore

/// A monitor's alert policy over history, and over the same history with changes in it: the service's own pipeline, several times.
package struct Backtest {
  /// Changes that are injected, each in a run of its own.
  package static let mostInjections = 16

  private let monitor: Monitor
  private let baseline: Baseline
  private let predictions: [String]
  private let labels: [String]
  private let asOf: EventTime?
  private let threads: Int?
  private let messageBytes: Int
  private let injections: [Injection]
  private let wish: ShiftBudget?
  private let progress: (String, Double?, Int64) -> Void

  /// - Parameters:
  ///   - monitor: over files.
  ///   - injections: at most `mostInjections`.
  ///   - wish: how many alarms a check's tier may give, for a suggestion; its tier means nothing.
  package init(
    monitor: Monitor, baseline: Baseline, predictions: [String], labels: [String], asOf: EventTime? = nil,
    threads: Int? = nil, messageBytes: Int = DecodeLimits().messageBytes, injections: [Injection] = [],
    wish: ShiftBudget? = nil, progress: @escaping (String, Double?, Int64) -> Void = { _, _, _ in }
  ) {
    precondition(injections.count <= Self.mostInjections, "refused where they are read")
    self.monitor = monitor
    self.baseline = baseline
    self.predictions = predictions
    self.labels = labels
    self.asOf = asOf
    self.threads = threads
    self.messageBytes = messageBytes
    self.injections = injections
    self.wish = wish
    self.progress = progress
  }

  /// Runs the policy once as it is, its tiers beside stricter and looser ones once, and those with each change.
  ///
  /// - Parameter isWholeProcess: a signal that ends the process leaves nothing on disk.
  /// - Throws: `BaselineMismatch`, and what reading files and the scratch ledger throws.
  package func run(isWholeProcess: Bool = false) throws -> BacktestReport {
    let interruption = isWholeProcess ? Interruption() : nil
    let (policy, summary) = try judge(monitor, "as it is", interruption)
    let variants = PolicyVariants.all(monitor)
    let clean = try judge(variants, [], "other limits", interruption)
    var report = BacktestReport(
      monitor: monitor, baseline: baseline.identity, summary: summary, from: policy.firstEnd, to: policy.lastEnd,
      alarms: policy.alarms, transitions: policy.transitions, judged: policy.judged, wish: wish)
    var detections: [[BacktestReport.Detection?]] = variants.map { _ in [] }
    for injection in injections {
      let injected = try judge(variants, [injection], injection.text, interruption)
      for place in variants.indices {
        detections[place].append(
          detection(variants[place], injection, clean: clean[place], injected: injected[place]))
      }
    }
    report.injections = injections
    report.rows = variants.indices.map { place in
      let variant = variants[place]
      let alarms = clean[place].alarms.filter { $0.check == variant.check.name }
      return BacktestReport.Row(
        check: variant.original, tier: variant.tier, rule: variant.rule, isCurrent: variant.isCurrent,
        isJudged: clean[place].judged[variant.check.name] != nil, alarms: alarms.count,
        budgetHours: variant.check.budgets.first?.hours, firing: clean[place].firingShare(of: variant.check.name),
        detections: detections[place])
    }
    return report
  }

  /// One log for each variant; variants of one run share it.
  private func judge(
    _ variants: [PolicyVariant], _ injections: [Injection], _ what: String, _ interruption: Interruption?
  ) throws -> [AlarmLog] {
    var logs: [AlarmLog] = []
    for part in PolicyVariants.runs(variants) {
      var changed = monitor
      changed.checks = part.map(\.check)
      changed.injections = injections
      let log = try judge(changed, what, interruption).log
      logs += part.map { _ in log }
    }
    return logs
  }

  private func judge(
    _ monitor: Monitor, _ what: String, _ interruption: Interruption?
  ) throws -> (log: AlarmLog, summary: Replay.Summary) {
    var log = AlarmLog()
    let replay = Replay(
      plan: try MonitorPlan(monitor: monitor, baseline: baseline), predictions: predictions, labels: labels, asOf: asOf,
      threads: threads, messageBytes: messageBytes
    ) { progress("\(what): \($0)", $1, $2) }
    let summary = try replay.judge(interruption) { log.add($0) }
    return (log, summary)
  }

  /// The first that a tier says in the changed history and not in the history as it is.
  private func detection(
    _ variant: PolicyVariant, _ injection: Injection, clean: AlarmLog, injected: AlarmLog
  ) -> BacktestReport.Detection? {
    let found = injected.firstBeyond(clean, from: injection.from).filter { $0.key.check == variant.check.name }
    // The first, and of several at once the one that was changed.
    let first = found.min { a, b in
      if a.end != b.end { return a.end < b.end }
      let ours = [a, b].map { utf8Equal($0.key.subject.name, injection.subject) }
      if ours[0] != ours[1] { return ours[0] }
      return (a.key.slice.name, a.key.subject.name) < (b.key.slice.name, b.key.subject.name)
    }
    guard let first else { return nil }
    return BacktestReport.Detection(
      end: first.end, due: first.end + wait(variant.check, first.key.stage), slice: first.key.slice.name,
      subject: first.key.subject.name)
  }

  /// From a window's end to its verdict, in event time.
  private func wait(_ check: Check, _ stage: Stage) -> TimeSpan {
    guard check.metric.isOfLabels, let labels = monitor.labels else { return monitor.lateness }
    return (stage == .early ? labels.early ?? labels.horizon : labels.horizon) + monitor.lateness
  }
}
