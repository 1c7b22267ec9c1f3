import LeewayCore

/// The series that come from one monitor's result lines: the newest line of every (window, slice, subject), the
/// capped choice of what is exported, and its text.
///
/// The text is made when an evaluation hands its lines over, so that a scrape copies bytes.
struct ResultSeries {
  private struct Key: Hashable {
    var window: String
    var slice: String
    var subject: String
  }

  private var drift: [Key: MetricsUpdate.Line] = [:]
  private var performance: [Key: MetricsUpdate.Line] = [:]
  private var comparisons: [Key: MetricsUpdate.Comparison] = [:]
  private var checks: [String: (end: EventTime, tier: Tier)] = [:]

  /// Samples of each family, ready to be copied.
  private(set) var rendered: [MetricFamily: [UInt8]] = [:]
  /// Series that the last update left out.
  private(set) var dropped: Int64 = 0

  /// The worst tier of every check that has given a verdict.
  var tiers: [(check: String, tier: Tier)] {
    checks.map { ($0.key, $0.value.tier) }.sorted { precedes($0.check, $1.check) }
  }

  mutating func apply(_ update: MetricsUpdate) {
    Self.merge(update.drift, into: &drift)
    Self.merge(update.performance, into: &performance)
    merge(update.comparisons)
    for verdict in update.verdicts {
      if let known = checks[verdict.check], known.end > verdict.end { continue }
      let sameEnd = checks[verdict.check].flatMap { $0.end == verdict.end ? $0.tier : nil }
      checks[verdict.check] = (verdict.end, max(sameEnd ?? .insufficientData, verdict.tier))
    }
    render(monitor: update.monitor, limit: update.maximumSeries)
  }

  /// Newer lines replace older ones. A slice or subject that has had no line for a whole window is forgotten, so that
  /// a retired version does not stay on the dashboard with its last values.
  private static func merge(_ lines: [MetricsUpdate.Line], into kept: inout [Key: MetricsUpdate.Line]) {
    for line in lines {
      let key = Key(window: line.window, slice: line.slice, subject: line.subject)
      if let known = kept[key], known.end > line.end { continue }
      kept[key] = line
    }
    var newest: [String: EventTime] = [:]
    for line in kept.values { newest[line.window] = max(newest[line.window] ?? line.end, line.end) }
    kept = kept.filter { key, line in
      guard let end = newest[key.window] else { return false }
      return line.end > end - line.size
    }
  }

  /// The same of comparisons; those of outputs and of performance come at different times.
  private mutating func merge(_ lines: [MetricsUpdate.Comparison]) {
    for line in lines {
      let key = Key(window: line.window, slice: line.slice, subject: line.subject)
      if let known = comparisons[key], known.end > line.end { continue }
      comparisons[key] = line
    }
    var newest: [[String]: EventTime] = [:]
    for line in comparisons.values {
      let place = [line.window, line.subject]
      newest[place] = max(newest[place] ?? line.end, line.end)
    }
    // Where the challenger is gone altogether, windows go on without a comparison of outputs.
    for line in drift.values {
      let place = [line.window, line.subject]
      newest[place] = newest[place].map { max($0, line.end) }
    }
    comparisons = comparisons.filter { key, line in
      newest[[key.window, key.subject]].map { line.end > $0 - line.size } ?? false
    }
  }

  /// A sample with the key by which its family is ordered.
  private struct Sample {
    var labels: [String]
    var value: Double
  }

  private static func isBefore(_ a: Key, _ b: Key) -> Bool {
    if (a.slice == "all") != (b.slice == "all") { return a.slice == "all" }
    return precedes([a.slice, a.window, a.subject], [b.slice, b.window, b.subject])
  }

  private mutating func render(monitor: String, limit: Int) {
    var samples: [MetricFamily: [Sample]] = [:]
    var room = max(0, limit)
    dropped = 0
    func add(_ family: MetricFamily, _ labels: [String], _ value: Double) {
      guard room > 0 else {
        dropped += 1
        return
      }
      room -= 1
      samples[family, default: []].append(Sample(labels: [monitor] + labels, value: value))
    }
    // Slice `all` first, then by name: what is left out depends on the lines alone, never on their order of arrival.
    let windows = Set(
      (Array(drift.keys) + performance.keys).map { Key(window: $0.window, slice: $0.slice, subject: "") })
    let subjects = Dictionary(grouping: drift.keys) { Key(window: $0.window, slice: $0.slice, subject: "") }
    for place in windows.sorted(by: Self.isBefore) {
      let labels = [place.window, place.slice]
      let keys = (subjects[place] ?? []).sorted { precedes($0.subject, $1.subject) }
      if let rows = keys.compactMap({ drift[$0]?.rows }).max() { add(.windowRows, labels, Double(rows)) }
      if let line = performance[place] {
        if let coverage = line.coverage { add(.labelCoverage, labels, coverage) }
        for metric in line.metrics { add(.performance, labels + [metric.name], metric.value) }
      }
      for key in keys {
        for metric in drift[key]?.metrics ?? [] { add(.drift, labels + [key.subject, metric.name], metric.value) }
      }
    }
    for (key, comparison) in comparisons.sorted(by: { Self.isBefore($0.key, $1.key) }) {
      for one in comparison.values { add(.comparison, [key.window, key.slice, one.metric, one.statistic], one.value) }
    }
    rendered = [:]
    for (family, members) in samples {
      var text = Exposition(capacity: members.count * 100)
      for sample in members.sorted(by: { precedes($0.labels, $1.labels) }) {
        text.sample(
          family.rawValue, labels: zip(family.labelNames, sample.labels).map { (name: $0, value: $1) }, sample.value)
      }
      rendered[family] = text.bytes
    }
  }
}
