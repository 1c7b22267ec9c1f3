import LeewayStatistics

/// One thing that is summed over the first days of production, in every slice of its own.
struct ReferenceSubject: Hashable, Sendable {
  enum Counts: Hashable, Sendable {
    /// Index of the subject among the layout's.
    case drift(Int)
    case performance(Stage)
  }

  var counts: Counts
  /// How many days of event time it takes from the first pane with rows on.
  var span: TimeSpan

  /// The panes that it is summed from.
  var panes: PaneKind {
    switch counts {
    case .drift: .drift
    case .performance(let stage): stage.panes
    }
  }

  /// As a check says it, and as its verdicts do: `first 30d`.
  static func name(_ span: TimeSpan) -> String { "first \(span)" }
}

extension Check {
  /// The first days of production that a stage's verdicts are measured from; nil where they are measured from the baseline or
  /// from nothing.
  ///
  /// - Parameter size: of the check's window.
  func firstDays(at stage: Stage, size: TimeSpan) -> TimeSpan? {
    guard case .first(let span) = reference(at: stage, size: size), on != .comparison else { return nil }
    let isMeasured =
      switch metric.family {
      case .distance: true
      case .ratio, .level, .estimate, .performance: limits.contains { $0.limit.isRelative }
      case .shift, .traffic, .detector, .fairness: false
      }
    return isMeasured ? span : nil
  }
}

/// What a monitor's checks measure from the first days of production, and under which keys the ledger keeps it.
///
/// A key is a hash of what the counts mean (field, type, bins, the segment's field, length) and of nothing else: whatever else
/// of a monitor is edited, what has been learnt stays.
struct ReferencePlan: Sendable {
  private(set) var subjects: [ReferenceSubject] = []
  /// Their lengths, ascending.
  var spans: [TimeSpan] { Set(subjects.map(\.span)).sorted() }
  /// By subject, then by segment (`all` and `version` among them).
  private var hashes: [ReferenceSubject: [String: String]] = [:]
  private var kinds: [String: PaneKind] = [:]
  /// A block of a single subject, by its index.
  private var single: [Int: DriftLayout] = [:]
  /// For performance, without what two compared versions add behind it.
  let performance: PerformanceLayout?
  /// For one segment as many values have references, those that come first: each costs state.
  let limit: Int

  /// Values come and go, and what has begun stays.
  private static let valuesPerSegment = 10

  init(_ monitor: Monitor, _ drift: DriftLayout, _ performance: PerformanceLayout?) {
    limit = monitor.maximumSegments * Self.valuesPerSegment
    if let layout = performance {
      var plain = PerformanceLayout(task: layout.task, impliedLabels: layout.hasImpliedLabels)
      plain.estimation = layout.estimation
      self.performance = plain
    } else {
      self.performance = nil
    }
    for check in monitor.checks {
      guard let size = check.window(of: monitor)?.size else { continue }
      for stage in Stage.allCases where stage == .final || (monitor.labels?.early != nil && check.isJudged(at: .early))
      {
        guard let span = check.firstDays(at: stage, size: size) else { continue }
        for counts in Self.counts(check, stage, drift, monitor.outputName) {
          let subject = ReferenceSubject(counts: counts, span: span)
          if !subjects.contains(subject) { subjects.append(subject) }
        }
      }
    }
    for subject in subjects {
      if case .drift(let i) = subject.counts {
        single[i] = DriftLayout(subjects: [(drift.subjects[i].name, drift.subjects[i].domain)])
      }
      var segments = [Slice.all: "", Slice.version: monitor.predictions.version?.description ?? ""]
      for segment in monitor.segments { segments[segment.name] = segment.field.description }
      let found = segments.mapValues { Self.hash(subject, ofSegment: $0, monitor, drift, performance) }
      hashes[subject] = found
      for hash in found.values { kinds[hash] = subject.panes }
    }
  }

  var isEmpty: Bool { subjects.isEmpty }

  /// Every hash that a check asks for.
  var all: Set<String> { Set(kinds.keys) }

  /// For every segment.
  func hashes(of subject: ReferenceSubject) -> [String] { hashes[subject].map { Array($0.values) } ?? [] }

  /// nil for a slice of a segment that the monitor has not.
  func key(_ subject: ReferenceSubject, slice: String) -> SliceKey? {
    hashes[subject]?[Slice.segment(slice)].map { SliceKey(hash: $0, slice: slice) }
  }

  /// The panes that what has a hash is summed from; nil for a hash that no check asks for.
  func kind(ofHash hash: String) -> PaneKind? { kinds[hash] }

  /// For a reference's block.
  func shape(_ subject: ReferenceSubject) -> CellBlock.Shape? {
    switch subject.counts {
    case .drift(let i): single[i]?.shape
    case .performance: performance?.shape
    }
  }

  /// Adds what a pane's block has of a subject of drift.
  ///
  /// - Parameter place: where the block has it.
  func add(_ pane: CellBlock, of subject: Int, at place: ReferenceSource.Place, to sum: inout CellBlock) {
    guard let own = single[subject]?.subjects.first else { return }
    sum.counts[DriftLayout.rows] &+= pane.counts[DriftLayout.rows]
    for n in 0..<own.cells + (own.isNumeric ? 3 : 2) {
      sum.counts[own.firstCount + n] &+= pane.counts[place.counts + n]
    }
    guard own.isNumeric else { return }
    for n in 0..<(own.cells + 1) / 2 { sum.sums[own.firstSum + n] &+= pane.sums[place.sums + n] }
    sum.squares[own.square] += pane.squares[place.square]
  }

