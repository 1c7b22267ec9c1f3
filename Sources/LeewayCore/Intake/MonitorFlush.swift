/// One monitor's part of a flush: adds drift deltas and the join's changes to this writer's stored panes.
struct MonitorFlush {
  /// What one partition brings.
  struct Share {
    var partition: PartitionIntake
    /// By the numbers that its blocks have.
    var sliceNames: [String]
  }

  let plan: MonitorPlan
  let writer: String

  private var monitor: String { plan.monitor.name }
  private var generation: String { plan.generation }

  func commit(
    _ shares: [Share], quarantineRows: Int, in tx: any LedgerWriter, report: inout FlushReport
  ) throws {
    let partitions = shares.map(\.partition)
    for partition in partitions { report.count(partition) }
    try commitDrift(shares, in: tx, report: &report)
    if plan.performance != nil { try commitJoins(partitions, in: tx, report: &report) }
    let quarantined = partitions.flatMap(\.quarantine)
    if !quarantined.isEmpty { try tx.quarantine(quarantined, keep: quarantineRows) }
  }

  // MARK: Drift

  private func commitDrift(_ shares: [Share], in tx: any LedgerWriter, report: inout FlushReport) throws {
    var deltas: [PaneKey: [DeltaBlock]] = [:]
    for share in shares {
      share.partition.drift.forEach { pane, slice, block in
        deltas[PaneKey(pane: pane, slice: share.sliceNames[Int(slice)]), default: []].append(block)
      }
    }
    guard !deltas.isEmpty else { return }
    let keys = deltas.keys.sorted(by: Self.order)
    // A stored block is twice as wide as what is added to it: one is made at a time, of few rows.
    var scratch = CellBlock(plan.drift.shape)
    for first in stride(from: 0, to: keys.count, by: Self.rowsAtOnce) {
      let some = Array(keys[first..<min(first + Self.rowsAtOnce, keys.count)])
      let stored = try tx.ownPanes(.drift, monitor: monitor, generation: generation, writer: writer, keys: some)
      let rows = try zip(some, stored).map { key, bytes in
        scratch.clear()
        if let bytes { try scratch.merge(encoded: bytes) }
        for delta in deltas[key] ?? [] { delta.add(to: &scratch) }
        return (key: key, block: scratch.encoded())
      }
      try tx.put(.drift, monitor: monitor, generation: generation, writer: writer, blocks: rows)
    }
    try enforceCap(.drift, keys: keys, shape: plan.drift.shape, in: tx)
    try mark(.drift, keys, in: tx)
    report.panes += keys.count
  }

  /// Rows of drift panes that are in memory at a time, as they are stored.
  private static let rowsAtOnce = 64

  // MARK: Joins

  private func commitJoins(_ partitions: [PartitionIntake], in tx: any LedgerWriter, report: inout FlushReport) throws {
    guard let layout = plan.performance, let labels = plan.monitor.labels else { return }
    var log: [(id: [UInt8], partition: Int, entry: Int)] = []
    for (p, partition) in partitions.enumerated() {
      partition.joins.forEachID { i, id in log.append((Array(id), p, i)) }
    }
    guard !log.isEmpty else { return }
    // Id order is the lock order; within one id the merge is commutative.
    log.sort { $0.id.lexicographicallyPrecedes($1.id) }
    var ids: [[UInt8]] = []
    var starts: [Int] = []
    for (i, entry) in log.enumerated() where i == 0 || entry.id != log[i - 1].id {
      ids.append(entry.id)
      starts.append(i)
    }
    let stored = try tx.lockWaiting(monitor: monitor, generation: generation, ids: ids)
    let join = Join(
      pane: plan.monitor.pane, horizon: labels.horizon, lead: plan.monitor.labelLead, early: labels.early,
      absent: labels.absent,
      comparison: plan.monitor.comparison)
    var changes: [PerformanceChange] = []
    var rows: [WaitingRow] = []
    rows.reserveCapacity(ids.count)
    var counts = JoinCounts()
    var errors = ErrorLog(plan)
    for (i, id) in ids.enumerated() {
      var state = try stored[i].map { bytes throws(JoinStateDamaged) in try JoinState(encoded: bytes) } ?? JoinState()
      let end = i + 1 < starts.count ? starts[i + 1] : log.count
      var batch: [JoinChange] = []
      for entry in log[starts[i]..<end] { batch.append(try partitions[entry.partition].joins.change(entry.entry)) }
      let before = errors == nil ? nil : state
      join.apply(batch, to: &state, counts: &counts, into: &changes)
      if let before { errors?.note(id, before: before, after: state) }
      rows.append(WaitingRow(id: id, state: state.encoded(), reclaimAfter: join.reclaimAfter(state)))
    }
    try tx.put(waiting: rows, monitor: monitor, generation: generation)
    if let errors, !errors.rows.isEmpty {
      try tx.put(errors: errors.rows, monitor: monitor, generation: generation)
    }
    let delays = changes.compactMap { change -> Double? in
      guard !change.subtract, change.stage == .final, change.slice == Slice.all else { return nil }
      return change.row.delay.map(\.seconds)
    }
    if !delays.isEmpty { report.labelDelays[monitor, default: []].append(contentsOf: delays) }
    report.joins[monitor, default: JoinCounts()] += counts
    try commit(changes, .final, layout, in: tx, report: &report)
    if labels.early != nil { try commit(changes, .early, layout, in: tx, report: &report) }
  }

