/// One round's part in the references from production: which of them still learn, and what the panes that nothing changes any
/// more add to them. Each pane is taken once, in the order of time, so a reference is a function of nothing but the panes, whoever
/// takes them and in how many rounds.
struct ReferenceTaking {
  private let plan: MonitorPlan
  /// For this generation's panes.
  private let source: ReferenceSource
  /// As stored, and as this round leaves them.
  private(set) var records: [SliceKey: ReferenceRecord] = [:]
  /// What this round adds.
  private var added: [SliceKey: CellBlock] = [:]
  /// Begun in this round, whatever is stored under their key.
  private var begun: Set<SliceKey> = []
  private var changed: Set<SliceKey> = []
  /// How many references there are of a hash, `all` aside.
  private var slicesOf: [String: Int] = [:]

  /// nil where no check is measured from production.
  init?(plan: MonitorPlan, in reader: any LedgerReader) throws {
    guard !plan.references.isEmpty else { return nil }
    self.plan = plan
    source = ReferenceSource(plan)
    let asked = plan.references.all
    for record in try reader.references(monitor: plan.monitor.name) where asked.contains(record.key.hash) {
      records[record.key] = record
      slicesOf[record.key.hash, default: 0] += 1
    }
  }

  /// Up to where drift panes can be taken: they are final, or all that has come for a day says that a silent partition stays
  /// silent. One that never had a message would else keep every reference from being full.
  static func driftThrough(_ progress: EvaluationProgress) -> EventTime {
    max(
      progress.finalThrough, progress.closedThrough == .distantPast ? .distantPast : progress.closedThrough - .days(1))
  }

  /// Takes the drift panes between two rounds.
  ///
  /// - Parameters:
  ///   - before: up to where the round before has taken them, as its progress says; −∞ at a generation's first round.
  ///   - through: up to where this one does.
  ///   - kept: panes from here on have not been reclaimed.
  mutating func takeDrift(
    after before: EventTime, through: EventTime, keptFrom kept: EventTime, in reader: any LedgerReader
  ) throws {
    guard through > .earliestWritable else { return }
    try take(
      .drift, of: source, after: before, through: through.floor(to: plan.monitor.pane), keptFrom: kept,
      WindowMerge(.drift, plan: plan, shape: plan.drift.shape), in: reader)
  }

  /// Takes the panes of a stage of performance between two rounds, as `takeDrift` does.
  ///
  /// - Parameters:
  ///   - begins: the pairs' first pane. Up to there the pairs before them take theirs, which come to an end before any of these
  ///     is mature; what had not been taken by then never will be, and begins again.
  ///   - until: where pairs that drain end; nil for those of the current generation.
  mutating func takePerformance(
    _ stage: Stage, after before: EventTime, through: EventTime, begins: EventTime, until: EventTime?,
    keptFrom kept: EventTime, in reader: any LedgerReader
  ) throws {
    guard through > .earliestWritable, through > begins, let shape = plan.shape(of: stage.panes) else { return }
    for record in records.values
    where kindOf(record.key) == stage.panes && !record.isFull && record.through < begins {
      forget(record.key)
    }
    let isLast = until.map { through >= $0 } ?? false
    try take(
      stage.panes, of: nil, after: before, through: isLast ? through : through.floor(to: plan.monitor.pane),
      keptFrom: kept, WindowMerge(stage.panes, plan: plan, shape: shape), in: reader)
  }

  /// Takes the last drift panes of earlier generations, which nothing changes any more, where they count alike. What cannot be
  /// gone on with begins again.
  ///
  /// - Parameter sources: of the generations since this was done last, the oldest first.
  mutating func takeOver(_ sources: [ReferenceSource], in reader: any LedgerReader) throws {
    guard !sources.isEmpty else { return }
    let generations = try reader.generations(of: plan.monitor.name)
    for (record, next) in zip(generations, generations.dropFirst()) {
      guard let old = sources.first(where: { $0.generation == record.generation }) else { continue }
      let learning = records.values.filter { old.places[$0.key.hash] != nil && !$0.isFull }
      try take(
        .drift, of: old, after: learning.map(\.through).min() ?? .distantPast, through: next.startsAt,
        keptFrom: .distantPast, WindowMerge(plan, of: old), in: reader)
    }
    guard let startsAt = generations.last?.startsAt else { return }
    for record in records.values where kindOf(record.key) == .drift && !record.isFull && record.through < startsAt {
      forget(record.key)
    }
  }

