import LeewayConfiguration
package import LeewayCore

/// The series that come from one monitor's result lines: the newest line of every (window, slice, subject), the
/// planned choice of what is exported, and its text.
///
/// The text is made when an evaluation hands its lines over, so that a scrape copies bytes.
struct ResultSeries {
  private struct Key: Hashable {
    var window: String
    var slice: String
    var subject: String
    var stage: Stage
  }

  private let base: SeriesPlan
  private var plan: SeriesPlan
  /// Versions that have lines, those that came last first.
  private var versions: [String] = []
  /// Slices that the plan could not know, in the order in which they came.
  private var others: [String] = []
  private var drift: [Key: MetricsUpdate.Line] = [:]
  private var performance: [Key: MetricsUpdate.Line] = [:]
  private var comparisons: [Key: MetricsUpdate.Comparison] = [:]
  private var checks: [MetricsUpdate.Verdict.Key: (end: EventTime, tier: Tier)] = [:]
  /// For checks on `shift`: the newest verdict of each subject's values and feed in each slice.
  private var shifts: [MetricsUpdate.Verdict.Key: [[String]: (end: EventTime, tier: Tier)]] = [:]

  /// Samples of each family, ready to be copied.
  private(set) var rendered: [MetricFamily: [UInt8]] = [:]
  /// Series that the last update left out for want of room.
  private(set) var dropped: Int64 = 0
  /// The first of them, as Prometheus would name them.
  private var firstDropped: [String] = []
  private var hasToldOfDropped = false

  init(_ plan: SeriesPlan) {
    base = plan
    self.plan = plan
  }

  /// The worst tier of every check and stage that has given a verdict.
  var tiers: [(key: MetricsUpdate.Verdict.Key, tier: Tier)] {
    checks.map { ($0.key, $0.value.tier) }.sorted {
      precedes([$0.0.check, $0.0.stage.rawValue], [$1.0.check, $1.0.stage.rawValue])
    }
  }

  /// What the last update left out, once.
  mutating func newsOfDropped() -> SeriesLeftOut? {
    guard dropped > 0, !hasToldOfDropped else { return nil }
    hasToldOfDropped = true
    return SeriesLeftOut(
      monitor: base.monitor.name, limit: base.limit, count: dropped, first: firstDropped, choice: base.monitor.series)
  }

  mutating func apply(_ update: MetricsUpdate) {
    Self.merge(update.drift, into: &drift)
    Self.merge(update.performance, into: &performance)
    merge(update.comparisons)
    for verdict in update.verdicts {
      if let part = verdict.part {
        merge(verdict, of: part)
        continue
      }
      let known = checks[verdict.key]
      if let known, known.end > verdict.end { continue }
      let sameEnd = known.flatMap { $0.end == verdict.end ? $0.tier : nil }
      checks[verdict.key] = (verdict.end, max(sameEnd ?? .insufficientData, verdict.tier))
    }
    meetSlices()
    render()
  }

  /// A check on `shift` stands where the worst of its subjects stands, each by its newest verdict.
  private mutating func merge(_ verdict: MetricsUpdate.Verdict, of part: [String]) {
    if let known = shifts[verdict.key]?[part], known.end > verdict.end { return }
    shifts[verdict.key, default: [:]][part] = (verdict.end, verdict.tier)
    let tier = shifts[verdict.key]?.values.map(\.tier).max() ?? verdict.tier
    checks[verdict.key] = (max(checks[verdict.key]?.end ?? verdict.end, verdict.end), tier)
  }

  /// Newer lines replace older ones. A slice or subject that has had no line for a whole window is forgotten, so that
  /// a retired version does not stay on the dashboard with its last values.
  private static func merge(_ lines: [MetricsUpdate.Line], into kept: inout [Key: MetricsUpdate.Line]) {
    for line in lines {
      let key = Key(window: line.window, slice: line.slice, subject: line.subject, stage: line.stage)
      if let known = kept[key], known.end > line.end { continue }
      kept[key] = line
    }
    var newest: [[String]: EventTime] = [:]
    func place(_ line: MetricsUpdate.Line) -> [String] { [line.window, line.stage.rawValue] }
    for line in kept.values { newest[place(line)] = max(newest[place(line)] ?? line.end, line.end) }
    kept = kept.filter { _, line in newest[place(line)].map { line.end > $0 - line.size } ?? false }
  }

