import LeewayStatistics

/// A monitor with its baseline, made ready to run: layouts, indices and the generation's name. Immutable and shared.
package final class MonitorPlan: Sendable {
  package let monitor: Monitor
  package let baseline: Baseline
  /// 16 hexadecimal digits: a hash of the baseline and of what in the monitor shapes panes and joins. Checks, alerts
  /// and retraining may change without starting again.
  package let definition: String
  /// What pairs of predictions and labels depend on; nil without labels.
  package let pairShape: PairShape?
  /// The text of the file that the monitor was read from; empty where there was none.
  package let source: String
  /// Where the plan stands among the monitor's generations. Before the ledger has been asked: as if it were the first.
  package let standing: GenerationStanding
  package let drift: DriftLayout
  /// nil without labels.
  package let performance: PerformanceLayout?
  /// Index of the model's output among the subjects.
  package let outputSubject: Int
  let categories: [CategoryIndex?]
  /// By slice, then parallel to the layout's subjects: what every comparison needs of the baseline, computed once.
  private let sides: [NameKey: [BaselineSide]]
  /// For every segment of the monitor: the values that have slices of their own, or nil where the baseline has no
  /// profile and the smallest hashes are kept.
  let segmentValues: [Set<NameKey>?]
  /// What the checks on errors name, ascending.
  let detectors: [DetectorKey]
  /// Those of `slices: each`.
  let detectorsOfEach: DetectorsOfEach?
  /// Groups that checks compare, each once.
  let fairness: [FairnessGroups]
  /// What checks measure from the first days of production.
  let references: ReferencePlan
  /// What checks on `shift` judge, in the order of the feeds: those that a check is on.
  package let shifts: [ShiftDesign]

  /// - Parameter source: the text of the monitor's file, which the ledger keeps for as long as its pairs wait for labels.
  /// - Throws: if the baseline was fitted for other features or another task.
  package init(monitor: Monitor, baseline: Baseline, source: String = "") throws(BaselineMismatch) {
    self.monitor = monitor
    self.baseline = baseline
    self.source = source
    func mismatch(_ reason: String) -> BaselineMismatch { BaselineMismatch(monitor: monitor.name, reason: reason) }
    guard baseline.monitor == monitor.name else {
      throw mismatch("it was fitted for monitor \(baseline.monitor)")
    }
    guard baseline.task == monitor.task else {
      throw mismatch("it was fitted for a \(baseline.task.rawValue) model, the monitor says \(monitor.task.rawValue)")
    }
    if let fitted = baseline.performance?.threshold, fitted != monitor.threshold {
      throw mismatch(
        "its performance was measured at threshold \(ShortestText.of(fitted)), the monitor says "
          + ShortestText.of(monitor.threshold))
    }
    var subjects: [(name: String, domain: SubjectDomain)] = []
    for feature in monitor.features {
      guard let subject = baseline.subject(named: feature.name) else {
        throw mismatch("it has no feature \(feature.name)")
      }
      let isNumeric = if case .numeric = subject.domain { true } else { false }
      guard isNumeric == (feature.kind == .numeric) else {
        throw mismatch(
          "feature \(feature.name) is \(isNumeric ? "numeric" : "categorical") there and \(feature.kind.rawValue) in the monitor"
        )
      }
      if let range = feature.range, case .numeric(let domain) = subject.domain,
        let low = domain.binning.knots.first, let high = domain.binning.knots.last,
        !range.contains(low) || !range.contains(high)
      {
        throw mismatch(
          "feature \(feature.name) goes from \(ShortestText.of(low)) to \(ShortestText.of(high)) there, and the monitor's range takes "
            + "\(ShortestText.of(range.lowerBound)) to \(ShortestText.of(range.upperBound))")
      }
      if !feature.emptyIsCategory, case .categorical(let domain) = subject.domain, domain.categories.contains("") {
        throw mismatch(
          "feature \(feature.name) has the empty text as a category there, and the monitor reads it as missing "
            + "(add empty: category, or fit the baseline again)")
      }
      subjects.append((feature.name, subject.domain))
    }
    guard let output = baseline.subject(named: monitor.outputName) else {
      throw mismatch("it has no \(monitor.outputName): the training file had no column for the model's output")
    }
    subjects.append((monitor.outputName, output.domain))
    drift = DriftLayout(subjects: subjects)
    outputSubject = subjects.count - 1
    categories = subjects.map { if case .categorical(let c) = $0.domain { CategoryIndex(c) } else { nil } }
    let positions = subjects.compactMap { subject in baseline.subjects.firstIndex { $0.name == subject.name } }
    func sides(_ cells: [SubjectCells]) -> [BaselineSide] {
      zip(positions, subjects).map { BaselineSide(domain: $1.domain, cells: cells[$0]) }
    }
    var bySlice = [NameKey(Slice.all): sides(baseline.subjects.map(\.cells))]
    for slice in baseline.slices { bySlice[NameKey(slice.slice)] = sides(slice.subjects) }
    self.sides = bySlice
    segmentValues = monitor.segments.map { segment in
      baseline.segments.first { $0.name == segment.name }.map {
        Set($0.values.prefix(monitor.maximumSegments).map(NameKey.init))
      }
    }
    performance = try monitor.labels.map { (labels) throws(BaselineMismatch) in
      var layout = PerformanceLayout(
        task: try Self.performanceTask(monitor, output: output, classes: baseline.classes),
        impliedLabels: labels.absent != nil, comparison: monitor.comparison)
      layout.estimation = baseline.estimation
      return layout
    }
    detectors = monitor.labels == nil ? [] : DetectorKey.all(of: monitor.checks)
    detectorsOfEach = monitor.labels == nil ? nil : DetectorsOfEach(monitor)
    fairness = monitor.checks.reduce(into: []) { found, check in
      if case .fairness(let groups) = check.on, !found.contains(groups) { found.append(groups) }
    }
    references = ReferencePlan(monitor, drift, performance)
    var shifts: [ShiftDesign] = []
    for feed in ShiftFeed.allCases {
      if let design = try ShiftDesign(feed, monitor, baseline, drift) { shifts.append(design) }
    }
    self.shifts = shifts
    definition = Self.definition(monitor, baseline.identity)
    pairShape = PairShape(monitor, baseline: baseline, output: output, segmentValues: segmentValues)
    standing = GenerationStanding(first: definition)
  }

  /// The same plan where the ledger has put it.
  package init(_ plan: MonitorPlan, standing: GenerationStanding) {
    monitor = plan.monitor
    baseline = plan.baseline
    source = plan.source
    definition = plan.definition
    pairShape = plan.pairShape
    drift = plan.drift
    performance = plan.performance
    outputSubject = plan.outputSubject
    categories = plan.categories
    sides = plan.sides
    segmentValues = plan.segmentValues
    detectors = plan.detectors
    detectorsOfEach = plan.detectorsOfEach
    fairness = plan.fairness
    references = plan.references
    shifts = plan.shifts
    self.standing = standing
  }

  /// The name under which the ledger keeps drift panes and their results.
  package var generation: String { standing.generation }

  /// The name under which it keeps waiting rows, performance panes, errors and their results: that of the generation in which
  /// the pairs began.
  package var pairs: String { standing.pairs }

  /// The name of a kind of panes.
  package func key(of kind: PaneKind) -> String { kind == .drift ? generation : pairs }

  private static func performanceTask(
    _ monitor: Monitor, output: SubjectBaseline, classes: [String]
  ) throws(BaselineMismatch) -> PerformanceLayout.Task {
    switch (monitor.task, output.domain) {
    case (.binary, .numeric(let domain)): return .binary(domain.binning, threshold: monitor.threshold)
    case (.multiclass, .categorical(let domain)):
      return .multiclass(classes.isEmpty ? domain.categories.prefix(100).sorted(by: utf8Order) : classes)
    case (.regression, .numeric(let domain)):
      return .regression(domain.fixedPoint, domain.binning)
    default: throw BaselineMismatch(monitor: monitor.name, reason: "the output's kind is not that of the task")
    }
  }

  /// Whether a partition is one of the monitor's streams as it is now. Rows of topics that it read once stay in the
  /// ledger.
  package func reads(_ key: PartitionKey, as role: StreamRole) -> Bool {
    guard key.monitor == monitor.name else { return false }
    return key.topic == (role == .predictions ? monitor.predictions.topic : monitor.labels?.topic)
  }

  /// The shape of a kind's blocks; nil where the monitor has none of them.
  package func shape(of kind: PaneKind) -> CellBlock.Shape? {
    switch kind {
    case .drift: drift.shape
    case .performance: performance?.shape
    // The cells are the same; what early ones never count stays 0 and is not stored.
    case .earlyPerformance: monitor.labels?.early == nil ? nil : performance?.shape
    }
  }

  /// What judges the checks on `shift` of a feed; nil where there are none.
  package func shift(_ feed: ShiftFeed) -> ShiftDesign? { shifts.first { $0.feed == feed } }

  /// What judges a check on `shift`; nil for others.
  package func shift(of check: Check) -> ShiftDesign? { ShiftFeed(check).flatMap(shift) }

  /// What checks on errors watch in a slice, ascending.
  func detectors(of slice: String) -> [DetectorKey] {
    let named = detectors.filter { $0.slice == NameKey(slice) }
    guard let detectorsOfEach, Slice.isSingle(slice) else { return named }
    let each = detectorsOfEach.methods.map { DetectorKey(method: $0, slice: slice) }
    return (named + each.filter { !named.contains($0) }).sorted()
  }

  /// What a subject of a slice is compared with: the slice's own part of the baseline where it has one, else the whole.
  func baselineSide(subject index: Int, slice: NameKey) -> (side: BaselineSide, against: Against) {
    let whole = NameKey(Slice.all)
    if slice != whole, let own = sides[slice] { return (own[index], .slice) }
    guard let all = sides[whole] else { preconditionFailure("a plan has the whole baseline") }
    return (all[index], .all)
  }

  /// What the rest of the rows is compared with where a slice is compared with its own part; the whole where it has none.
  func restOfBaseline(subject index: Int, slice: NameKey) -> BaselineSide {
    let (all, _) = baselineSide(subject: index, slice: NameKey(Slice.all))
    let (side, against) = baselineSide(subject: index, slice: slice)
    guard against == .slice else { return all }
    return BaselineSide(domain: drift.subjects[index].domain, cells: all.cells.less(side.cells))
  }

  /// Whether a limit that is measured from the baseline means something for a subject in a slice: the slice has a part of its
  /// own, or is everything. Features of a version are also held against the whole, since versions see the same traffic.
  func isJudged(subject index: Int, slice: String, against: Against) -> Bool {
    against == .slice || slice == Slice.all || (Slice.isOfVersion(slice) && index != outputSubject)
  }

  /// Subjects that have lines, series and verdicts in a slice, ascending: all but the feature whose value makes the slice, which
  /// is constant there by construction.
  func subjects(in slice: String) -> [Int] { Self.subjects(in: slice, monitor, count: drift.subjects.count) }

  /// - Parameter count: of subjects, the output last.
  static func subjects(in slice: String, _ monitor: Monitor, count: Int) -> [Int] {
    let field = segmentField(of: slice, monitor)
    return (0..<count).filter { $0 == count - 1 || field == nil || monitor.features[$0].field != field }
  }

  /// The field whose value makes a slice; nil for `all`.
  private static func segmentField(of slice: String, _ monitor: Monitor) -> FieldPath? {
    guard slice != Slice.all else { return nil }
    let segment = Slice.segment(slice)
    if segment == Slice.version { return monitor.predictions.version }
    return monitor.segments.first { $0.name == segment }?.field
  }

  /// What limits of performance in a slice are measured from: the slice's own training rows where there were at least 1,000
  /// with labels, else all.
  func performanceBaseline(slice: String) -> (performance: PerformanceBaseline, against: Against)? {
    if slice != Slice.all,
      let own = baseline.slices.first(where: { utf8Equal($0.slice, slice) })?.performance
    {
      return (own, .slice)
    }
    return baseline.performance.map { ($0, .all) }
  }

  /// A single field as it is written; several so that no other fields have the same text.
  static func text(_ id: [FieldPath]) -> String {
    guard id.count > 1 else { return id.first?.description ?? "" }
    return String(
      decoding: CanonicalJSON.bytes(of: .array(id.map { .string($0.description) })), as: UTF8.self)
  }

  private static func definition(_ monitor: Monitor, _ baseline: String) -> String {
    var w = JSONWriter()
    w.beginArray()
    for text in [
      monitor.name, monitor.task.rawValue, baseline, monitor.predictions.topic,
      Self.text(monitor.predictions.id), monitor.predictions.time.description,
      monitor.predictions.timeFormat.rawValue, monitor.predictions.version?.description ?? "",
      monitor.predictions.output.description, monitor.predictions.probabilities?.description ?? "",
    ] { w.string(text) }
    if let classes = monitor.predictions.classes { w.strings(classes) }
    if let rows = monitor.predictions.rows { w.string("rows \(rows)") }
    if monitor.predictions.isLenient { w.string("lenient") }
    if let schemas = monitor.predictions.schemas { w.string(schemas.text) }
    w.number(monitor.threshold)
    for span in [monitor.pane, monitor.lateness, monitor.skew] { w.number(span.milliseconds) }
    w.number(monitor.maximumSegments)
    for feature in monitor.features {
      w.string(feature.name)
      w.string(feature.kind.rawValue)
      w.string(feature.field.description)
      w.number(feature.range?.lowerBound ?? 0)
      w.number(feature.range?.upperBound ?? 0)
      w.string(feature.range == nil ? "" : "range")
      if feature.emptyIsCategory { w.string("empty") }
    }
    for segment in monitor.segments {
      w.string(segment.name)
      w.string(segment.field.description)
    }
    if let labels = monitor.labels {
      w.number(PerformanceLayout.version)
      for text in [
        labels.topic, Self.text(labels.id), labels.time.description, labels.timeFormat.rawValue,
        labels.value.description, labels.positive ?? "", labels.positive == nil ? "" : "positive",
      ] { w.string(text) }
      w.number(labels.horizon.milliseconds)
      switch labels.absent {
      case nil: w.null()
      case .number(let number): w.number(number)
      case .category(let name): w.string(name)
      }
      for condition in labels.conditions {
        w.string("where \(condition.field)")
        for value in condition.values { w.string(value) }
      }
      if labels.isShared { w.string("shared") }
      if let rows = labels.rows { w.string("rows \(rows)") }
      if let schemas = labels.schemas { w.string(schemas.text) }
      if labels.sample != 1 { w.number(labels.sample) }
      if let before = labels.labelBefore {
        w.string("label_before")
        w.number(before.milliseconds)
      }
      if let early = labels.early {
        w.string("early")
        w.number(early.milliseconds)
      }
    }
    if let comparison = monitor.comparison {
      w.string("compare")
      w.string(comparison.champion)
      w.string(comparison.challenger)
    }
    w.endArray()
    return String(SHA256.hash(w.bytes).hex.prefix(16))
  }
}

