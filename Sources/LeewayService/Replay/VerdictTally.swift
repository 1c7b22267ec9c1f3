import Foundation
import LeewayCore

/// What became of a replay's verdicts: how many of each tier, the incidents they made, and why checks judged nothing.
package struct VerdictTally: Sendable, Equatable {
  /// Verdicts of one check that could not be given, for one reason.
  struct Reason: Sendable, Equatable {
    var count: Int64 = 0
    /// For the first: `rows 133, needed 200`.
    var numbers = ""
  }

  /// Checks that gave a verdict.
  private(set) var judged: Set<String> = []
  /// By check, then by why.
  private(set) var unjudged: [String: [Shortfall.Reason: Reason]] = [:]
  private var tiers: [Tier: Int64] = [:]
  private var steps: [IncidentTransition.Kind: Int64] = [:]

  mutating func add(_ report: EvaluationReport) {
    for verdict in report.verdicts { add(verdict) }
    for transition in report.decisions.transitions { steps[transition.kind, default: 0] += 1 }
  }

  private mutating func add(_ verdict: Verdict) {
    tiers[verdict.tier, default: 0] += 1
    guard verdict.tier == .insufficientData else {
      judged.insert(verdict.check)
      unjudged[verdict.check] = nil
      return
    }
    guard !judged.contains(verdict.check), let why = verdict.why else { return }
    var reason = unjudged[verdict.check, default: [:]][why.reason] ?? Reason()
    if reason.count == 0 { reason.numbers = why.numbersText }
    reason.count += 1
    unjudged[verdict.check, default: [:]][why.reason] = reason
  }

  /// `1,234 verdicts: 1,100 ok, 12 warning, 122 insufficient_data; 2 incidents opened, 1 resolved, 1 retrain asked for`
  package var sentence: String {
    let total = tiers.values.reduce(0, +)
    let parts = Tier.allCases.filter { $0 != .insufficientData } + [.insufficientData]
    let counts = parts.compactMap { tier in tiers[tier].map { "\(Thousands.text($0)) \(tier.name)" } }
    func count(_ kind: IncidentTransition.Kind) -> Int64 { steps[kind] ?? 0 }
    let opened = count(.opened)
    var out = "\(Thousands.text(total)) verdict\(total == 1 ? "" : "s")"
    if !counts.isEmpty { out += ": \(counts.joined(separator: ", "))" }
    out += "; \(Thousands.text(opened)) incident\(opened == 1 ? "" : "s") opened"
    if count(.resolved) > 0 { out += ", \(Thousands.text(count(.resolved))) resolved" }
    if count(.retraining) > 0 {
      out += ", \(Thousands.text(count(.retraining))) retrain\(count(.retraining) == 1 ? "" : "s") asked for"
    }
    return out
  }

  private static let maximumChecks = 8

  /// Checks of the monitor that judged nothing, and why; nil where there are none. Who gives no labels need not hear of each check
  /// of labels, as long as others judge.
  func nothingJudged(_ monitor: Monitor, hasLabels: Bool) -> String? {
    let silent = monitor.checks.filter { check in
      !judged.contains(check.name) && (hasLabels || judged.isEmpty || !check.metric.isOfLabels)
    }
    guard !silent.isEmpty else { return nil }
    var parts = silent.prefix(Self.maximumChecks).map { check in
      "\(check.name): \(unjudged[check.name].map(Self.words) ?? Self.silence(check, monitor, hasLabels))"
    }
    if silent.count > parts.count { parts.append("and \(silent.count - parts.count) checks more") }
    let start =
      judged.isEmpty
      ? "nothing could be judged" : "\(silent.count) of \(monitor.checks.count) checks judged nothing"
    return "\(start); " + parts.joined(separator: "; ")
  }

  /// For a check without any verdict.
  private static func silence(_ check: Check, _ monitor: Monitor, _ hasLabels: Bool) -> String {
    if check.metric.family == .shift {
      return "no whole hour after the first message ended, which is at its end + lateness (\(monitor.lateness))"
    }
    guard check.metric.isOfLabels, let labels = monitor.labels else {
      return "no window of \(check.window) closed, which is at its end + lateness (\(monitor.lateness))"
    }
    return hasLabels
      ? "no window's labels were due, which is at its end + horizon (\(labels.horizon)) + lateness (\(monitor.lateness)) of "
        + "labels' time" : "it needs labels; give --labels"
  }

  private static func words(_ reasons: [Shortfall.Reason: Reason]) -> String {
    let sorted = reasons.sorted {
      $0.value.count != $1.value.count ? $0.value.count > $1.value.count : $0.key.rawValue < $1.key.rawValue
    }
    return sorted.map { why, reason in
      let first = reason.count > 1 ? "the first: " : ""
      let numbers = reason.numbers.isEmpty ? "" : " (\(first)\(reason.numbers))"
      return "\(Thousands.text(reason.count)) × \(phrase(why))\(numbers)"
    }.joined(separator: ", ")
  }

  private static func phrase(_ why: Shortfall.Reason) -> String {
    switch why {
    case .rows: "too few rows"
    case .coverage: "too few labels came"
    case .generation: "the window is not all of one generation"
    case .reference: "the reference is not full yet"
    case .noise: "the limit is below twice the noise"
    case .outlying: "too many values far outside the baseline"
    case .learning: "still learning what is usual"
    case .undefined: "the metric is not defined for these rows"
    case .labelsDue: "the labels are not due"
    case .biasedLabels: "the labels are no fair sample"
    case .noBaseline: "no baseline for this"
    }
  }
}

extension Shortfall {
  /// `rows 133, needed 200`
  fileprivate var numbersText: String {
    numbers.map { name, number in
      switch number {
      case .count(let count): "\(name) \(count)"
      case .value(let value): "\(name) \(String(format: "%.4g", value))"
      case .time(let time): "\(name) \(time)"
      }
    }.joined(separator: ", ")
  }
}
