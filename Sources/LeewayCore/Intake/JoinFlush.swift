/// The joins of one monitor's flush. New predictions go to the pairs of its current generation; labels go there and to the pairs of
/// superseded ones that wait for them.
struct JoinFlush {
  private let flush: MonitorFlush
  private let monitor: String
  private let current: PairsFlush
  /// The oldest first, as every writer locks them.
  private let draining: [PairsFlush]

  init(_ flush: MonitorFlush, in tx: any LedgerWriter) throws {
    self.flush = flush
    monitor = flush.plan.monitor.name
    current = PairsFlush(flush)
    let superseded = flush.plan.standing.draining
    // Some may have come to their end since this writer began.
    let stored =
      superseded.isEmpty ? [] : try Set(Generations.superseded(tx.generations(of: monitor)).map(\.record.pairs))
    draining = superseded.filter { stored.contains($0.plan.pairs) }
      .map { PairsFlush(MonitorFlush(plan: $0.plan, writer: flush.writer)) }
  }

  /// One id's part of the flush.
  private struct Part {
    var id: [UInt8]
    var changes: [JoinChange]
    /// Where each change was read, parallel to `changes`.
    var sources: [(key: PartitionKey, offset: Int64)]
    var hasPredictions: Bool
    var labels: [JoinChange] {
      changes.filter { if case .label = $0 { true } else { false } }
    }
  }

  func commit(_ partitions: [PartitionIntake], in tx: any LedgerWriter, report: inout FlushReport) throws -> JoinCounts
  {
    var counts = JoinCounts()
    let parts = try parts(partitions)
    guard !parts.isEmpty else { return counts }
    var outcome = PairsOutcome(current)
    if draining.isEmpty {
      let ids = parts.map(\.id)
      for (part, stored) in zip(parts, try current.lock(ids, in: tx)) {
        let before = counts.implausible
        let state = outcome.apply(part.changes, to: part.id, try JoinState(stored: stored), counts: &counts)
        if counts.implausible > before { note(implausible: part, state, current.join.lead, &report) }
      }
    } else {
      try commit(parts, &outcome, &counts, in: tx, report: &report)
    }
    try outcome.commit(in: tx, report: &report)
    return counts
  }

  /// In id order, which is the order of locking; within one id the merge is commutative.
  private func parts(_ partitions: [PartitionIntake]) throws -> [Part] {
    var log: [(id: [UInt8], partition: Int, entry: Int)] = []
    for (p, partition) in partitions.enumerated() {
      partition.joins.forEachID { i, id in log.append((Array(id), p, i)) }
    }
    log.sort { $0.id.lexicographicallyPrecedes($1.id) }
    var parts: [Part] = []
    for entry in log {
      let change = try partitions[entry.partition].joins.change(entry.entry)
      if parts.last?.id != entry.id {
        parts.append(Part(id: entry.id, changes: [], sources: [], hasPredictions: false))
      }
      parts[parts.count - 1].changes.append(change)
      let partition = partitions[entry.partition]
      parts[parts.count - 1].sources.append((partition.key, partition.joins.offset(entry.entry)))
      if case .prediction = change { parts[parts.count - 1].hasPredictions = true }
    }
    return parts
  }

  /// While superseded pairs wait. A label goes to every row of its id that has a prediction; without any it is parked with the current
  /// pairs. An id's first row among the current pairs begins with the labels that an older row has: they may have come before
  /// this prediction.
  private func commit(
    _ parts: [Part], _ outcome: inout PairsOutcome, _ counts: inout JoinCounts, in tx: any LedgerWriter,
    report: inout FlushReport
  ) throws {
    let ids = parts.map(\.id)
    var older: [[JoinState?]] = []
    for pairs in draining {
      older.append(try pairs.lock(ids, in: tx).map(JoinState.init(stored:)))
    }
    let stored = try current.lock(ids, in: tx)
    var outcomes = draining.map(PairsOutcome.init)
    for (i, part) in parts.enumerated() {
      let rows = older.map { $0[i] }
      let waits = rows.contains { $0?.predictions.isEmpty == false }
      let goesOn = part.hasPredictions || stored[i] != nil || !waits
      if goesOn {
        let known = try JoinState(stored: stored[i]) ?? JoinState(labels: rows.flatMap { $0?.labels ?? [] })
        let before = counts.implausible
        let state = outcome.apply(part.changes, to: part.id, known, counts: &counts)
        if counts.implausible > before { note(implausible: part, state, current.join.lead, &report) }
      }
      let labels = part.labels
      // What becomes of a label is counted once, what it does to a prediction for each.
      var isCounted = goesOn
      for (j, row) in rows.enumerated() {
        guard let row else { continue }
        if row.predictions.isEmpty {
          // A parked label has gone over; nothing can come for it here.
          if goesOn { outcomes[j].remove(part.id) }
        } else if !labels.isEmpty {
          var mine = JoinCounts()
          let state = outcomes[j].apply(labels, to: part.id, row, counts: &mine)
          if !isCounted, mine.implausible > 0 { note(implausible: part, state, draining[j].join.lead, &report) }
          counts += isCounted ? mine.ofPredictions : mine
          isCounted = true
        }
      }
    }
    for outcome in outcomes { try outcome.commit(in: tx, report: &report) }
  }
}