  private func commit(
    _ changes: [PerformanceChange], _ stage: Stage, _ layout: PerformanceLayout, in tx: any LedgerWriter,
    report: inout FlushReport
  ) throws {
    let kind = stage.panes
    var byBlock: [PaneKey: [Int]] = [:]
    for (i, change) in changes.enumerated() where change.stage == stage {
      byBlock[PaneKey(pane: change.pane, slice: change.slice), default: []].append(i)
    }
    guard !byBlock.isEmpty else { return }
    let keys = byBlock.keys.sorted(by: Self.order)
    let stored = try tx.ownPanes(kind, monitor: monitor, generation: generation, writer: writer, keys: keys)
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
    try tx.put(kind, monitor: monitor, generation: generation, writer: writer, blocks: rows)
    try enforceCap(kind, keys: keys, shape: layout.shape, in: tx)
    try mark(kind, keys, in: tx)
    report.panes += rows.count
  }

  // MARK: Both

  private static func order(_ a: PaneKey, _ b: PaneKey) -> Bool {
    a.pane != b.pane ? a.pane < b.pane : utf8Order(a.slice, b.slice)
  }

  private func mark(_ kind: PaneKind, _ keys: [PaneKey], in tx: any LedgerWriter) throws {
    var panes: [(kind: PaneKind, pane: EventTime)] = []
    for key in keys where panes.last?.pane != key.pane { panes.append((kind, key.pane)) }
    try tx.mark(dirty: panes, monitor: monitor, generation: generation)
  }

  /// Folds slices beyond the cap into their `__other__`, within this writer's own rows of each touched pane.
  func enforceCap(_ kind: PaneKind, keys: [PaneKey], shape: CellBlock.Shape, in tx: any LedgerWriter) throws {
    let cap = SliceCap(plan: plan)
    guard !cap.segments.isEmpty else { return }
    var pane = keys.startIndex
    while pane < keys.endIndex {
      let start = keys[pane].pane
      var end = pane
      while end < keys.endIndex, keys[end].pane == start { end += 1 }
      defer { pane = end }
      // A pane's slices can exceed the cap only by one that this flush brought.
      guard end - pane > 1 else { continue }
      let slices = try tx.ownSlices(kind, monitor: monitor, generation: generation, writer: writer, pane: start)
      guard slices.count > cap.limit else { continue }
      for (slice, into) in cap.evicted(from: slices) {
        let pair = [PaneKey(pane: start, slice: slice), PaneKey(pane: start, slice: into)]
        let blocks = try tx.ownPanes(kind, monitor: monitor, generation: generation, writer: writer, keys: pair)
        var sum = CellBlock(shape)
        for bytes in blocks { if let bytes { try sum.merge(encoded: bytes) } }
        try tx.put(kind, monitor: monitor, generation: generation, writer: writer, blocks: [(pair[1], sum.encoded())])
        try tx.delete(kind, monitor: monitor, generation: generation, writer: writer, keys: [pair[0]])
      }
    }
  }
}