  /// The same of comparisons; those of outputs and of performance come at different times.
  private mutating func merge(_ lines: [MetricsUpdate.Comparison]) {
    for line in lines {
      let key = Key(window: line.window, slice: line.slice, subject: line.subject, stage: .final)
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

  // MARK: The plan

  /// Gives places to slices that only messages could name. A slice keeps its place as long as it has lines, whatever becomes
  /// of its rows; of those that come together, the one with more rows is before the other.
  private mutating func meetSlices() {
    var rows: [String: Int64] = [:]
    for line in drift.values where line.slice != Slice.all {
      rows[line.slice] = max(rows[line.slice] ?? 0, line.rows ?? 0)
    }
    for key in Array(performance.keys) + comparisons.keys where key.slice != Slice.all {
      rows[key.slice] = rows[key.slice] ?? 0
    }
    func come(beside known: [String], where isOne: (String) -> Bool) -> [String] {
      rows.filter { !known.contains($0.key) && isOne($0.key) }
        .sorted { $0.value != $1.value ? $0.value > $1.value : precedes($0.key, $1.key) }.map(\.key)
    }
    let comparison = base.monitor.comparison
    let compared = [comparison?.champion, comparison?.challenger].compactMap {
      $0.map { Slice.name(Slice.version, $0) }
    }
    func rank(_ version: String) -> Int {
      if let place = compared.firstIndex(of: version) { return place }
      return version.hasSuffix("=" + Slice.otherValue) ? compared.count + 1 : compared.count
    }
    func stable(_ slices: [String], _ rank: (String) -> Int) -> [String] {
      slices.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }
    let newVersions = come(beside: versions, where: Slice.isOfVersion)
    let nowVersions = stable(newVersions + versions.filter { rows[$0] != nil }, rank)
    let newOthers = come(beside: others) { !Slice.isOfVersion($0) && !base.isKnown($0) }
    let nowOthers = stable(others.filter { rows[$0] != nil } + newOthers) {
      $0.hasSuffix("=" + Slice.otherValue) ? 1 : 0
    }
    guard nowVersions != versions || nowOthers != others else { return }
    (versions, others) = (nowVersions, nowOthers)
    plan = base.with(versions: versions, others: others)
  }

  // MARK: The text

  /// A sample with the key by which its family is ordered.
  private struct Sample {
    var labels: [String]
    var value: Double
  }

  private static func isBefore(_ a: Key, _ b: Key) -> Bool {
    if (a.slice == Slice.all) != (b.slice == Slice.all) { return a.slice == Slice.all }
    return precedes(
      [a.slice, a.window, a.subject, a.stage.rawValue], [b.slice, b.window, b.subject, b.stage.rawValue])
  }

  private mutating func render() {
    var samples: [MetricFamily: [Sample]] = [:]
    dropped = 0
    firstDropped = []
    func add(_ series: SeriesPlan.Series, _ value: Double) {
      let labels = series.labels(of: base.monitor.name)
      switch plan.decision(series) {
      case .exported: samples[series.family, default: []].append(Sample(labels: labels, value: value))
      case .notChosen: break
      case .leftOut:
        dropped += 1
        guard firstDropped.count < 3 else { return }
        var text = Exposition(capacity: 100)
        text.sample(series.family.rawValue, labels: Self.named(labels, series.family), value)
        firstDropped.append(
          String(decoding: text.bytes.prefix { $0 != UInt8(ascii: "}") } + [UInt8(ascii: "}")], as: UTF8.self))
      }
    }
    var rows: [Key: Int64] = [:]
    for (key, line) in drift {
      let place = Key(window: key.window, slice: key.slice, subject: "", stage: .final)
      rows[place] = max(rows[place] ?? 0, line.rows ?? 0)
    }
    for (key, count) in rows.sorted(by: { Self.isBefore($0.key, $1.key) }) {
      add(SeriesPlan.Series(family: .windowRows, window: key.window, slice: key.slice), Double(count))
    }
    for (key, line) in performance.sorted(by: { Self.isBefore($0.key, $1.key) }) {
      // At the horizon, where there are two stages.
      if let coverage = line.coverage, key.stage == .final {
        add(SeriesPlan.Series(family: .labelCoverage, window: key.window, slice: key.slice), coverage)
      }
      for metric in line.metrics {
        add(
          SeriesPlan.Series(
            family: .performance, window: key.window, slice: key.slice, metric: metric.name, stage: key.stage),
          metric.value)
      }
    }
    for (key, line) in drift.sorted(by: { Self.isBefore($0.key, $1.key) }) {
      for metric in line.metrics {
        add(
          SeriesPlan.Series(
            family: .drift, window: key.window, slice: key.slice, subject: key.subject, metric: metric.name),
          metric.value)
      }
    }
    for (key, comparison) in comparisons.sorted(by: { Self.isBefore($0.key, $1.key) }) {
      for one in comparison.values {
        add(
          SeriesPlan.Series(
            family: .comparison, window: key.window, slice: key.slice, metric: one.metric, statistic: one.statistic),
          one.value)
      }
    }
    rendered = [:]
    for (family, members) in samples {
      var text = Exposition(capacity: members.count * 100)
      for sample in members.sorted(by: { precedes($0.labels, $1.labels) }) {
        text.sample(family.rawValue, labels: Self.named(sample.labels, family), sample.value)
      }
      rendered[family] = text.bytes
    }
  }

  private static func named(_ labels: [String], _ family: MetricFamily) -> [(name: String, value: String)] {
    zip(family.labelNames, labels).map { (name: $0, value: $1) }
  }
}

extension SeriesPlan.Series {
  /// Values of the family's labels, in their order.
  fileprivate func labels(of monitor: String) -> [String] {
    switch family {
    case .drift: [monitor, window, slice, subject, metric]
    case .performance: [monitor, window, slice, metric, (stage ?? .final).rawValue]
    case .comparison: [monitor, window, slice, metric, statistic]
    default: [monitor, window, slice]
    }
  }
}

/// Series that a monitor's lines have and that are not exported for want of room.
package struct SeriesLeftOut: Sendable, Equatable, CustomStringConvertible {
  package var monitor: String
  /// `limits.max_series`.
  package var limit: Int
  package var count: Int64
  /// At most three of them, as Prometheus would name them.
  package var first: [String]
  /// The monitor's `series: {slices: …}`.
  package var choice: SeriesChoice

  package var description: String {
    let fewer: String? =
      switch choice {
      case .all: "set series: {slices: checks} in the monitor file"
      case .checks: "set series: {slices: none} in the monitor file"
      case .none: nil
      }
    return
      "monitor \(monitor): \(Thousands.text(Int(count))) series are left out of /metrics, since limits.max_series is "
      + "\(Thousands.text(limit)); the first: \(first.joined(separator: ", ")). The API has them all. Raise the limit"
      + "\(fewer.map { ", or \($0)" } ?? ""); leeway check prints the plan"
  }
}