  private mutating func take(
    _ kind: PaneKind, of source: ReferenceSource?, after before: EventTime, through end: EventTime,
    keptFrom kept: EventTime, _ merge: WindowMerge, in reader: any LedgerReader
  ) throws {
    let pane = source?.pane ?? plan.monitor.pane
    let begin = before > .earliestWritable ? before.floor(to: pane) : .distantPast
    let learning = learning(kind, from: begin, keptFrom: kept)
    let first = min(begin, learning.map(\.through).min() ?? begin)
    if !learning.isEmpty || mayBegin(kind) {
      var askedFor: [NameKey: [ReferenceSubject]] = [:]
      var merge = merge
      for start in try reader.paneStarts(
        kind, monitor: plan.monitor.name, generation: merge.generation, in: first..<max(first, end))
      {
        // Pane by pane, so that which slices are left out is a matter of the pane's rows and not of how many writers it has.
        try merge.move(to: start..<start + pane, in: reader)
        // A day that a monitor leaves out of its windows would be passed over here.
        for (slice, block) in try merge.view().sorted(by: { utf8Order($0.key.name, $1.key.name) })
        where block.counts[kind == .drift ? DriftLayout.rows : PerformanceLayout.predictions] > 0 {
          let asked = askedFor[slice] ?? plan.references(kind, in: slice.name)
          askedFor[slice] = asked
          var taken: Set<SliceKey> = []
          for subject in asked {
            // Two features of one field and the same bins are one reference.
            guard let key = plan.references.key(subject, slice: slice.name), taken.insert(key).inserted else {
              continue
            }
            take(block, of: subject, key, at: source?.places[key.hash], pane: start, isNew: start >= begin)
          }
        }
      }
    }
    for key in records.keys.filter({ kindOf($0) == kind && (kind != .drift || source?.places[$0.hash] != nil) }) {
      guard let record = records[key], !record.isFull, record.through < min(end, record.ends) else { continue }
      records[key]?.through = min(end, record.ends)
      changed.insert(key)
    }
  }

  private mutating func take(
    _ block: CellBlock, of subject: ReferenceSubject, _ key: SliceKey, at place: ReferenceSource.Place?,
    pane: EventTime, isNew: Bool
  ) {
    guard let shape = plan.references.shape(subject) else { return }
    if case .drift = subject.counts, place == nil { return }
    if records[key] == nil {
      guard isNew, slicesOf[key.hash, default: 0] < plan.references.limit else { return }
      let length = plan.monitor.pane
      let end = (pane + subject.span).floor(to: length)
      records[key] = ReferenceRecord(
        key: key, begins: pane, ends: end < pane + subject.span ? end + length : end, through: pane, usedAt: pane)
      slicesOf[key.hash, default: 0] += 1
      begun.insert(key)
      changed.insert(key)
    }
    guard let record = records[key], pane >= record.through, pane < record.ends else { return }
    if case .drift(let i) = subject.counts, let place {
      plan.references.add(block, of: i, at: place, to: &added[key, default: CellBlock(shape)])
    } else {
      plan.references.add(block, to: &added[key, default: CellBlock(shape)])
    }
    changed.insert(key)
  }

  /// Those that are not full. One that was not asked for in between goes on if the panes since are still there, and else
  /// begins again: with a hole it would not be what it says.
  private mutating func learning(_ kind: PaneKind, from begin: EventTime, keptFrom kept: EventTime) -> [ReferenceRecord]
  {
    var out: [ReferenceRecord] = []
    for record in records.values where !record.isFull && kindOf(record.key) == kind {
      if record.through < begin, record.through < kept {
        forget(record.key)
      } else {
        out.append(record)
      }
    }
    return out
  }

  private mutating func forget(_ key: SliceKey) {
    records[key] = nil
    added[key] = nil
    changed.remove(key)
    slicesOf[key.hash, default: 1] -= 1
  }

  /// Whether a slice without a reference may come: not where checks name their slices and all of them have one.
  private func mayBegin(_ kind: PaneKind) -> Bool {
    plan.references.subjects.contains { subject in
      guard subject.panes == kind else { return false }
      return plan.monitor.checks.contains { check in
        guard plan.asks(check, for: subject) else { return false }
        return switch check.slices {
        case .each: true
        case .all: lacks(subject, Slice.all, kind)
        case .listed(let names): names.contains { lacks(subject, $0, kind) }
        }
      }
    }
  }

  private func lacks(_ subject: ReferenceSubject, _ slice: String, _ kind: PaneKind) -> Bool {
    guard let key = plan.references.key(subject, slice: slice), records[key] == nil else { return false }
    return plan.references(kind, in: slice).contains(subject)
  }

  private func kindOf(_ key: SliceKey) -> PaneKind? { plan.references.kind(ofHash: key.hash) }

  // MARK: Storing

  /// What is to be committed: all that this round has changed, with what it adds to the stored sums.
  ///
  /// - Parameter at: event time of the round, for when references were last asked for.
  mutating func finish(at time: EventTime, in reader: any LedgerReader) throws -> [ReferenceRecord] {
    for (key, record) in records where time > .earliestWritable && record.usedAt < time - .days(1) {
      records[key]?.usedAt = time
      changed.insert(key)
    }
    let known = added.keys.filter { !begun.contains($0) }
    let stored = try reader.referenceBlocks(monitor: plan.monitor.name, keys: known)
    let before = Dictionary(uniqueKeysWithValues: zip(known, stored))
    for (key, sum) in added {
      var sum = sum
      if let bytes = before[key] ?? nil, !bytes.isEmpty { try sum.merge(encoded: bytes) }
      records[key]?.block = sum.encoded()
    }
    for key in begun where records[key]?.block == nil { records[key]?.block = [] }
    return changed.compactMap { records[$0] }.sorted { SliceKey.precedes($0.key, $1.key) }
  }
}
