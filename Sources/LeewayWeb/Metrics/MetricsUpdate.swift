package import LeewayCore

/// What one evaluation found, as far as Prometheus shows it.
package struct MetricsUpdate: Sendable {
  /// One drift or performance line's numbers.
  package struct Line: Sendable {
    package var window: String
    /// The window's length.
    package var size: TimeSpan
    package var end: EventTime
    package var slice: String
    /// Empty for performance.
    package var subject: String
    /// For performance; drift has only `final`.
    package var stage: Stage
    /// Drift: messages.
    package var rows: Int64?
    /// Performance: share of predictions with a label.
    package var coverage: Double?
    /// Those that are defined, ascending by name.
    package var metrics: [(name: String, value: Double)]
  }

  /// One comparison line's numbers.
  package struct Comparison: Sendable {
    package var window: String
    /// The window's length.
    package var size: TimeSpan
    package var slice: String
    /// The output's name, or `performance`.
    package var subject: String
    package var end: EventTime
    /// Those that are defined, ascending by metric, then statistic: `distance` of scores, and of each performance metric
    /// `champion`, `challenger`, `difference`, `lower`, `upper` and `p_value`.
    package var values: [(metric: String, statistic: String, value: Double)]
  }

  package struct Verdict: Sendable {
    package struct Key: Hashable, Sendable {
      package var check: String
      package var stage: Stage
    }

    package var key: Key
    package var end: EventTime
    package var tier: Tier
    /// For `shift`, which gives a verdict only where something is new: slice, subject and line key of what it is of.
    package var part: [String]?
  }

  package var monitor: String
  package var drift: [Line] = []
  package var performance: [Line] = []
  package var comparisons: [Comparison] = []
  package var verdicts: [Verdict] = []

  /// Reads result lines, in any order; of several lines of one (window, slice, subject) the newest counts. Incident
  /// lines, and lines that are not what a result line is, are passed over.
  package init(monitor: String, records: some Sequence<ResultRecord>) {
    self.monitor = monitor
    for record in records where record.monitor == monitor {
      switch record.type {
      case .incident, .shift: continue
      case .comparison:
        if let comparison = Self.comparison(of: record) { comparisons.append(comparison) }
      case .verdict:
        guard let root = Self.document(record), let tier = Self.tier(of: root) else { continue }
        let isOfShift =
          record.metric == Metric.shift.name || record.metric == LeewayCore.Verdict.feedMetric
        verdicts.append(
          Verdict(
            key: .init(check: record.check, stage: Self.stage(of: root)), end: record.end, tier: tier,
            part: isOfShift ? [record.slice, record.subject, record.metric] : nil))
      case .drift, .performance:
        guard let line = Self.line(of: record) else { continue }
        if record.type == .drift { drift.append(line) } else { performance.append(line) }
      }
    }
  }

  private static func document(_ record: ResultRecord) -> JSONReader? {
    (try? JSONValue(parsing: Array(record.line.utf8))).map(JSONReader.init)
  }

  /// The tier that was given, which `for` may have held back: that of the line, not the raw one.
  private static func tier(of line: JSONReader) -> Tier? {
    (try? line.member("tier").string()).flatMap(Tier.init(name:))
  }

  /// Lines without a stage are final.
  private static func stage(of line: JSONReader) -> Stage {
    (try? line.member("stage").string()).flatMap(Stage.init(rawValue:)) ?? .final
  }

  private static func comparison(of record: ResultRecord) -> Comparison? {
    guard let root = document(record) else { return nil }
    var values: [(metric: String, statistic: String, value: Double)] = []
    for (metric, reader) in (try? root.member("metrics").members()) ?? [] {
      if let value = reader.value?.double { values.append((metric, "distance", value)) }
    }
    for (metric, reader) in (try? root.member("differences").members()) ?? [] {
      for (statistic, reader) in (try? reader.members()) ?? [] {
        if let value = reader.value?.double { values.append((metric, statistic, value)) }
      }
    }
    return Comparison(
      window: record.window, size: TimeSpan(milliseconds: record.size), slice: record.slice, subject: record.subject,
      end: record.end,
      values: values.sorted { precedes([$0.metric, $0.statistic], [$1.metric, $1.statistic]) })
  }

  private static func line(of record: ResultRecord) -> Line? {
    guard let root = document(record), let members = try? root.member("metrics").members() else { return nil }
    let metrics = members.compactMap { key, reader in reader.value?.double.map { (name: key, value: $0) } }
    return Line(
      window: record.window, size: TimeSpan(milliseconds: record.size), end: record.end, slice: record.slice,
      subject: record.type == .drift ? record.subject : "", stage: stage(of: root),
      rows: try? root.member("rows").integer(),
      coverage: try? root.member("coverage").double(),
      metrics: metrics.sorted { precedes($0.name, $1.name) })
  }
}
