/// The second pass of a fit: with the bins decided, training rows are counted exactly as the pipeline counts messages.
package struct BaselineBuilder {
  /// What the first pass found of a subject.
  package struct Subject {
    package var name: String
    package var domain: SubjectDomain
    /// Numeric: of the values in range; values outside are invalid.
    package var range: ClosedRange<Double>?
    package var mean: Double?
    package var standardDeviation: Double?

    package init(
      name: String, domain: SubjectDomain, range: ClosedRange<Double>? = nil, mean: Double? = nil,
      standardDeviation: Double? = nil
    ) {
      self.name = name
      self.domain = domain
      self.range = range
      self.mean = mean
      self.standardDeviation = standardDeviation
    }
  }

  /// Slices with fewer training rows have no baseline of their own.
  package static let minimumSliceRows: Int64 = 1000

  private let monitor: Monitor
  private let subjects: [Subject]
  private let segments: [SegmentProfile]
  private let classes: [String]
  private let layout: DriftLayout
  private let columns: DriftColumns
  private var all: CellBlock
  private var slices: [String: CellBlock] = [:]
  private var rowsBySlice: [String: [Int32]] = [:]
  private let performance: PerformanceLayout?
  private var joined: CellBlock?
  /// Rows that the model was not trained on.
  private var heldOut: CellBlock?
  /// The same by slice.
  private var joinedSlices: [String: CellBlock] = [:]
  private var heldOutSlices: [String: CellBlock] = [:]
  /// Regression: labelled rows that are too far out for any metric of performance; known at the end.
  package private(set) var outlyingLabels: Int64 = 0

  /// - Parameters:
  ///   - subjects: the monitor's features in order, then its output.
  ///   - segments: values of each segment and of the version that have slices, most frequent first.
  ///   - labels: rows come with labels, whose performance is part of the baseline.
  package init(monitor: Monitor, subjects: [Subject], segments: [SegmentProfile], classes: [String], labels: Bool) {
    self.monitor = monitor
    self.subjects = subjects
    self.segments = segments
    self.classes = classes
    layout = DriftLayout(subjects: subjects.map { ($0.name, $0.domain) })
    columns = DriftColumns(
      layout: layout,
      categories: subjects.map { if case .categorical(let c) = $0.domain { CategoryIndex(c) } else { nil } },
      ranges: subjects.map(\.range), capacity: 256)
    all = CellBlock(layout.shape)
    performance = labels ? Self.performanceLayout(monitor, subjects.last, classes) : nil
    joined = performance.map { CellBlock($0.shape) }
  }

  private static func performanceLayout(_ monitor: Monitor, _ output: Subject?, _ classes: [String])
    -> PerformanceLayout?
  {
    switch (monitor.task, output?.domain) {
    case (.binary, .numeric(let domain)):
      PerformanceLayout(task: .binary(domain.binning, threshold: monitor.threshold), impliedLabels: false)
    case (.multiclass, _): PerformanceLayout(task: .multiclass(classes), impliedLabels: false)
    case (.regression, .numeric(let domain)):
      PerformanceLayout(
        task: .regression(domain.fixedPoint, domain.binning), impliedLabels: false)
    default: nil
    }
  }

  // MARK: A row

  package mutating func setMissing(_ subject: Int) { columns.setMissing(subject) }
  package mutating func setInvalid(_ subject: Int) { columns.setInvalid(subject) }
  package mutating func setNumber(_ subject: Int, _ x: Double) { columns.setNumber(subject, x) }
  /// The category's text in its shortest form.
  package mutating func setCategory(_ subject: Int, _ text: UnsafeRawBufferPointer) {
    columns.setCategory(subject, text)
  }

  /// Completes a row whose subjects are all set.
  ///
  /// - Parameters:
  ///   - slices: of the version and segments that have a value; values without a profile are left out.
  ///   - output: the model's output, nil if missing or invalid.
  package mutating func commitRow(slices: [(segment: String, value: String)], output: ModelOutput?, label: LabelValue?)
  {
    let row = Int32(columns.count)
    let names = profiled(slices)
    for name in names { rowsBySlice[name, default: []].append(row) }
    if let performance, let output, let label, columns.isPresent(subjects.count - 1) {
      let row = PerformanceRow(output: output, label: label)
      performance.apply(row, to: &joined!)
      for name in names {
        performance.apply(row, to: &joinedSlices[name, default: CellBlock(performance.shape)])
      }
    }
    columns.commitRow()
    if columns.isFull { drain() }
  }

  /// Names of the slices that have a profile.
  private func profiled(_ slices: [(segment: String, value: String)]) -> [String] {
    slices.compactMap { segment, value in
      guard let profile = segments.first(where: { $0.name == segment }), profile.values.contains(value) else {
        return nil
      }
      return Slice.name(segment, value)
    }
  }

  /// A row that the model was not trained on: with any of them, performance and estimates are only of these rows, and
  /// nothing else of the baseline is.
  ///
  /// - Parameter slices: of the version and segments that have a value.
  package mutating func commitHeldOut(
    slices: [(segment: String, value: String)], output: ModelOutput?, label: LabelValue?
  ) {
    guard let performance, let output, let label else { return }
    if case .number(let x) = output, !x.isFinite || (monitor.task == .binary && !(0...1).contains(x)) { return }
    var block = heldOut ?? CellBlock(performance.shape)
    heldOut = nil
    let row = PerformanceRow(output: output, label: label)
    performance.apply(row, to: &block)
    heldOut = block
    for name in profiled(slices) {
      performance.apply(row, to: &heldOutSlices[name, default: CellBlock(performance.shape)])
    }
  }

  private mutating func drain() {
    guard columns.count > 0 else { return }
    let everything = (0..<Int32(columns.count)).map(\.self)
    everything.withUnsafeBufferPointer { columns.add(rows: $0, to: &all) }
    for (slice, rows) in rowsBySlice {
      rows.withUnsafeBufferPointer { columns.add(rows: $0, to: &slices[slice, default: CellBlock(layout.shape)]) }
    }
    rowsBySlice.removeAll(keepingCapacity: true)
    columns.removeAll()
  }

  // MARK: The result

  package mutating func finish() -> Baseline {
    drain()
    var found: [SubjectBaseline] = []
    for (subject, place) in zip(subjects, layout.subjects) {
      found.append(
        SubjectBaseline(
          name: subject.name, domain: subject.domain, cells: layout.cells(of: place, in: all), mean: subject.mean,
          standardDeviation: subject.standardDeviation))
    }
    let kept = slices.filter { $0.value.counts[DriftLayout.rows] >= Self.minimumSliceRows }
    var baseline = Baseline(
      monitor: monitor.name, task: monitor.task, rows: all.counts[DriftLayout.rows], subjects: found,
      segments: segments.filter { profile in monitor.segments.contains { $0.name == profile.name } },
      slices: kept.sorted { utf8Order($0.key, $1.key) }.map { name, block in
        let performance = performanceBaseline((heldOut == nil ? joinedSlices : heldOutSlices)[name])
        return SliceBaseline(
          slice: name, rows: block.counts[DriftLayout.rows],
          subjects: layout.subjects.map { layout.cells(of: $0, in: block) },
          performance: performance.flatMap { $0.labelled >= Self.minimumSliceRows ? $0 : nil })
      },
      classes: classes, performance: performanceBaseline(heldOut ?? joined),
      estimation: performance.flatMap { layout in
        (heldOut ?? joined).flatMap { EstimationBaseline(fitting: layout, $0, inSample: heldOut == nil) }
      })
    if monitor.task == .binary { baseline.performance?.threshold = monitor.threshold }
    baseline.identity = baseline.contentIdentity()
    if let performance, let block = heldOut ?? joined {
      outlyingLabels = PerformanceSummary(layout: performance, block: block, withImplied: false).outlying ?? 0
    }
    return baseline
  }

  private func performanceBaseline(_ block: CellBlock?) -> PerformanceBaseline? {
    guard let performance, let block else { return nil }
    let summary = PerformanceSummary(layout: performance, block: block, withImplied: false)
    guard summary.labelled > 0 else { return nil }
    var metrics: [String: Double] = [:]
    for (name, value) in summary.metrics.entries where Metric.named(name)?.family == .performance {
      if let value { metrics[name] = value }
    }
    return PerformanceBaseline(labelled: summary.labelled, inSample: heldOut == nil, metrics: metrics)
  }
}
