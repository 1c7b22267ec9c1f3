/// A number that a monitor's `drift` or `performance` lines have: its name, where it stands in the line, and what it says.
///
/// `LineMetric.all(of: fraud, estimates: false)` has `psi` of every subject, `ks` of numeric ones, `auc`, and
/// `precision_at_top_0.01` where a check has `at: 0.01`.
package struct LineMetric: Sendable, Equatable {
  /// Which lines have it.
  package enum Subjects: String, Sendable, CaseIterable {
    /// Drift lines of every subject.
    case any
    /// Drift lines of numeric subjects.
    case numeric
    /// Drift lines of the model's output.
    case output
    /// Performance lines, which have no subject.
    case performance
    /// Performance lines of the slices that a check on errors or on fairness names.
    case slices
  }

  package var name: String
  package var subjects: Subjects
  /// Members from the line's object down, such as `metrics`, `psi`.
  package var path: [String]
  package var family: Metric.Family
  package var unit: MetricUnit
  package var direction: Metric.Direction
  /// One line of plain English.
  package var summary: String
  /// Whether it is a p-value, a bound or chi-squared.
  package var isEvidence: Bool

  /// Whether it says how far an estimate was off, which takes all labels.
  package var isOfEstimate: Bool { line == .performance && name.hasPrefix("estimated_") }

  /// `drift` or `performance`.
  package var line: ResultType {
    switch subjects {
    case .any, .numeric, .output: .drift
    case .performance, .slices: .performance
    }
  }

  private init(_ metric: Metric, _ subjects: Subjects, path: [String]? = nil, place: Double? = nil) {
    let name = place.map { metric.name(at: $0) } ?? metric.name
    self.name = name
    self.subjects = subjects
    self.path = path ?? ["metrics", name]
    family = metric.family
    unit = metric.unit
    direction = metric.direction
    summary = metric.summary
    isEvidence = false
  }

  private init(_ metric: Metric, firstDays span: TimeSpan) {
    self.init(
      metric, metric.numericOnly ? .numeric : .any, path: ["references", ReferenceSubject.name(span), metric.name])
    name = "\(metric.name)_first_\(span)"
    summary += " From the first \(span) of production instead of the baseline."
  }

  private init(_ detail: MetricDetail, _ subjects: Subjects) {
    name = detail.name
    self.subjects = subjects
    path = ["metrics", name]
    family = detail.family
    unit = detail.unit
    direction = detail.direction
    summary = detail.summary
    isEvidence = detail.isEvidence
  }

  /// How far a metric with a place may be off.
  private init(boundOf metric: LineMetric) {
    name = metric.name + "_bound"
    subjects = metric.subjects
    path = ["metrics", name]
    family = metric.family
    unit = metric.unit
    direction = .above
    summary = "How far \(metric.name) may be off, since scores are counted in cells."
    isEvidence = true
  }

  /// All of one monitor, those of drift first, each name once.
  ///
  /// - Parameter estimates: whether the monitor's baseline has what estimates rest on.
  package static func all(of monitor: Monitor, estimates: Bool) -> [LineMetric] {
    var out: [LineMetric] = []
    for metric in Metric.all {
      switch metric.family {
      case .distance, .ratio, .level: out.append(LineMetric(metric, metric.numericOnly ? .numeric : .any))
      case .traffic: out.append(LineMetric(metric, .any, path: ["rows"]))
      case .estimate where estimates && metric.applies(to: monitor.task):
        out.append(LineMetric(metric, .output, path: ["estimated", "metrics", (metric.realised ?? metric).name]))
      case .estimate, .performance, .detector, .fairness, .shift: continue
      }
    }
    for detail in MetricDetail.all where detail.family == .distance {
      out.append(LineMetric(detail, detail.numericOnly ? .numeric : .any))
    }
    out += ofFirstDays(monitor)
    return monitor.labels == nil ? out : out + ofPerformance(monitor, estimates: estimates)
  }

  /// Distances that checks measure from the first days of production, as `psi_first_30d`.
  private static func ofFirstDays(_ monitor: Monitor) -> [LineMetric] {
    var out: [LineMetric] = []
    for check in monitor.checks where check.metric.family == .distance {
      guard let size = check.window(of: monitor)?.size, let span = check.firstDays(at: .final, size: size)
      else {
        continue
      }
      let metric = LineMetric(check.metric, firstDays: span)
      if !out.contains(where: { $0.name == metric.name }) { out.append(metric) }
    }
    return out
  }

  private static func ofPerformance(_ monitor: Monitor, estimates: Bool) -> [LineMetric] {
    var out: [LineMetric] = []
    for metric in Metric.all where metric.family == .performance && metric.applies(to: monitor.task) {
      if metric.isEstimateError, !estimates { continue }
      guard metric.place != nil else {
        // Coverage is not of labelled rows, and stands before their metrics.
        out.append(LineMetric(metric, .performance, path: metric == .coverage ? [metric.name] : nil))
        continue
      }
      for check in monitor.checks where check.metric == metric {
        guard let place = check.place else { continue }
        let placed = LineMetric(metric, .performance, place: place)
        if !out.contains(where: { $0.name == placed.name }) { out += [placed, LineMetric(boundOf: placed)] }
      }
    }
    // The share of predictions whose class has a high probability needs no label, and stands with the others.
    if monitor.task == .multiclass { out.append(LineMetric(.confidentRatio, .performance)) }
    let checked = Set(monitor.checks.map(\.metric))
    out += Metric.all.filter { $0.family == .detector && checked.contains($0) }.map { LineMetric($0, .slices) }
    if monitor.checks.contains(where: { if case .fairness = $0.on { true } else { false } }) {
      out += Metric.all.filter { $0.family == .fairness }.map { LineMetric($0, .slices) }
    }
    for detail in MetricDetail.all where detail.family == .performance && detail.tasks.contains(monitor.task) {
      out.append(LineMetric(detail, .performance))
    }
    return out
  }
}

extension Metric {
  /// A metric with a place, as lines name it: `precision_at_top_0.01`.
  package func name(at place: Double) -> String { "\(name)_\(ShortestText.of(place))" }
}
