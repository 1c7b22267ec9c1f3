import LeewayStatistics

/// What windows are measured from where it is not the baseline, for one subject of one slice: full references, or why there is
/// none yet.
enum Reference<Value> {
  case full(Value)
  case learning(Shortfall)
}

/// References as one round finds and leaves them. Whether one is full for a window is a matter of the window's end, and not of
/// how far the round has come.
struct FrozenReferences {
  private let plan: MonitorPlan
  private let records: [SliceKey: ReferenceRecord]
  /// Blocks of this round that are not committed yet.
  private let fresh: [SliceKey: [UInt8]]
  private let slicesOf: [String: Int]
  private let cache: ReferenceCache
  private var sides: [SliceKey: BaselineSide] = [:]
  private var blocks: [SliceKey: CellBlock] = [:]
  private var summaries: [SliceKey: PerformanceSummary] = [:]

  /// - Parameters:
  ///   - records: of the monitor, as they are after the round's taking.
  ///   - fresh: those that the round has changed, with their blocks.
  init(plan: MonitorPlan, records: [ReferenceRecord], fresh: [ReferenceRecord], cache: ReferenceCache) {
    self.plan = plan
    self.records = Dictionary(records.map { ($0.key, $0) }) { _, last in last }
    self.fresh = Dictionary(fresh.compactMap { record in record.block.map { (record.key, $0) } }) { _, last in last }
    slicesOf = records.reduce(into: [:]) { $0[$1.key.hash, default: 0] += 1 }
    self.cache = cache
    cache.enter(monitor: plan.monitor.name, generation: plan.generation)
  }

  /// As stored; for readers that take nothing.
  init(plan: MonitorPlan, in reader: any LedgerReader) throws {
    let records = plan.references.isEmpty ? [] : try reader.references(monitor: plan.monitor.name)
    self.init(plan: plan, records: records, fresh: [], cache: ReferenceCache(limitBytes: 0))
  }

  /// What a window that ends at `end` has of a subject's first days in a slice.
  private func state(_ subject: ReferenceSubject, _ slice: String, _ end: EventTime) -> Reference<SliceKey> {
    guard let key = plan.references.key(subject, slice: slice), let record = records[key] else {
      let key = plan.references.key(subject, slice: slice)
      if let key, slicesOf[key.hash, default: 0] >= plan.references.limit {
        return .learning(Shortfall(.reference, [("slices", .count(Int64(plan.references.limit)))]))
      }
      return .learning(Self.shortfall(.zero, of: subject.span))
    }
    guard record.isFull, end >= record.ends else {
      // How far the window is, and not how far the round has come, which is another thing in a replay.
      let reached = end < record.ends ? end : record.through
      return .learning(Self.shortfall(reached - record.begins, of: subject.span))
    }
    return .full(key)
  }

  /// `days` of `needed` days.
  private static func shortfall(_ reached: TimeSpan, of span: TimeSpan) -> Shortfall {
    func days(_ span: TimeSpan) -> Double { Double(span.milliseconds) / Double(TimeSpan.days(1).milliseconds) }
    return Shortfall(
      .reference, [("days", .value(days(max(.zero, min(reached, span))))), ("needed", .value(days(span)))])
  }

  // MARK: Drift

  /// What the checks on a window measure its slices and subjects from.
  mutating func drift(_ view: WindowView, in reader: any LedgerReader) throws -> [DriftReferenceKey: Reference<
    DriftReference
  >] {
    let checks = plan.monitor.checks.filter { $0.isOn(view.definition) }
    let subjects = plan.references.subjects.filter { $0.panes == .drift }
    guard !subjects.isEmpty else { return [:] }
    var found: [DriftReferenceKey: Reference<DriftReference>] = [:]
    var full: [(place: DriftReferenceKey, subject: ReferenceSubject, key: SliceKey, isCompared: Bool)] = []
    for slice in view.drift.keys {
      let own = plan.subjects(in: slice.name)
      for subject in subjects {
        guard case .drift(let i) = subject.counts, own.contains(i) else { continue }
        let asking = checks.filter { $0.isOn(slice: slice.name) && plan.asks($0, for: subject) }
        guard !asking.isEmpty else { continue }
        let place = DriftReferenceKey(slice: slice, subject: i, span: subject.span)
        switch state(subject, slice.name, view.end) {
        case .learning(let why): found[place] = .learning(why)
        case .full(let key): full.append((place, subject, key, asking.contains { $0.metric.family == .distance }))
        }
      }
    }
    try load(full.map { ($0.key, $0.subject) }, in: reader)
    for (place, _, key, isCompared) in full {
      guard let side = sides[key], let record = records[key] else { continue }
      let subject = plan.drift.subjects[place.subject]
      let window = view.drift[place.slice].map { plan.drift.cells(of: subject, in: $0) }
      found[place] = .full(
        DriftReference(
          side: side, begins: record.begins, ends: record.ends,
          comparison: isCompared
            ? window.map {
              DriftComparison(
                domain: subject.domain, baseline: side,
                baselineDeviation: plan.baseline.subject(named: subject.name)?.standardDeviation, window: $0)
            } : nil))
    }
    return found
  }