/// The baseline does not fit the monitor.
package struct BaselineMismatch: Error, Sendable, CustomStringConvertible {
  package var monitor: String
  package var reason: String
  package var description: String {
    "the baseline does not fit monitor \(monitor): \(reason). Fit it again: leeway baseline fit"
  }
}

/// One subject's baseline in the forms that comparisons take.
struct BaselineSide: Sendable {
  let cells: SubjectCells
  let present: Int64
  /// PSI bins, or categories with other and unseen apart (together where the baseline overflowed); then missing.
  let bins: [Int64]
  /// Numeric: ∫ √(F(1 − F)) dx, what chance makes of `wasserstein` follows from.
  let spread: Double
  /// Numeric: as in a line.
  let moments: (mean: Double, standardDeviation: Double)?

  init(domain: SubjectDomain, cells: SubjectCells) {
    self.cells = cells
    present = cells.present
    bins = cells.bins(domain)
    switch domain {
    case .numeric(let numeric):
      spread = DistanceNoise.spread(numeric.binning, cells.numericCells(numeric))
      moments = cells.moments(numeric)
    case .categorical:
      spread = 0
      moments = nil
    }
  }
}

/// Names of slices.
package enum Slice {
  /// Whether it is of one value, and neither everything nor what is left over.
  static func isSingle(_ name: String) -> Bool { name != all && !name.hasSuffix("=" + otherValue) }

  package static let all = "all"
  package static let otherValue = "__other__"

  /// `version=v2`, `country=DE`.
  package static func name(_ segment: String, _ value: String) -> String { "\(segment)=\(value)" }
  /// The segment name of versions.
  package static let version = "version"

  /// What is in front of the value; of `all` itself.
  package static func segment(_ name: String) -> String {
    String(decoding: name.utf8.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  /// Whether it is one version's.
  package static func isOfVersion(_ name: String) -> Bool { name.utf8.starts(with: "version=".utf8) }

  /// Slices that are kept whatever the caps say: without them there is nothing to compare.
  static func reserved(_ monitor: Monitor) -> Set<NameKey> {
    guard let comparison = monitor.comparison else { return [] }
    return Set([comparison.champion, comparison.challenger].map { NameKey(name(version, $0)) })
  }
}

/// Order by UTF-8 bytes.
@inlinable
package func utf8Order(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

/// Equal by UTF-8 bytes, as names from outside are: `==` also takes for equal what only looks alike.
@inlinable
package func utf8Equal(_ a: String, _ b: String) -> Bool { a == b && a.utf8.elementsEqual(b.utf8) }
