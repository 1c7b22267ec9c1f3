import LeewayStatistics
import LeewayTestSupport

@testable import LeewayCore

/// What checks measure from the first days of production, worked out from the rows themselves: no panes that are taken round by
/// round, no sums that are kept, no keys.
struct NaiveReferences {
  /// The rows of one pane by slice.
  typealias Day = (pane: EventTime, slices: [NameKey: [SimulatedWorld.Prediction]])

  /// What a generation had, for those after it that count alike.
  struct Earlier {
    let plan: MonitorPlan
    let drift: [Day]
    /// Of pairs that ended with the generation; those that go on are the next one's.
    let performance: [Stage: [Day]]

    func counts(_ subject: String, as other: MonitorPlan) -> Bool {
      let domains = [plan, other].map { $0.drift.subjects.first { $0.name == subject }?.domain }
      return domains[0] == domains[1]
        && (subject != "amount" || plan.monitor.features[0].range == other.monitor.features[0].range)
    }

    func countsPerformance(as other: MonitorPlan) -> Bool {
      counts(plan.monitor.outputName, as: other) && plan.monitor.threshold == other.monitor.threshold
    }
  }

  struct Place: Hashable {
    let slice: NameKey
    let subject: String

    init(_ slice: String, _ subject: String) {
      self.slice = NameKey(slice)
      self.subject = subject
    }
  }

  let plan: MonitorPlan
  /// What this batch leaves out.
  var rule: BatchRule?

  /// Rows of a slice's first days, where these are over at the end of a window; else how long they have lasted.
  private func rows(
    _ slice: NameKey, _ span: TimeSpan, _ days: [Day], end: EventTime, settled: EventTime
  ) -> (rows: [SimulatedWorld.Prediction]?, reached: TimeSpan) {
    let pane = plan.monitor.pane
    let past = days.filter { $0.pane + pane <= settled }
    let first = past.first { rule == .firstDaysOfASlice || $0.slices[slice]?.isEmpty == false }
    guard let begins = first?.pane else { return (nil, .zero) }
    var ends = begins
    while ends < begins + span { ends = ends + pane }
    guard ends <= end, ends <= settled else {
      let reached = (end < ends ? end : settled.floor(to: pane)) - begins
      return (nil, max(.zero, min(reached, span)))
    }
    let last = rule == .frozenReferences ? end : ends
    return (past.filter { $0.pane >= begins && $0.pane < last }.flatMap { $0.slices[slice] ?? [] }, span)
  }

  private func why(_ reached: TimeSpan, _ span: TimeSpan) -> Shortfall {
    let day = 86_400_000.0
    return Shortfall(
      .reference,
      [
        ("days", .value(Double(reached.milliseconds) / day)), ("needed", .value(Double(span.milliseconds) / day)),
      ])
  }

  private func isOn(_ check: Check, _ slice: NameKey) -> Bool {
    if slice.name.hasSuffix("__other__") { return false }
    return switch check.slices {
    case .all: slice.name == "all"
    case .each: true
    case .listed(let names): names.contains(slice.name)
    }
  }

  private func isChange(_ check: Check) -> Bool {
    check.limits.contains {
      switch $0.limit {
      case .maximumDrop, .maximumRise: true
      default: false
      }
    }
  }

  // MARK: Drift

  func drift(
    _ window: WindowDefinition, _ end: EventTime, _ blocks: [NameKey: CellBlock], days: (String) -> [Day],
    final: EventTime,
    counted: ([SimulatedWorld.Prediction]) -> CellBlock
  ) -> (states: [DriftReferenceKey: Reference<DriftReference>], metrics: [Place: [(String, MetricValues)]]) {
    var states: [DriftReferenceKey: Reference<DriftReference>] = [:]
    var metrics: [Place: [(String, MetricValues)]] = [:]
    let checks = plan.monitor.checks.filter {
      guard case .first = $0.reference, $0.window == window.name else { return false }
      return $0.metric.family == .distance || ([.ratio, .level].contains($0.metric.family) && isChange($0))
    }
    guard !checks.isEmpty else { return ([:], [:]) }
    for (i, subject) in plan.drift.subjects.enumerated() {
      let days = days(subject.name)
      for (slice, block) in blocks {
        let asking = checks.filter {
          isOn($0, slice) && (subject.name == "amount" ? $0.on == .features(except: []) : $0.on == .output)
        }
        for check in asking {
          guard case .first(let span) = check.reference else { continue }
          let place = DriftReferenceKey(slice: slice, subject: i, span: span)
          if states[place] != nil { continue }
          let found = rows(slice, span, days, end: end, settled: final)
          guard let rows = found.rows else {
            states[place] = .learning(why(found.reached, span))
            continue
          }
          let side = BaselineSide(
            domain: subject.domain, cells: plan.drift.cells(of: subject, in: counted(rows)))
          let comparison = DriftComparison(
            domain: subject.domain, baseline: side,
            baselineDeviation: plan.baseline.subjects.first { $0.name == subject.name }?.standardDeviation,
            window: plan.drift.cells(of: subject, in: block))
          let isCompared = asking.contains { $0.metric.family == .distance && $0.reference == check.reference }
          let begins = days.first { $0.slices[slice]?.isEmpty == false }?.pane ?? end
          states[place] = .full(
            DriftReference(
              side: side, begins: begins, ends: begins + span, comparison: isCompared ? comparison : nil))
          if isCompared {
            metrics[Place(slice.name, subject.name), default: []].append(
              ("first \(span)", NaiveLines.distances(comparison.metrics)))
          }
        }
        metrics[Place(slice.name, subject.name)]?.sort { $0.0 < $1.0 }
      }
    }
    return (states, metrics)
  }

  // MARK: Performance

  func performance(
    _ window: WindowDefinition, _ end: EventTime, _ stage: Stage, _ slices: [NameKey], days: [Day], mature: EventTime,
    summary: ([SimulatedWorld.Prediction]) -> PerformanceSummary
  ) -> [PerformanceReferenceKey: Reference<PerformanceSummary>] {
    var states: [PerformanceReferenceKey: Reference<PerformanceSummary>] = [:]
    for check in plan.monitor.checks
    where check.window == window.name && check.on == .performance && check.metric.family == .performance
      && isChange(check)
    {
      guard case .first(let span) = check.reference else { continue }
      for slice in slices where isOn(check, slice) {
        let found = rows(slice, span, days, end: end, settled: mature)
        states[PerformanceReferenceKey(slice: slice, span: span)] =
          found.rows.map { .full(summary($0)) } ?? .learning(why(found.reached, span))
      }
    }
    return states
  }
}
