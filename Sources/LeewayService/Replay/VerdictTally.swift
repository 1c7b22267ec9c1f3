import LeewayCore

/// What became of the verdicts of a replay: which checks judged anything, and why the others did not.
struct VerdictTally: Sendable, Equatable {
  /// Verdicts of one check that could not be given.
  struct Reason: Sendable, Equatable {
    var count: Int64 = 0
    /// Of the first: `rows 133, needed 200`.
    var numbers = ""
  }

  /// Checks that gave a verdict.
  private(set) var judged: Set<String> = []
  /// Of checks that have given none so far, by the `why` of their lines.
  private(set) var unjudged: [String: [String: Reason]] = [:]

  mutating func add(_ record: ResultRecord) {
    guard record.type == .verdict, !judged.contains(record.check),
      let root = (try? JSONValue(parsing: Array(record.line.utf8))).map(JSONReader.init)
    else { return }
    guard (try? root.member("tier").string()) == Tier.insufficientData.name else {
      judged.insert(record.check)
      unjudged[record.check] = nil
      return
    }
    let why = (try? root.member("why").string()) ?? "unknown"
    var reason = unjudged[record.check, default: [:]][why] ?? Reason()
    if reason.count == 0 { reason.numbers = Self.numbers(root) }
    reason.count += 1
    unjudged[record.check, default: [:]][why] = reason
  }

  private static func numbers(_ root: JSONReader) -> String {
    guard let numbers = try? root.member("why_numbers"), let members = try? numbers.members() else { return "" }
    return members.map { name, reader in
      let text = reader.value.map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) } ?? ""
      return "\(name) \(text.filter { $0 != "\"" })"
    }.joined(separator: ", ")
  }

  private static let maximumChecks = 8

  /// Why no check of the monitor judged anything; nil where one did, or where there are none.
  func nothingJudged(_ monitor: Monitor, hasLabels: Bool) -> String? {
    guard judged.isEmpty, !monitor.checks.isEmpty else { return nil }
    var parts = monitor.checks.prefix(Self.maximumChecks).map { check in
      "\(check.name): \(unjudged[check.name].map(Self.words) ?? Self.silence(check, monitor, hasLabels))"
    }
    if monitor.checks.count > parts.count { parts.append("and \(monitor.checks.count - parts.count) checks more") }
    return "nothing could be judged; " + parts.joined(separator: "; ")
  }

  /// Of a check without any verdict.
  private static func silence(_ check: Check, _ monitor: Monitor, _ hasLabels: Bool) -> String {
    guard check.metric.isOfLabels, let labels = monitor.labels else {
      return "no window of \(check.window) closed, which is at its end + lateness (\(monitor.lateness))"
    }
    return hasLabels
      ? "no window's labels were due, which is at its end + horizon (\(labels.horizon)) + lateness (\(monitor.lateness)) of "
        + "labels' time" : "it needs labels; give --labels"
  }

  private static func words(_ reasons: [String: Reason]) -> String {
    let sorted = reasons.sorted { $0.value.count != $1.value.count ? $0.value.count > $1.value.count : $0.key < $1.key }
    return sorted.map { why, reason in
      let numbers = reason.numbers.isEmpty ? "" : " (\(reason.numbers))"
      return "\(Thousands.text(reason.count)) × \(phrase(why))\(numbers)"
    }.joined(separator: ", ")
  }

  private static func phrase(_ why: String) -> String {
    switch Shortfall.Reason(rawValue: why) {
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
    case nil: why
    }
  }
}
