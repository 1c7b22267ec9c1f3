package import LeewayCore

/// Which Prometheus series of one monitor's result lines are exported: made once, from the monitor and its baseline, and the
/// same whatever the lines hold and in whatever order they come.
///
/// Series take their places in this order, until `limit` is reached:
///
/// 1. slice `all`: what checks use, then the other metrics, then p-values, bounds and chi-squared;
/// 2. versions, each as a whole, the champion and the challenger first, then the newest;
/// 3. what checks use in the other slices, and in versions that did not fit;
/// 4. the other slices, each as a whole, those with most rows in the baseline first; then those that the baseline has no
///    profile of, in the order in which they came; what shares `__other__` last;
/// 5. p-values, bounds and chi-squared, of versions and then of the other slices.
///
/// A metric has its place whether or not it has a value, so that a value that comes or goes moves no other series. Two versions
/// have places before any has come.
package struct SeriesPlan: Sendable {
  /// A series by its labels, without the monitor.
  package struct Series: Hashable, Sendable {
    var family: MetricFamily
    var window: String
    var slice: String
    /// Empty where the family has none.
    var subject = ""
    var metric = ""
    /// Labels of `leeway_performance`.
    var stage: Stage?
    /// Labels of `leeway_comparison`.
    var statistic = ""
  }

  package enum Decision: Sendable, Equatable {
    case exported
    /// There is no room for it.
    case leftOut
    /// The monitor's `series` says so.
    case notChosen
  }

  /// So many series, of so many slices where these are counted.
  package struct Count: Sendable, Equatable {
    package var series = 0
    package var slices = 0
  }

  /// What takes places, in the order of the plan.
  package enum Part: Int, Sendable, CaseIterable { case all, versions, checks, slices, evidence }

  package let monitor: Monitor
  /// `limits.max_series`.
  package let limit: Int
  package private(set) var exported: [Part: Count] = [:]
  package private(set) var leftOut: [Part: Count] = [:]
  /// The first slices that are not exported as a whole, at most three.
  package private(set) var firstLeftOut: [String] = []
  /// Segments whose values the baseline has no profile of.
  package let unprofiled: [String]

  /// Room for so many versions is kept before they come.
  package static let expectedVersions = 2

  private let metrics: [LineMetric]
  private let subjects: [(name: String, isNumeric: Bool)]
  /// By segment: the features that are its own field, which have no series in its slices.
  private let own: [String: Set<String>]
  /// Slices of segments that the baseline has a profile of, most rows first.
  private let profiled: [String]
  private let known: Set<String>
  private let stages: [Stage]
  private let windows: Set<String>
  /// Whether only numeric subjects have it.
  private let driftNames: [String: Bool]
  private let performanceNames: Set<String>
  /// Slices with every series but p-values, bounds and chi-squared, and those that have these too.
  private var whole: Set<String> = []
  private var evident: Set<String> = []
  private var single: Set<Series> = []

  /// - Parameter limit: most series at a time.
  package init(_ plan: MonitorPlan, limit: Int) {
    let baseline = plan.baseline
    let rows = Dictionary(baseline.slices.map { ($0.slice, $0.rows) }, uniquingKeysWith: max)
    var ranked: [(slice: String, rows: Int64, place: Int)] = []
    for segment in plan.monitor.segments {
      guard let profile = baseline.segments.first(where: { $0.name == segment.name }) else { continue }
      for (place, value) in profile.values.prefix(plan.monitor.maximumSegments).enumerated() {
        let slice = Slice.name(segment.name, value)
        ranked.append((slice, rows[slice] ?? 0, place))
      }
    }
    ranked.sort { a, b in
      if a.rows != b.rows { return a.rows > b.rows }
      return a.place != b.place ? a.place < b.place : utf8Order(a.slice, b.slice)
    }
    self.init(
      monitor: plan.monitor, estimates: baseline.estimation != nil, profiled: ranked.map(\.slice),
      profiledSegments: baseline.segments.map(\.name), limit: limit,
      stages: plan.monitor.labels?.early == nil ? [.final] : Stage.allCases)
  }

  /// - Parameters:
  ///   - profiled: slices of segments, most rows first.
  ///   - stages: those of the monitor's performance lines.
  init(
    monitor: Monitor, estimates: Bool = false, profiled: [String], profiledSegments: [String], limit: Int,
    stages: [Stage] = [.final]
  ) {
    self.monitor = monitor
    self.limit = max(0, limit)
    metrics = LineMetric.all(of: monitor, estimates: estimates).filter { $0.path.first == "metrics" }
    subjects =
      monitor.features.map { ($0.name, $0.kind == .numeric) } + [(monitor.outputName, monitor.task != .multiclass)]
    own = Dictionary(
      monitor.segments.map { segment in
        (segment.name, Set(monitor.features.filter { $0.field == segment.field }.map(\.name)))
      }, uniquingKeysWith: { $0.union($1) })
    unprofiled = monitor.segments.map(\.name).filter { !profiledSegments.contains($0) }
    self.profiled = profiled
    known = Set(profiled)
    self.stages = stages
    windows = Set(monitor.windows.map(\.name))
    driftNames = Dictionary(
      metrics.filter { $0.line == .drift }.map { ($0.name, $0.subjects != .any) }, uniquingKeysWith: { a, _ in a })
    performanceNames = Set(metrics.filter { $0.line == .performance }.map(\.name))
    fill(versions: [], others: [])
  }

  /// The same plan with slices that only messages could name.
  ///
  /// - Parameters:
  ///   - versions: in the order in which they take places.
  ///   - others: of segments without a profile, and `__other__`.
  func with(versions: [String], others: [String]) -> SeriesPlan {
    var plan = self
    plan.fill(versions: versions, others: others)
    return plan
  }

  /// Whether the slice has a place of its own from the start.
  func isKnown(_ slice: String) -> Bool { slice == Slice.all || known.contains(slice) }

  /// Series in all parts.
  package var count: Int { exported.values.reduce(0) { $0 + $1.series } }

  func decision(_ series: Series) -> Decision {
    if single.contains(series) { return .exported }
    guard isPlanned(series) else { return .notChosen }
    let isVersion = Slice.isOfVersion(series.slice)
    let isEvidence = isEvidence(series)
    if (isEvidence ? evident : whole).contains(series.slice) { return .exported }
    if series.slice == Slice.all || isVersion { return .leftOut }
    switch monitor.series {
    case .all: return .leftOut
    case .checks: return !isEvidence && used(in: series.slice).contains(series) ? .leftOut : .notChosen
    case .none: return .notChosen
    }
  }

  /// Whether ``series(in:evidence:)`` of its slice has it: what has no place must not take that of another.
  private func isPlanned(_ series: Series) -> Bool {
    guard windows.contains(series.window) else { return false }
    switch series.family {
    case .drift:
      let isNumeric = subjects.first { $0.name == series.subject }?.isNumeric
      return isNumeric != nil && !(own[Slice.segment(series.slice)]?.contains(series.subject) ?? false)
        && driftNames[series.metric].map { !$0 || isNumeric == true } ?? false
    case .performance: return performanceNames.contains(series.metric) && series.stage.map(stages.contains) ?? false
    default: return true
    }
  }

  // MARK: Filling

  private mutating func fill(versions: [String], others: [String]) {
    (exported, leftOut, firstLeftOut, whole, evident, single) = ([:], [:], [], [], [], [])
    var room = limit
    var isFull = false
    /// One series after the other, as far as there is room.
    func take(_ series: [Series], as part: Part, into plan: inout SeriesPlan) {
      for one in series where !plan.single.contains(one) {
        if room > 0 {
          room -= 1
          plan.single.insert(one)
          plan.exported[part, default: Count()].series += 1
        } else {
          isFull = true
          plan.leftOut[part, default: Count()].series += 1
        }
      }
    }
    take(used(in: Slice.all), as: .all, into: &self)
    take(series(in: Slice.all, evidence: false), as: .all, into: &self)
    take(series(in: Slice.all, evidence: true), as: .all, into: &self)

    let reserved = versions + missingVersions(beside: versions)
    for version in reserved {
      takeWhole(version, evidence: false, as: .versions, &room, &isFull)
    }
    for version in reserved where !whole.contains(version) { take(used(in: version), as: .checks, into: &self) }
    let slices = monitor.series == .none ? [] : profiled + others
    for slice in slices { take(used(in: slice), as: .checks, into: &self) }
    if monitor.series == .all {
      for slice in slices { takeWhole(slice, evidence: false, as: .slices, &room, &isFull) }
    }
    for slice in reserved + (monitor.series == .all ? slices : []) {
      takeWhole(slice, evidence: true, as: .evidence, &room, &isFull)
    }
  }

  /// All that a slice has, or nothing of it.
  private mutating func takeWhole(
    _ slice: String, evidence: Bool, as part: Part, _ room: inout Int, _ isFull: inout Bool
  ) {
    // What checks use was taken before, unless there was no room even for that.
    let taken = evidence || part == .versions ? 0 : Set(used(in: slice)).count
    let rest = size(of: slice, evidence: evidence) - taken
    if !isFull, rest <= room {
      room -= rest
      if evidence { evident.insert(slice) } else { whole.insert(slice) }
      exported[part, default: Count()].series += rest
      exported[part, default: Count()].slices += 1
    } else {
      isFull = true
      leftOut[part, default: Count()].series += rest
      leftOut[part, default: Count()].slices += 1
      if !evidence { name(leftOut: slice) }
    }
  }

  private mutating func name(leftOut slice: String) {
    if firstLeftOut.count < 3 { firstLeftOut.append(slice) }
  }

  private func missingVersions(beside versions: [String]) -> [String] {
    guard monitor.predictions.version != nil, versions.count < Self.expectedVersions else { return [] }
    return (versions.count..<Self.expectedVersions).map(Self.placeholder)
  }

  /// Stands for a version that has not come; no slice has a line break.
  private static func placeholder(_ index: Int) -> String { Slice.name(Slice.version, "\n\(index)") }

  // MARK: Series of a slice

  /// How many ``series(in:evidence:)`` gives.
  func size(of slice: String, evidence: Bool) -> Int {
    let own = own[Slice.segment(slice)] ?? []
    let wanted = metrics.filter { $0.isEvidence == evidence }
    let everywhere = wanted.count { $0.subjects == .any }
    let ofNumbers = wanted.count { $0.line == .drift }
    var each = evidence ? 0 : monitor.labels == nil ? 1 : 2
    for metric in wanted where metric.line == .performance && has(metric, in: slice) {
      each += stages(of: metric).count
    }
    for subject in subjects where !own.contains(subject.name) { each += subject.isNumeric ? ofNumbers : everywhere }
    each += compared(in: slice, "").count { isEvidence($0) == evidence }
    return each * monitor.windows.count
  }

  /// Every series that a slice's lines may give, values and null.
  func series(in slice: String, evidence: Bool) -> [Series] {
    var out: [Series] = []
    let segment = Slice.segment(slice)
    let shown = subjects.filter { !(own[segment]?.contains($0.name) ?? false) }
    let wanted = metrics.filter { $0.isEvidence == evidence }
    for window in monitor.windows.map(\.name) {
      if !evidence {
        out.append(Series(family: .windowRows, window: window, slice: slice))
        if monitor.labels != nil { out.append(Series(family: .labelCoverage, window: window, slice: slice)) }
      }
      for metric in wanted where metric.line == .performance && has(metric, in: slice) {
        for stage in stages(of: metric) {
          out.append(
            Series(family: .performance, window: window, slice: slice, metric: metric.name, stage: stage))
        }
      }
      for subject in shown {
        for metric in wanted where metric.line == .drift && (metric.subjects == .any || subject.isNumeric) {
          out.append(Series(family: .drift, window: window, slice: slice, subject: subject.name, metric: metric.name))
        }
      }
      out += compared(in: slice, window).filter { isEvidence($0) == evidence }
    }
    return out
  }

  private func compared(in slice: String, _ window: String) -> [Series] {
    guard monitor.comparison != nil, !Slice.isOfVersion(slice) else { return [] }
    var out: [Series] = []
    func add(_ metric: String, _ statistic: String) {
      out.append(
        Series(family: .comparison, window: window, slice: slice, metric: metric, statistic: statistic))
    }
    if slice == Slice.all {
      for metric in metrics where metric.family == .distance && (metric.subjects == .any || monitor.task != .multiclass)
      {
        add(metric.name, "distance")
      }
    }
    guard monitor.labels != nil else { return out }
    for metric in VersionDifferences.metrics(monitor.task) {
      for statistic in ["champion", "challenger", "difference", "lower", "upper", "p_value"] {
        add(metric.name, statistic)
      }
    }
    return out
  }

  private func isEvidence(_ series: Series) -> Bool {
    if series.statistic == "p_value" { return true }
    return MetricDetail.named(series.metric)?.isEvidence ?? false
  }

  /// Detectors, fairness and the errors of estimates are of all labels.
  private func stages(of metric: LineMetric) -> [Stage] {
    metric.subjects == .slices || metric.isOfEstimate ? [.final] : stages
  }

  /// Whether a performance line of the slice has it.
  private func has(_ metric: LineMetric, in slice: String) -> Bool {
    guard metric.subjects == .slices else { return true }
    return monitor.checks.contains { check in
      switch check.on {
      case .errors: check.metric.name == metric.name && runs(check, in: slice)
      case .fairness: metric.family == .fairness && runs(check, in: slice)
      default: false
      }
    }
  }

  /// What checks use in a slice: the metric on its subjects, with the rows and, of labels, the coverage of the window.
  private func used(in slice: String) -> [Series] {
    var out: [Series] = []
    for check in monitor.checks where runs(check, in: slice) && check.metric.family != .shift {
      let window = check.window
      let place = check.place.map { check.metric.name(at: $0) } ?? check.metric.name
      out.append(Series(family: .windowRows, window: window, slice: slice))
      switch check.on {
      case .features, .named, .output:
        let own = own[Slice.segment(slice)] ?? []
        for subject in subjects where watches(check, subject.name) && !own.contains(subject.name) {
          if metrics.contains(where: { $0.name == place && $0.line == .drift }) {
            out.append(Series(family: .drift, window: window, slice: slice, subject: subject.name, metric: place))
          }
        }
      case .performance, .errors, .fairness:
        out.append(Series(family: .labelCoverage, window: window, slice: slice))
        if let metric = metrics.first(where: { $0.name == place && $0.line == .performance }) {
          for stage in stages(of: metric) {
            out.append(Series(family: .performance, window: window, slice: slice, metric: place, stage: stage))
          }
        }
      case .comparison:
        out += compared(in: slice, window).filter { $0.metric == place && $0.statistic != "p_value" }
      case .traffic: break
      }
    }
    return out
  }

  private func watches(_ check: Check, _ subject: String) -> Bool {
    switch check.on {
    case .features(let except): subject != monitor.outputName && !except.contains(subject)
    case .named(let names): names.contains(subject)
    case .output: subject == monitor.outputName
    case .performance, .errors, .fairness, .traffic, .comparison: false
    }
  }

  private func runs(_ check: Check, in slice: String) -> Bool {
    if case .fairness(let groups) = check.on { return groups.compares(slice) }
    switch check.slices {
    case .all: return slice == Slice.all
    case .each: return !slice.hasSuffix("=" + Slice.otherValue)
    case .listed(let names): return names.contains(slice)
    }
  }
}
