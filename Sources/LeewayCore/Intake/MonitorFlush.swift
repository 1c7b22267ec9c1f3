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

  func commit(
    _ shares: [Share], quarantineRows: Int, in tx: any LedgerWriter, report: inout FlushReport
  ) throws {
    let partitions = shares.map(\.partition)
    for partition in partitions { report.count(partition) }
    try commitDrift(shares, in: tx, report: &report)
    if plan.performance != nil {
      let joins = try JoinFlush(self, in: tx).commit(partitions, in: tx, report: &report)
      report.joins[monitor, default: JoinCounts()] += joins
    }
    // As many as are kept.
    let implausible = Array(report.implausible.prefix(quarantineRows))
    report.implausible = []
    report.quarantined += implausible
    let quarantined = partitions.flatMap(\.quarantine) + implausible
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
      let stored = try tx.ownPanes(
        .drift, monitor: monitor, generation: plan.key(of: .drift), writer: writer, keys: some)
      let rows = try zip(some, stored).map { key, bytes in
        scratch.clear()
        if let bytes { try scratch.merge(encoded: bytes) }
        for delta in deltas[key] ?? [] { delta.add(to: &scratch) }
        return (key: key, block: scratch.encoded())
      }
      try tx.put(.drift, monitor: monitor, generation: plan.key(of: .drift), writer: writer, blocks: rows)
    }
    try enforceCap(.drift, keys: keys, shape: plan.drift.shape, in: tx)
    try mark(.drift, keys, in: tx)
    report.panes += keys.count
  }

  /// Rows of drift panes that are in memory at a time, as they are stored.
  private static let rowsAtOnce = 64

  // MARK: Both

  static func order(_ a: PaneKey, _ b: PaneKey) -> Bool {
    a.pane != b.pane ? a.pane < b.pane : utf8Order(a.slice, b.slice)
  }

  func mark(_ kind: PaneKind, _ keys: [PaneKey], in tx: any LedgerWriter) throws {
    var panes: [(kind: PaneKind, pane: EventTime)] = []
    for key in keys where panes.last?.pane != key.pane { panes.append((kind, key.pane)) }
    try tx.mark(dirty: panes, monitor: monitor, generation: plan.key(of: kind))
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
      let slices = try tx.ownSlices(kind, monitor: monitor, generation: plan.key(of: kind), writer: writer, pane: start)
      guard slices.count > cap.limit else { continue }
      // A backlog may bring thousands of slices to a pane: each costs a row read and a row removed, and no round trip of its own.
      for (into, evicted) in Dictionary(grouping: cap.evicted(from: slices), by: { NameKey($0.into) }) {
        let target = PaneKey(pane: start, slice: into.name)
        let sources = evicted.map { PaneKey(pane: start, slice: $0.slice) }
        var sum = CellBlock(shape)
        for first in stride(from: 0, to: sources.count, by: Self.rowsAtOnce) {
          let some = (first == 0 ? [target] : []) + sources[first..<min(first + Self.rowsAtOnce, sources.count)]
          let blocks = try tx.ownPanes(
            kind, monitor: monitor, generation: plan.key(of: kind), writer: writer, keys: some)
          for bytes in blocks { if let bytes { try sum.merge(encoded: bytes) } }
        }
        try tx.put(
          kind, monitor: monitor, generation: plan.key(of: kind), writer: writer, blocks: [(target, sum.encoded())])
        try tx.delete(kind, monitor: monitor, generation: plan.key(of: kind), writer: writer, keys: sources)
      }
    }
  }
}
