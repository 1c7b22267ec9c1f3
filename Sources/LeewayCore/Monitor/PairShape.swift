/// What a pair of prediction and label, and the cells that it is counted in, depend on. Where a new generation has the same shape,
/// or only adds to it, waiting rows and performance panes go over to it.
package struct PairShape: Sendable, Equatable {
  /// Hash of how predictions are read, counted and judged: streams, times, threshold, panes, horizon; of the baseline the output's
  /// cells, the performance that limits are measured from, and the estimates.
  let predictions: String
  /// Hash of how labels are read. Under another one, labels that come now say nothing of predictions from before.
  let labels: String
  let early: TimeSpan?
  /// A hash of each segment with the values that have slices of their own, ascending.
  let segments: [String]

  /// nil without labels.
  init?(_ monitor: Monitor, baseline: Baseline, output: SubjectBaseline, segmentValues: [Set<NameKey>?]) {
    guard let labels = monitor.labels else { return nil }
    early = labels.early
    var w = JSONWriter()
    w.beginArray()
    for text in [
      monitor.name, monitor.task.rawValue, monitor.predictions.topic, MonitorPlan.text(monitor.predictions.id),
      monitor.predictions.time.description, monitor.predictions.timeFormat.rawValue,
      monitor.predictions.version?.description ?? "", monitor.predictions.output.description,
      monitor.predictions.probabilities?.description ?? "",
    ] { w.string(text) }
    if let classes = monitor.predictions.classes { w.strings(classes) }
    if let rows = monitor.predictions.rows { w.string("rows \(rows)") }
    if monitor.predictions.isLenient { w.string("lenient") }
    if let schemas = monitor.predictions.schemas { w.string(schemas.text) }
    w.number(monitor.threshold)
    w.number(monitor.pane.milliseconds)
    w.number(monitor.maximumSegments)
    w.number(PerformanceLayout.version)
    Self.write(output.domain, baseline.classes, to: &w)
    Self.writePerformance(baseline, to: &w)
    w.number(labels.horizon.milliseconds)
    w.number(monitor.labelLead.milliseconds)
    switch labels.absent {
    case nil: w.null()
    case .number(let number): w.number(number)
    case .category(let name): w.string(name)
    }
    for version in [monitor.comparison?.champion, monitor.comparison?.challenger] {
      if let version { w.string(version) } else { w.null() }
    }
    w.endArray()
    predictions = Self.digest(w)
    self.labels = Self.digest(labels, monitor.task)
    segments = zip(monitor.segments, segmentValues).map { segment, values in
      var w = JSONWriter()
      w.beginArray()
      w.string(segment.name)
      w.string(segment.field.description)
      if let values { for value in values.map(\.name).sorted(by: utf8Order) { w.string(value) } } else { w.null() }
      // With its segment a slice's own performance comes and goes; the pairs of other slices are not touched by it.
      Self.writePerformance(of: segment.name, baseline, to: &w)
      w.endArray()
      return Self.digest(w)
    }.sorted(by: utf8Order)
  }

  /// Whether pairs that were counted under `before` go on under this shape. What may be added is a segment, of which pairs from before
  /// have no value, and an early stage, which begins with the predictions from then on.
  func carriesOn(_ before: PairShape) -> Bool {
    predictions == before.predictions && labels == before.labels && (before.early == nil || before.early == early)
      && before.segments.allSatisfy(segments.contains)
  }

  private static func write(_ domain: SubjectDomain, _ classes: [String], to w: inout JSONWriter) {
    switch domain {
    case .numeric(let numeric):
      for knot in numeric.binning.knots { w.number(knot) }
      w.string("cuts")
      for cut in numeric.binning.cuts { w.number(cut) }
      w.number(numeric.fixedPoint.origin)
      w.number(Int(numeric.fixedPoint.exponent))
    case .categorical(let categorical):
      for name in classes.isEmpty ? categorical.categories : classes { w.string(name) }
    }
  }

  private static func writePerformance(_ baseline: Baseline, to w: inout JSONWriter) {
    if let performance = baseline.performance { performance.write(to: &w) } else { w.null() }
    writePerformance(of: Slice.version, baseline, to: &w)
    if let estimation = baseline.estimation { estimation.write(to: &w) } else { w.null() }
  }

  /// For the slices of a segment, or of versions.
  private static func writePerformance(of segment: String, _ baseline: Baseline, to w: inout JSONWriter) {
    for slice in baseline.slices where slice.slice.utf8.starts(with: "\(segment)=".utf8) {
      guard let performance = slice.performance else { continue }
      w.string(slice.slice)
      performance.write(to: &w)
    }
  }

  private static func digest(_ labels: LabelStream, _ task: ModelTask) -> String {
    var w = JSONWriter()
    w.beginArray()
    for text in [
      task.rawValue, labels.topic, MonitorPlan.text(labels.id), labels.time.description, labels.timeFormat.rawValue,
      labels.value.description, labels.positive ?? "", labels.positive == nil ? "" : "positive",
      labels.isShared ? "shared" : "",
    ] { w.string(text) }
    w.number(labels.sample)
    if let rows = labels.rows { w.string("rows \(rows)") }
    if let schemas = labels.schemas { w.string(schemas.text) }
    for condition in labels.conditions {
      w.string("where \(condition.field)")
      for value in condition.values { w.string(value) }
    }
    w.endArray()
    return digest(w)
  }

  private static func digest(_ w: JSONWriter) -> String { String(SHA256.hash(w.bytes).hex.prefix(16)) }

  // MARK: Stored form

  /// One line: predictions, labels, milliseconds of the early stage or `-`, segments.
  package var text: String {
    ([predictions, labels, early.map { "\($0.milliseconds)" } ?? "-"] + segments).joined(separator: " ")
  }

  /// nil for a text that is no shape: what a ledger of an older version has.
  package init?(text: String) {
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count >= 3 else { return nil }
    predictions = parts[0]
    labels = parts[1]
    early = Int64(parts[2]).map(TimeSpan.init(milliseconds:))
    segments = Array(parts[3...])
  }
}