extension JoinFlush {
  /// Puts labels that are too early for every prediction of their id into the quarantine: each at its own message, or, of labels
  /// that waited, one at the prediction that made it known.
  private func note(implausible part: Part, _ state: JoinState, _ lead: TimeSpan, _ report: inout FlushReport) {
    guard let first = state.predictions.map(\.time).min() else { return }
    func isImplausible(_ label: JoinedLabel) -> Bool { label.time < first - lead }
    func record(_ i: Int, _ label: JoinedLabel) -> QuarantineRecord {
      let source = part.sources[i]
      return QuarantineRecord(
        monitor: monitor, topic: source.key.topic, partition: source.key.partition, offset: source.offset,
        code: "implausible",
        reason:
          "a label of \(label.time) is \(first - label.time) before its prediction of \(first), and \(lead) is the most; "
          + "fix time_format or the producers' clocks, or set labels.label_before",
        sample: Array(part.id.prefix(256)))
    }
    let labels = part.changes.indices.compactMap { i -> QuarantineRecord? in
      guard case .label(let label) = part.changes[i], isImplausible(label) else { return nil }
      return record(i, label)
    }
    if !labels.isEmpty {
      report.implausible += labels
    } else if let waited = state.labels.first(where: isImplausible),
      let i = part.changes.firstIndex(where: { if case .prediction = $0 { true } else { false } })
    {
      report.implausible.append(record(i, waited))
    }
  }
}

/// Where the pairs of one generation are joined.
private struct PairsFlush {
  let flush: MonitorFlush
  let join: Join
  let hasEarly: Bool

  init(_ flush: MonitorFlush) {
    self.flush = flush
    let labels = flush.plan.monitor.labels
    hasEarly = labels?.early != nil
    join = Join(
      pane: flush.plan.monitor.pane, horizon: labels?.horizon ?? .zero,
      lead: flush.plan.monitor.labelLead, early: labels?.early,
      earlyStartsAt: flush.plan.standing.earlyStartsAt, absent: labels?.absent,
      comparison: flush.plan.monitor.comparison)
  }

  /// Stored states, parallel to `ids`, which ascend.
  func lock(_ ids: [[UInt8]], in tx: any LedgerWriter) throws -> [[UInt8]?] {
    try tx.lockWaiting(monitor: flush.plan.monitor.name, generation: flush.plan.pairs, ids: ids)
  }
}

/// What a flush makes of the pairs of one generation.
private struct PairsOutcome {
  private let pairs: PairsFlush
  private var rows: [WaitingRow] = []
  private var changes: [PerformanceChange] = []
  private var errors: ErrorLog?

  init(_ pairs: PairsFlush) {
    self.pairs = pairs
    errors = ErrorLog(pairs.flush.plan)
  }

  /// - Returns: the id's state after the batch.
  @discardableResult
  mutating func apply(_ batch: [JoinChange], to id: [UInt8], _ known: JoinState?, counts: inout JoinCounts) -> JoinState
  {
    var state = known ?? JoinState()
    let before = errors == nil ? nil : state
    pairs.join.apply(batch, to: &state, counts: &counts, into: &changes)
    if let before { errors?.note(id, before: before, after: state) }
    rows.append(WaitingRow(id: id, state: state.encoded(), reclaimAfter: pairs.join.reclaimAfter(state)))
    return state
  }

  mutating func remove(_ id: [UInt8]) { rows.append(WaitingRow(id: id, state: nil, reclaimAfter: .distantPast)) }

  func commit(in tx: any LedgerWriter, report: inout FlushReport) throws {
    let plan = pairs.flush.plan
    let monitor = plan.monitor.name
    if !rows.isEmpty { try tx.put(waiting: rows, monitor: monitor, generation: plan.pairs) }
    if let errors, !errors.rows.isEmpty {
      try tx.put(errors: errors.rows, monitor: monitor, generation: plan.pairs)
    }
    let delays = changes.compactMap { change -> Double? in
      guard !change.subtract, change.stage == .final, change.slice == Slice.all else { return nil }
      return change.row.delay.map(\.seconds)
    }
    if !delays.isEmpty { report.labelDelays[monitor, default: []].append(contentsOf: delays) }
    try commit(.final, in: tx, report: &report)
    if pairs.hasEarly { try commit(.early, in: tx, report: &report) }
  }

  private func commit(_ stage: Stage, in tx: any LedgerWriter, report: inout FlushReport) throws {
    let plan = pairs.flush.plan
    guard let layout = plan.performance else { return }
    let kind = stage.panes
    var byBlock: [PaneKey: [Int]] = [:]
    for (i, change) in changes.enumerated() where change.stage == stage {
      byBlock[PaneKey(pane: change.pane, slice: change.slice), default: []].append(i)
    }
    guard !byBlock.isEmpty else { return }
    let keys = byBlock.keys.sorted(by: MonitorFlush.order)
    let writer = pairs.flush.writer
    let stored = try tx.ownPanes(
      kind, monitor: plan.monitor.name, generation: plan.pairs, writer: writer, keys: keys)
    var rows: [(key: PaneKey, block: [UInt8])] = []
    rows.reserveCapacity(keys.count)
    // One scratch block serves all: a flush of labels may touch hundreds of old panes.
    var scratch = CellBlock(layout.shape)
    for (key, bytes) in zip(keys, stored) {
      scratch.clear()
      if let bytes { try scratch.merge(encoded: bytes) }
      for i in byBlock[key] ?? [] { layout.apply(changes[i].row, to: &scratch, subtract: changes[i].subtract) }
      rows.append((key, scratch.encoded()))
    }
    try tx.put(kind, monitor: plan.monitor.name, generation: plan.pairs, writer: writer, blocks: rows)
    try pairs.flush.enforceCap(kind, keys: keys, shape: layout.shape, in: tx)
    try pairs.flush.mark(kind, keys, in: tx)
    report.panes += rows.count
  }
}
