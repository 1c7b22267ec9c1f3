package import LeewayStatistics

/// A number that a check can name: what it is called, what it says, and what it is computed from.
///
/// Each is one value, such as ``psi`` or ``auc``; ``all`` has them in their order. Another distance is one more file like
/// `Distances/Energy.swift` and one more place in that list.
package final class Metric: Sendable {
  /// In monitor files, results and Prometheus.
  package let name: String
  /// What it says, in one line of plain English.
  package let summary: String
  /// What it is measured in.
  package let unit: MetricUnit
  /// The side on which a bare limit fires.
  package let direction: Direction
  /// Whether a change to either side may be for the worse, whatever the direction of a bare limit.
  package let isTwoSided: Bool
  /// Values a limit may sensibly take; nil is unbounded.
  package let range: ClosedRange<Double>?
  /// Models that have it.
  package let tasks: Set<ModelTask>
  /// What other libraries call it, in lower-case letters and digits only: `rocauc` for `ROC-AUC`.
  package let alsoCalled: Set<String>
  /// What it is computed from, and how.
  package let formula: Formula

  /// Where a value is worse: above its limit, below it, or on either side.
  package enum Direction: Sendable { case above, below, eitherSide }

  /// What a metric is computed from, which decides how it is tested.
  package enum Family: Sendable {
    case distance, ratio, level, shift, traffic, performance, estimate, detector, fairness
  }

  /// What each family needs to know of its metrics.
  package enum Formula: Sendable {
    case distance(DistanceFormula)
    case ratio(RatioFormula)
    case level(LevelFormula)
    /// The detector of lasting changes, hour by hour.
    case shift
    case traffic
    case performance(PerformanceFormula)
    /// For what it is an estimate; nil: of nothing that labels tell.
    case estimate(of: Metric?)
    case detector(ChangeDetector.Method)
    case fairness(FairnessMeasure)
  }

  init(
    _ name: String, _ formula: Formula, _ summary: String, unit: MetricUnit = .number,
    worse direction: Direction = .above,
    isTwoSided: Bool = false, range: ClosedRange<Double>? = 0...1, tasks: Set<ModelTask> = Set(ModelTask.allCases),
    alsoCalled: Set<String> = []
  ) {
    self.name = name
    self.formula = formula
    self.summary = summary
    self.unit = unit
    self.direction = direction
    self.isTwoSided = isTwoSided
    self.range = range
    self.tasks = tasks
    self.alsoCalled = alsoCalled
  }

  /// The metric of that name; nil if there is none.
  package static func named(_ name: String) -> Metric? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

extension Metric: Hashable, CustomStringConvertible {
  package static func == (a: Metric, b: Metric) -> Bool { a === b }
  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
  package var description: String { name }
}

extension Metric {
  package var family: Family {
    switch formula {
    case .distance: .distance
    case .ratio: .ratio
    case .level: .level
    case .shift: .shift
    case .traffic: .traffic
    case .performance: .performance
    case .estimate: .estimate
    case .detector: .detector
    case .fairness: .fairness
    }
  }

  /// Whether the task's performance lines carry it.
  package func applies(to task: ModelTask) -> Bool { tasks.contains(task) }

  /// What watches the errors; nil for every other metric.
  package var detector: ChangeDetector.Method? { if case .detector(let method) = formula { method } else { nil } }

  /// How it compares groups; nil for every other metric.
  package var fairness: FairnessMeasure? { if case .fairness(let measure) = formula { measure } else { nil } }

  var distance: DistanceFormula? { if case .distance(let formula) = formula { formula } else { nil } }

  package var ratio: RatioFormula? { if case .ratio(let formula) = formula { formula } else { nil } }

  package var level: LevelFormula? { if case .level(let formula) = formula { formula } else { nil } }

  package var performance: PerformanceFormula? { if case .performance(let formula) = formula { formula } else { nil } }

  /// What an estimate is an estimate of.
  package var realised: Metric? { if case .estimate(let metric) = formula { metric } else { nil } }

  /// Detectors that alarm too often on errors that do not change for a retrain to rest on them.
  package var isExperimental: Bool { detector.map { $0 != .adwin } ?? false }

  /// Whether it is judged when the labels are due, and not when the window closes.
  package var isOfLabels: Bool {
    switch family {
    case .performance, .detector, .fairness: true
    case .distance, .ratio, .level, .shift, .traffic, .estimate: false
    }
  }

  /// Drift metrics of numeric subjects only.
  package var numericOnly: Bool {
    switch formula {
    case .distance(let formula): formula.basis == .cells
    case .ratio(let formula): formula.subjects == .numeric
    case .level: true
    case .shift, .traffic, .performance, .estimate, .detector, .fairness: false
    }
  }

  /// Drift metrics of categories only.
  package var categoricalOnly: Bool { ratio?.subjects == .categorical }

  /// Whether it says how far an estimate was off.
  package var isEstimateError: Bool { performance?.estimate != nil }

  /// Whether it says nothing unless labels of every class may have come: what of performance is not a number's error.
  package var needsEveryClass: Bool { performance?.needsEveryClass ?? false }

  /// Whether it says that scores are not the probabilities that they claim to be, and nothing of how well they rank.
  package var isCalibration: Bool { performance?.isCalibration ?? false }

  /// Values that a check's `at` may take, above the lower end; nil for metrics without a place.
  package var place: ClosedRange<Double>? { performance?.placed == nil ? nil : 0...1 }

  /// Whether a change from the baseline's own value can be a limit.
  package var hasReference: Bool {
    switch formula {
    case .performance, .level: true
    case .estimate(let metric): metric != nil
    case .ratio(let formula): formula.part != nil
    case .distance, .shift, .traffic, .detector, .fairness: false
    }
  }
}

/// What a number is measured in.
package enum MetricUnit: String, Sendable, CaseIterable {
  /// A plain number.
  case number
  /// A share, from 0 to 1 where it is not a difference of shares.
  case ratio
  /// As the subject's own values.
  case subject
  /// As the model's output and the labels.
  case output
  /// Standard deviations of the subject in the baseline.
  case deviations
  case nats
  case rows
  case changes
  case seconds
}

extension Metric.Family {
  /// As the API says it.
  package var name: String {
    switch self {
    case .distance: "distance"
    case .ratio: "ratio"
    case .level: "level"
    case .shift: "shift"
    case .traffic: "traffic"
    case .performance: "performance"
    case .estimate: "estimate"
    case .detector: "detector"
    case .fairness: "fairness"
    }
  }
}

extension Metric.Direction {
  /// As the API says it.
  package var name: String {
    switch self {
    case .above: "above"
    case .below: "below"
    case .eitherSide: "either"
    }
  }
}