  // MARK: Performance

  /// The performance of the first days, in the slices that some check on a window is measured from there.
  mutating func performance(_ view: WindowView, in reader: any LedgerReader) throws -> [PerformanceReferenceKey:
    Reference<
      PerformanceSummary
    >]
  {
    var found: [PerformanceReferenceKey: Reference<PerformanceSummary>] = [:]
    var full: [(place: PerformanceReferenceKey, subject: ReferenceSubject, key: SliceKey)] = []
    let checks = plan.monitor.checks.filter { $0.isOn(view.definition) }
    for subject in plan.references.subjects where subject.counts == .performance(view.stage) {
      for slice in view.performance.keys {
        guard checks.contains(where: { $0.isOn(slice: slice.name) && plan.asks($0, for: subject) }) else { continue }
        let place = PerformanceReferenceKey(slice: slice, span: subject.span)
        switch state(subject, slice.name, view.end) {
        case .learning(let why): found[place] = .learning(why)
        case .full(let key): full.append((place, subject, key))
        }
      }
    }
    try load(full.map { ($0.key, $0.subject) }, in: reader)
    for (place, _, key) in full {
      guard let block = blocks[key], let layout = plan.references.performance else { continue }
      let summary =
        summaries[key]
        ?? PerformanceSummary(
          layout: layout, block: block, withImplied: view.stage == .final,
          longestDelay: plan.monitor.labels?.longestDelay(at: view.stage))
      summaries[key] = summary
      found[place] = .full(summary)
    }
    return found
  }

  // MARK: Reading

  /// Reads the blocks of full references that are not at hand, all at once.
  private mutating func load(_ wanted: [(key: SliceKey, subject: ReferenceSubject)], in reader: any LedgerReader)
    throws
  {
    var missing: [(key: SliceKey, subject: ReferenceSubject)] = []
    for (key, subject) in wanted where sides[key] == nil && blocks[key] == nil {
      guard let record = records[key] else { continue }
      if let bytes = fresh[key] {
        try take(bytes, of: subject, key)
      } else if let side = cache.side(record, monitor: plan.monitor.name) {
        sides[key] = side
      } else {
        missing.append((key, subject))
      }
    }
    guard !missing.isEmpty else { return }
    let stored = try reader.referenceBlocks(monitor: plan.monitor.name, keys: missing.map(\.key))
    for ((key, subject), bytes) in zip(missing, stored) {
      try take(bytes ?? [], of: subject, key)
      if let side = sides[key], let record = records[key] { cache.keep(side, record, monitor: plan.monitor.name) }
    }
  }

  private mutating func take(_ bytes: [UInt8], of subject: ReferenceSubject, _ key: SliceKey) throws {
    guard let shape = plan.references.shape(subject) else { return }
    var block = CellBlock(shape)
    if !bytes.isEmpty { try block.merge(encoded: bytes) }
    switch subject.counts {
    case .drift(let i):
      guard let cells = plan.references.cells(i, in: block) else { return }
      sides[key] = BaselineSide(domain: plan.drift.subjects[i].domain, cells: cells)
    case .performance: blocks[key] = block
    }
  }
}

/// For one window.
struct DriftReferenceKey: Hashable, Sendable {
  var slice: NameKey
  var subject: Int
  var span: TimeSpan
}

/// For one window and stage.
struct PerformanceReferenceKey: Hashable, Sendable {
  var slice: NameKey
  var span: TimeSpan
}

/// A subject's first days of production, and a window beside them.
struct DriftReference {
  let side: BaselineSide
  let begins: EventTime
  let ends: EventTime
  /// nil where no check on the window is on a distance.
  let comparison: DriftComparison?

  /// The days' own value of a ratio or level; nil for other metrics.
  func value(_ metric: Metric) -> Double? { side.value(metric) }
}
