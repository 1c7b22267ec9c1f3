package import LeewayCore
import LeewayStatistics

/// Small monitors with made-up baselines: a numeric and a categorical feature, versions, a segment that the baseline
/// profiles (`channel`) and one that it does not (`shop`).
package enum SampleMonitor {
  /// 15-minute windows every 5 minutes and hourly ones every 30, panes and lateness of 5 minutes, labels within an hour.
  package static func monitor(_ task: ModelTask, name: String = "m", checks: [Check] = []) throws -> Monitor {
    Monitor(
      name: name, task: task,
      predictions: PredictionStream(
        topic: "predictions", id: [try FieldPath("id")], time: try FieldPath("time"), timeFormat: .epochMilliseconds,
        version: try FieldPath("version"), output: try FieldPath("output"),
        probabilities: task == .multiclass ? try FieldPath("probabilities") : nil),
      labels: LabelStream(
        topic: "labels", id: [try FieldPath("id")], time: try FieldPath("time"), timeFormat: .epochMilliseconds,
        value: try FieldPath("value"), horizon: .hours(1), minimumCoverage: 0.5),
      features: [
        Feature(name: "amount", kind: .numeric, field: try FieldPath("amount"), range: -1000...1000),
        Feature(name: "country", kind: .categorical, field: try FieldPath("country")),
      ],
      segments: [
        Segment(name: "channel", field: try FieldPath("channel")), Segment(name: "shop", field: try FieldPath("shop")),
      ],
      maximumSegments: 3, pane: .minutes(5),
      windows: [
        WindowDefinition(name: "15m", size: .minutes(15), every: .minutes(5)),
        WindowDefinition(name: "1h", size: .hours(1), every: .minutes(30)),
      ], lateness: .minutes(5), skew: .hours(1), checks: checks)
  }

  /// Makes each element of an array a prediction, with the fields that a message had.
  package static func takeRows(_ path: String, _ monitor: inout Monitor) throws {
    func row(_ field: FieldPath) throws -> FieldPath { try FieldPath(field.description, hasRows: true) }
    monitor.predictions.rows = try FieldPath(path)
    monitor.predictions.id = try monitor.predictions.id.map(row)
    monitor.predictions.time = try row(monitor.predictions.time)
    monitor.predictions.version = try monitor.predictions.version.map(row)
    monitor.predictions.output = try row(monitor.predictions.output)
    monitor.predictions.probabilities = try monitor.predictions.probabilities.map(row)
    for i in monitor.features.indices { monitor.features[i].field = try row(monitor.features[i].field) }
    for i in monitor.segments.indices { monitor.segments[i].field = try row(monitor.segments[i].field) }
  }

  package static let countries = ["DE", "FR", "US"]
  package static let classes = ["bird", "cat", "dog"]

  /// One training row.
  package struct Row: Sendable {
    package var amount: Double
    package var country: String
    package var channel: String
    /// Binary: the score. Regression: the prediction.
    package var number: Double
    /// Multiclass: the prediction.
    package var category: String
    /// Whose row it is; nil: the training file does not say.
    package var version: String?
  }

  /// Whole amounts of 0 to 49, scores in steps of 0.05, six in ten rows on the web.
  package static func trainingRows(_ count: Int = 2000, seed: UInt64 = 1) -> [Row] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      Row(
        amount: Double(Int.random(in: 0..<50, using: &random)),
        country: ["DE", "DE", "DE", "FR", "FR", "US"][Int.random(in: 0..<6, using: &random)],
        channel: Int.random(in: 0..<10, using: &random) < 6 ? "web" : "app",
        number: Double(Int.random(in: 1..<20, using: &random)) / 20,
        category: classes[Int.random(in: 0..<3, using: &random)])
    }
  }

  package static func baseline(_ monitor: Monitor, rows: [Row] = trainingRows()) -> Baseline {
    func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
      let n = Double(max(values.count, 1))
      let mean = values.reduce(0, +) / n
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot())
    }
    func numeric(_ values: [Double]) -> SubjectDomain {
      let sorted = values.sorted()
      return .numeric(
        NumericDomain(
          binning: .fit(sorted: sorted, resolution: monitor.resolution),
          fixedPoint: FixedPoint(
            origin: sorted[sorted.count / 2], standardDeviation: moments(values).deviation)))
    }
    let amounts = rows.map(\.amount)
    let output: SubjectDomain =
      monitor.task == .multiclass ? .categorical(CategoricalDomain(categories: classes)) : numeric(rows.map(\.number))
    let subjects = [
      BaselineBuilder.Subject(
        name: "amount", domain: numeric(amounts), mean: moments(amounts).mean,
        standardDeviation: moments(amounts).deviation),
      BaselineBuilder.Subject(name: "country", domain: .categorical(CategoricalDomain(categories: countries))),
      BaselineBuilder.Subject(name: monitor.outputName, domain: output),
    ]
    var builder = BaselineBuilder(
      monitor: monitor, subjects: subjects,
      segments: [
        SegmentProfile(name: "channel", values: ["web", "app"]),
        SegmentProfile(name: Slice.version, values: Set(rows.compactMap(\.version)).sorted()),
      ],
      classes: monitor.task == .multiclass ? classes : [], labels: false)
    for row in rows {
      builder.setNumber(0, row.amount)
      Array(row.country.utf8).withUnsafeBytes { builder.setCategory(1, $0) }
      if monitor.task == .multiclass {
        Array(row.category.utf8).withUnsafeBytes { builder.setCategory(2, $0) }
      } else {
        builder.setNumber(2, row.number)
      }
      builder.commitRow(
        slices: [("channel", row.channel)] + (row.version.map { [(Slice.version, $0)] } ?? []), output: nil, label: nil)
    }
    return builder.finish()
  }

  package static func plan(_ monitor: Monitor) throws -> MonitorPlan {
    try MonitorPlan(monitor: monitor, baseline: baseline(monitor))
  }
}