  /// Adds a pane's performance, without what two compared versions add behind it.
  func add(_ pane: CellBlock, to sum: inout CellBlock) {
    for n in sum.counts.indices { sum.counts[n] &+= pane.counts[n] }
    for n in sum.sums.indices { sum.sums[n] &+= pane.sums[n] }
    for n in sum.squares.indices { sum.squares[n] += pane.squares[n] }
  }

  /// The counts of a subject's reference.
  func cells(_ subject: Int, in block: CellBlock) -> SubjectCells? {
    single[subject].flatMap { layout in layout.subjects.first.map { layout.cells(of: $0, in: block) } }
  }

  // MARK: What checks ask for

  private static func counts(_ check: Check, _ stage: Stage, _ drift: DriftLayout, _ output: String)
    -> [ReferenceSubject.Counts]
  {
    let subjects = drift.subjects.indices
    switch check.metric.family {
    case .performance: return [.performance(stage)]
    // From what the model put out.
    case .estimate:
      return stage == .final ? subjects.filter { $0 == subjects.last }.map { .drift($0) } : []
    default:
      return stage == .final
        ? subjects.filter { check.names(drift.subjects[$0], isOutput: $0 == subjects.last) }.map { .drift($0) } : []
    }
  }

  // MARK: Keys

  private static func hash(
    _ subject: ReferenceSubject, ofSegment field: String, _ monitor: Monitor, _ drift: DriftLayout,
    _ performance: PerformanceLayout?
  ) -> String {
    var w = JSONWriter()
    w.beginArray()
    w.number(subject.span.milliseconds)
    w.string(field)
    switch subject.counts {
    case .drift(let i):
      w.string("drift")
      let isOutput = i == drift.subjects.count - 1
      let feature = isOutput ? nil : monitor.features[i]
      w.string((feature?.field ?? monitor.predictions.output).description)
      w.string(feature?.kind.rawValue ?? monitor.task.rawValue)
      // Which values are valid is a part of the type.
      if let range = feature?.range {
        w.number(range.lowerBound)
        w.number(range.upperBound)
      }
      write(drift.subjects[i].domain, to: &w)
    case .performance(let stage):
      w.string("performance")
      w.number(PerformanceLayout.version)
      for text in [
        stage.rawValue, monitor.task.rawValue, monitor.predictions.output.description,
        monitor.predictions.probabilities?.description ?? "",
      ] { w.string(text) }
      w.number(monitor.threshold)
      if let labels = monitor.labels { write(labels, stage, to: &w) }
      if let output = drift.subjects.last { write(output.domain, to: &w) }
      if case .multiclass(let classes)? = performance?.task { w.strings(classes) }
    }
    w.endArray()
    return String(SHA256.hash(w.bytes).hex.prefix(32))
  }

  private static func write(_ labels: LabelStream, _ stage: Stage, to w: inout JSONWriter) {
    w.string(labels.value.description)
    if let positive = labels.positive { w.string(positive) } else { w.null() }
    w.number((stage == .early ? labels.early ?? .zero : labels.horizon).milliseconds)
    switch labels.absent {
    case nil: w.null()
    case .number(let number): w.number(number)
    case .category(let name): w.string(name)
    }
    for condition in labels.conditions {
      w.string(condition.field.description)
      w.strings(condition.values)
    }
  }

  private static func write(_ domain: SubjectDomain, to w: inout JSONWriter) {
    switch domain {
    case .numeric(let numeric):
      for numbers in [numeric.binning.knots, numeric.binning.cuts] {
        w.beginArray()
        for number in numbers { w.number(number) }
        w.endArray()
      }
      w.number(numeric.fixedPoint.origin)
      w.number(Int64(numeric.fixedPoint.exponent))
    case .categorical(let categorical):
      w.strings(categorical.categories)
      w.strings(categorical.otherHashes.map { String($0, radix: 16) })
      w.bool(categorical.overflowed)
    }
  }
}

extension Check {
  /// Whether it is on a subject of drift.
  func names(_ subject: DriftLayout.Subject, isOutput: Bool) -> Bool {
    if metric.numericOnly, !subject.isNumeric { return false }
    return switch on {
    case .features(let except): !isOutput && !except.contains(subject.name)
    case .named(let names): names.contains(subject.name)
    case .output: isOutput
    case .performance, .errors, .fairness, .traffic, .comparison: false
    }
  }

  /// Whether it is on a slice that there is. Values without a slice of their own are left out.
  package func isOn(slice: String) -> Bool {
    guard slice == Slice.all || Slice.isSingle(slice) else { return false }
    return switch slices {
    case .all: slice == Slice.all
    case .each: true
    case .listed(let names): names.contains { utf8Equal($0, slice) }
    }
  }
}

extension MonitorPlan {
  /// Whether a check measures a subject from the first days of production, in the slices that it is on.
  func asks(_ check: Check, for subject: ReferenceSubject) -> Bool {
    guard let size = check.window(of: monitor)?.size else { return false }
    switch subject.counts {
    case .performance(let stage):
      return check.metric.family == .performance && check.isJudged(at: stage)
        && check.firstDays(at: stage, size: size) == subject.span
    case .drift(let i):
      guard check.metric.family != .performance, check.firstDays(at: .final, size: size) == subject.span else {
        return false
      }
      let isOutput = i == outputSubject
      return check.metric.family == .estimate ? isOutput : check.names(drift.subjects[i], isOutput: isOutput)
    }
  }

  /// What some check measures from the first days of a slice, of one kind of panes.
  func references(_ kind: PaneKind, in slice: String) -> [ReferenceSubject] {
    let own = subjects(in: slice)
    return references.subjects.filter { subject in
      if case .drift(let i) = subject.counts, !own.contains(i) { return false }
      return subject.panes == kind && monitor.checks.contains { $0.isOn(slice: slice) && asks($0, for: subject) }
    }
  }
}
