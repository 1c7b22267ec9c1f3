import Foundation
import LeewayConfiguration
import LeewayCore

/// What became of a replay's verdicts: how many of each tier, the incidents they made, and why checks judged nothing.
package struct VerdictTally: Sendable, Equatable {
  /// Verdicts of one check that could not be given, for one reason.
  struct Reason: Sendable, Equatable {
    var count: Int64 = 0
    var first: Shortfall
  }

  /// A check at one stage of performance.
  struct Key: Hashable {
    var check: String
    var stage: Stage
  }

  /// What gave a verdict.
  private(set) var judged: Set<Key> = []
  /// By why; of what gave none.
  private(set) var unjudged: [Key: [Shortfall.Reason: Reason]] = [:]
  private var tiers: [Tier: Int64] = [:]
  private var steps: [IncidentTransition.Kind: Int64] = [:]

  mutating func add(_ report: EvaluationReport) {
    for verdict in report.verdicts { add(verdict) }
    for transition in report.decisions.transitions { steps[transition.kind, default: 0] += 1 }
  }

  private mutating func add(_ verdict: Verdict) {
    tiers[verdict.tier, default: 0] += 1
    let key = Key(check: verdict.check, stage: verdict.stage)
    guard verdict.tier == .insufficientData else {
      judged.insert(key)
      unjudged[key] = nil
      return
    }
    guard !judged.contains(key), let why = verdict.why else { return }
    unjudged[key, default: [:]][why.reason, default: Reason(first: why)].count += 1
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
    // A reopened incident may be resolved more than once.
    for (kind, word) in [
      (IncidentTransition.Kind.reopened, "reopened"), (.resolved, "resolved"), (.flapping, "flapping"),
    ]
    where count(kind) > 0 { out += ", \(Thousands.text(count(kind))) \(word)" }
    if count(.retraining) > 0 {
      out += ", \(Thousands.text(count(.retraining))) retrain\(count(.retraining) == 1 ? "" : "s") asked for"
    }
    return out
  }

  private static let maximumChecks = 8

  /// Checks of the monitor that judged nothing, or nothing early, and why; nil where there are none. Who gives no labels need not
  /// hear of each check of labels, as long as others judge.
  func nothingJudged(_ monitor: Monitor, hasLabels: Bool) -> String? {
    let given = Set(judged.map(\.check))
    let silent = monitor.checks.filter { check in
      !given.contains(check.name) && (hasLabels || judged.isEmpty || !check.metric.isOfLabels)
    }
    var parts = silent.map { check in
      let reasons = Stage.allCases.compactMap { unjudged[Key(check: check.name, stage: $0)] }
      return "\(check.name): \(reasons.last.map(Self.words) ?? Self.silence(check, monitor, hasLabels))"
    }
    // Its final verdicts come after the whole horizon, and until then it looks as if nothing were wrong.
    let late = unjudged.filter { $0.key.stage == .early && given.contains($0.key.check) }
      .sorted { utf8Order($0.key.check, $1.key.check) }
    parts += late.map { "\($0.key.check) at stage early: \(Self.words($0.value))" }
    guard !parts.isEmpty else { return nil }
    let count = parts.count
    if count > Self.maximumChecks {
      parts[Self.maximumChecks...] = ["and \(count - Self.maximumChecks) checks more"]
    }
    let start =
      judged.isEmpty
      ? "nothing could be judged"
      : silent.isEmpty
        ? "\(late.count) of \(monitor.checks.count) checks judged nothing early"
        : "\(silent.count) of \(monitor.checks.count) checks judged nothing"
    return "\(start); " + parts.joined(separator: "; ")
  }

  /// For a check without any verdict.
  private static func silence(_ check: Check, _ monitor: Monitor, _ hasLabels: Bool) -> String {
    if check.metric.family == .shift, ShiftFeed(check) != .errors {
      return "no whole hour after the first message ended, which is at its end + lateness (\(monitor.lateness))"
    }
    if case .comparison = check.on, let pair = monitor.comparison {
      return "no closed window of \(check.window) has rows of both \(pair.champion) and \(pair.challenger), by "
        + "\(monitor.predictions.version?.description ?? "version")"
    }
    guard check.metric.isOfLabels || ShiftFeed(check) == .errors, let labels = monitor.labels else {
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
    return sorted.map { _, reason in
      let first = reason.count > 1 ? "the first: " : ""
      let text = reason.first.numbersText
      let numbers = text.isEmpty ? "" : " (\(first)\(text))"
      return "\(Thousands.text(reason.count)) × \(phrase(reason.first))\(numbers)"
    }.joined(separator: ", ")
  }

  private static func phrase(_ why: Shortfall) -> String {
    switch why.reason {
    case .rows: "too few rows"
    case .coverage: "too few labels came"
    case .generation: "the window is not all of one generation"
    // A full one whose own days could not be judged stays as it is.
    case .reference where why.numbers.contains { $0.name == "ks" }:
      "the labels of the reference's days are no fair sample"
    case .reference where why.numbers.contains { $0.name == "coverage" }: "too few labels came in the reference's days"
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
